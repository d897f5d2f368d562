"""The gate as JUnit XML: one test a threshold, one an unscored case, so that any CI shows what broke."""

import re
from collections.abc import Mapping
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

_CONTROL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # not allowed in XML 1.0


def to_junit(report: Mapping[str, Any]) -> str:
    """A testsuite with a testcase for each threshold and each sentence of the verdict that is no threshold."""
    checks = report["checks"]
    failing = [check for check in checks if not check["passed"]]
    code = report["verdict"]["code"]
    others = report["verdict"]["reasons"] if code == 2 else report["verdict"]["reasons"][len(failing) :]
    suite = Element(
        "testsuite",
        name="evaluation",
        tests=str(len(checks) + len(others)),
        failures=str(len(failing) + (len(others) if code != 2 else 0)),
        errors=str(len(others) if code == 2 else 0),
    )
    for check in checks:
        case = SubElement(
            suite, "testcase", classname=f"eval.{check['group']}", name=f"{check['metric']} {check['bound']}"
        )
        if not check["passed"]:
            value = "not measured" if check["value"] is None else f"{check['value']:.3f}"
            SubElement(case, "failure", message=f"{check['metric']} is {value}, must be {check['bound']}")
    for reason in others:
        case = SubElement(suite, "testcase", classname="eval.run", name=_CONTROL.sub("", reason)[:200])
        SubElement(case, "error" if code == 2 else "failure", message=_CONTROL.sub("", reason))
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(suite, encoding="unicode") + "\n"
