"""The report in its four forms: complete, escaped, valid."""

from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from eval_scripted import ScriptedAssistant, abstain, build_cases, build_stored, evaluation_of

from app.answer import Answer, Statement
from eval.baseline import comparable
from eval.cases import Case
from eval.charts import bars, curve, histogram, interval_bar
from eval.evaluate import evaluate
from eval.junit import to_junit
from eval.markdown import to_markdown
from eval.page import to_html
from eval.report import write_report
from eval.worst import failure_of, highlight

EVIL = "<script>alert(1)</script><img src=https://evil.example/x.png>]]>\x00|"


def spoil(case: Case, answer: Answer) -> Answer:
    if case.kind == "sepa":
        return abstain(case.question, answer.hits)
    if case.id == "ach-2":
        return replace(answer, statements=(Statement(EVIL, answer.statements[0].citations),), notes=(EVIL,))
    return answer


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("report")
    stored = build_stored(folder / "index")
    whole = evaluation_of(folder / "first", ScriptedAssistant(stored), build_cases())
    before = evaluate(whole)
    report = evaluate(
        replace(
            whole, assistant=ScriptedAssistant(stored, spoil), folder=folder / "second", baseline=comparable(before)
        )
    )
    return {**report, "folder": folder / "second"}


class Page(HTMLParser):
    """Counts tags; every one must be closed."""

    VOID = frozenset({"meta", "br", "link", "img", "rect", "circle", "line", "polyline"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_page_is_whole_self_contained_and_safe(report: dict[str, Any]) -> None:
    text = (report["folder"] / "report.html").read_text()
    page = Page(text)
    assert page.open == []
    assert not {"script", "img", "link", "iframe", "object"} & page.tags
    assert "alert(1)" in page.text  # shown as text
    assert "http" not in text.replace("https://evil.example", "").replace("http-equiv", "")
    for wanted in (
        "Below threshold",
        "sepa: answer_rate is",
        "Against the baseline",
        "changed cases",
        "Cases to look at",
        "24 of 30 questions that the procedures answer got an answer.",
        "Refused although the procedures answer",
        "against the baseline",
    ):
        assert wanted in page.text
    assert {"svg", "ins", "del"} <= page.tags


def test_markdown_names_the_verdict_the_figures_and_the_changes(report: dict[str, Any]) -> None:
    text = to_markdown(report)
    assert text.startswith("# Evaluation: below threshold")
    assert "| hit_at_1 | 1.000 | 1.000 to 1.000 | 30 |" in text
    assert all(f"- sepa-{n}: " in text for n in range(6))
    assert "<script" not in text


def test_junit_is_xml_with_one_test_a_threshold(report: dict[str, Any]) -> None:
    suite = ElementTree.fromstring(to_junit(report).encode())  # noqa: S314  # our own output
    failures = [case for case in suite if case.find("failure") is not None]
    assert int(suite.get("tests", "0")) == len(suite)
    assert int(suite.get("failures", "0")) == len(failures) > 0
    assert ("eval.sepa", "answer_rate >= 0.6") in {(case.get("classname"), case.get("name")) for case in failures}
    assert suite.get("errors") == "0"


def test_what_could_not_run_is_an_error_in_junit(report: dict[str, Any]) -> None:
    verdict = {"code": 2, "word": "could not run", "reasons": [f"case: {EVIL}"]}
    suite = ElementTree.fromstring(to_junit({**report, "verdict": verdict}).encode())  # noqa: S314  # our own output
    assert suite.get("errors") == "1"
    assert "alert(1)" in next(error.get("message", "") for error in suite.iter("error"))


def test_nan_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_report({"figure": float("nan")}, tmp_path / "report.json")


def test_the_trend_shows_earlier_runs(report: dict[str, Any]) -> None:
    runs = [{"when": f"2026-11-0{n}T10:00:00", "figures": {"hit_at_5": n / 10}} for n in (1, 2)]
    assert "Trend over the last runs" in to_html(report, runs)
    assert "Trend over the last runs" not in to_html(report, runs[:1])


def test_differences_are_marked_on_both_sides() -> None:
    told, wanted = highlight("enter it by 9:15 & wait", "enter it by 8:15 today")
    assert told == "enter it by <ins>9:15 &amp; wait</ins>"
    assert wanted == "enter it by <del>8:15 today</del>"


def test_charts_are_valid_svg_whatever_the_labels() -> None:
    charts = (
        bars([("<b>", 1.5, "&")], "<t>"),
        curve([("first", 0.2)], '"'),
        curve([("<a>", 1.0), ("b", 1.0)], "t", zoom=True),
        histogram([0.0, 0.0], "t", "<s>"),
        interval_bar(1.0, 0.9, 1.0, 0.95, "<t>"),
    )
    for chart in charts:
        assert ElementTree.fromstring(chart).tag == "svg"  # noqa: S314  # our own output
    assert histogram([], "t", "s") == ""


def test_each_failure_is_told_by_what_went_wrong(report: dict[str, Any]) -> None:
    right = next(case for case in report["cases"] if case["id"] == "ach-1")
    silent = next(case for case in report["cases"] if case["id"] == "sepa-1")
    other = next(case for case in report["cases"] if case["id"] == "none-1")
    assert failure_of(right) == failure_of(other) == ""
    assert failure_of(silent) == "refused what is there"
    assert failure_of({**right, "error": "gone"}) == "could not be answered"
    assert failure_of({**right, "scores": {**right["scores"], "hit_at_10": 0.0}}) == "wrong passage"
    assert failure_of({**right, "scores": {**right["scores"], "fact_coverage": 0.5}}) == "wrong words"
    bold = {**other["scores"], "abstention_correct": 0.0}
    assert failure_of({**other, "abstained": False, "scores": bold}) == "answered what is not there"
