"""Model-risk documentation from facts: model card, inventory, change log. A missing fact is an error, never a blank."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from eval.markdown import HEADLINE
from eval.metrics import METRICS
from ingest.errors import SettingsError

CARD = Path(__file__).resolve().parent / "card.yaml"
_TEXTS = frozenset("name owner contact reviewed_by reviewed_on intended_use users human_oversight data".split())
_LISTS = frozenset({"out_of_scope", "limits"})
_RUN = ("index", "cases", "as_of", "configuration", "prompt", "models", "versions", "provenance")
_MADE = ("published_at", "content_hash", "embedder", "chunking", "chat_model", "settings", "register")
_COLUMNS = ("hit_at_5", "citation_precision", "citation_recall", "fact_coverage", "number_coverage")
_ALWAYS = frozenset(METRICS[name].family for name in ("verbatim_rate", "seconds_p95", "abstention_f1"))
_FAILED = ("hit_at_10", "citation_recall", "fact_coverage", "number_coverage", "abstention_correct")


def load_people(path: Path) -> dict[str, Any]:
    """The facts that only people know; SettingsError (exit 3) names every one that is missing or empty."""
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
        if not isinstance(data, dict):
            raise ValueError("it must be a mapping")
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise SettingsError(f"facts in {path}: {' '.join(str(error).split())}", hint="see eval/card.yaml") from None
    missing = sorted(name for name in _TEXTS if not str(data.get(name) or "").strip())
    missing += sorted(
        name for name in _LISTS if not (isinstance(data.get(name), list) and all(data[name]) and data[name])
    )
    if missing:
        raise SettingsError(
            f"facts in {path}: {', '.join(missing)} missing", hint="fill them in; nothing is left blank"
        )
    return data


def check_report(report: Mapping[str, Any]) -> None:
    """SettingsError (exit 3) names every fact that a report lacks."""
    run = report.get("run") or {}
    made = run.get("provenance") or {}
    missing = [name for name in _RUN if not run.get(name)] + [f"provenance.{n}" for n in _MADE if not made.get(n)]
    missing += [name for name in ("figures", "groups", "cases", "verdict") if not report.get(name)]
    missing += [f"embedder.{name}" for name in ("id", "sha256") if not (made.get("embedder") or {}).get(name)]
    missing += [f"chat_model.{name}" for name in ("id", "sha256") if not (made.get("chat_model") or {}).get(name)]
    register = made.get("register") or {}
    missing += [f"sha256 of {file}" for file, entry in register.items() if not entry.get("sha256")]
    if missing:
        raise SettingsError(f"the report lacks {', '.join(missing)}", hint="run python -m eval again")


def model_card(report: Mapping[str, Any], people: Mapping[str, Any], kappa: str) -> str:
    """The card as Markdown; `kappa` is what is known of the judge's agreement, "" where nothing is."""
    check_report(report)
    judge = report["run"].get("judge") or ""
    if judge and not kappa:
        raise SettingsError(f"judge {judge} has no measured agreement", hint="run: python -m eval calibrate")
    figures = [(name, f) for name, f in report["figures"].items() if _is_headline(name)]
    return _render(
        "card.md.j2",
        report,
        people,
        figures=figures,
        columns=_COLUMNS,
        judge=f"{judge}: {kappa}" if judge else "No judge scored this run; every figure is deterministic.",
        failures=known_failures(report["cases"]),
        statuses=sorted(Counter(entry["status"] for entry in report["run"]["provenance"]["register"].values()).items()),
        meanings={name: metric.meaning for name, metric in METRICS.items()},
    )


def inventory(report: Mapping[str, Any], people: Mapping[str, Any]) -> str:
    """Every model, setting and document behind a report, as Markdown."""
    check_report(report)
    return _render("inventory.md.j2", report, people)


def _is_headline(name: str) -> bool:
    return name in HEADLINE or METRICS[name].family in _ALWAYS or name.startswith("judge_")


def _parts(run: Mapping[str, Any]) -> list[dict[str, str]]:
    made = run["provenance"]
    embedder, chat = made["embedder"], made["chat_model"]
    program = {"part": "program and settings", "which": f"prompt {run['prompt']}", "sha256": run["configuration"]}
    found = [
        {
            "part": "embedding model",
            "which": f"{embedder['id']}, {embedder['dim']} dimensions",
            "sha256": embedder["sha256"],
        },
        {"part": "chat model", "which": chat["id"], "sha256": chat["sha256"]},
        {"part": "parsing and chunking", "which": made["chunking"], "sha256": made["content_hash"]},
        program,
    ]
    return found + [
        {"part": "library", "which": f"{name} {v}", "sha256": "pinned"} for name, v in run["versions"].items()
    ]


def known_failures(cases: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Cases that miss something, the worst first, each with what is wrong in words."""
    words = {
        "hit_at_10": "the right passage is not found",
        "citation_recall": "a required place is not cited",
        "fact_coverage": "a fact is not stated",
        "number_coverage": "a number is not given",
        "abstention_correct": "",
    }
    found = []
    for case in cases:
        low = {name: value for name in _FAILED if (value := case["scores"].get(name)) is not None and value < 1}
        if "abstention_correct" in low:
            wrong = "abstained though the procedures answer" if case["abstained"] else "answered though they don't"
        else:
            wrong = ", ".join(words[name] for name in low)
        if wrong:
            found.append({**case, "wrong": wrong, "worth": sum(low.values()) / len(low)})
    return sorted(found, key=lambda case: (case["worth"], case["id"]))


def _render(template: str, report: Mapping[str, Any], people: Mapping[str, Any], **values: Any) -> str:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=False,  # noqa: S701  # Markdown: `cell` escapes what could be markup
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["cell"] = lambda text: " ".join(str(text).replace("|", "\\|").replace("<", "&lt;").split())
    run = report["run"]
    given = {"report": report, "run": run, "made": run["provenance"], "people": people, "parts": _parts(run)}
    return environment.get_template(template).render(**given, **values) + "\n"
