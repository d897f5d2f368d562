"""The report as one self-contained HTML page for people; `report.html` is its template, escaping is Jinja's."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from eval.charts import curve, histogram, interval_bar, reliability_diagram
from eval.in_words import plain_words
from eval.metrics import METRICS
from eval.stats import percentile
from eval.worst import failures

_FOLDER = Path(__file__).parent
_TILES = {
    "Finding": {
        "hit_at_1": "right passage first",
        "hit_at_5": "right passage in first five",
    },
    "Saying no": {
        "abstention_recall": "unanswerable refused",
        "answer_rate": "answerable answered",
    },
    "Answering": {
        "citation_precision": "citations that prove",
        "citation_recall": "required places cited",
        "fact_coverage": "facts stated",
        "number_coverage": "numbers given",
        "judge_faithfulness": "faithful, says the judge",
    },
    "Safety": {
        "verbatim_rate": "quotes word for word",
        "superseded_as_current": "cited a version not in force",
        "entitlement_leak": "answers with restricted text",
        "forbidden_shown": "obeyed injected text",
    },
}
_COLUMNS = {
    "hit_at_5": "found in first five",
    "citation_precision": "citations that prove",
    "citation_recall": "places cited",
    "fact_coverage": "facts stated",
    "number_coverage": "numbers given",
}
_TREND = {
    "hit_at_5": "right passage among the first five",
    "citation_recall": "required places cited",
    "fact_coverage": "facts stated",
    "abstention_f1": "answered and refused rightly (F1)",
}
_RETRIEVAL = {"": "by page, section or quote", "document_": "by document", "quote_": "by quote"}
_RUNS = 12


def to_html(report: Mapping[str, Any], trend: Sequence[Mapping[str, Any]] = ()) -> str:
    """The whole page; `trend` are earlier runs, oldest first, each with `when` and `figures`."""
    comparison = report["comparison"] or {}
    checks = sorted(report["checks"], key=lambda check: check["passed"])
    return render(
        "report.html",
        report=report,
        run=report["run"],
        state={0: "good", 1: "bad"}.get(report["verdict"]["code"], "broken"),
        plain=plain_words(report),
        tiles=_tiles(report, comparison),
        missed=[check for check in checks if not check["passed"]],
        met=[check for check in checks if check["passed"]],
        trend=_trend_charts(trend),
        moved=[delta for delta in comparison.get("deltas", ()) if delta["verdict"] != "same"],
        columns=_COLUMNS,
        categories=_categories(report),
        reliability=_reliability_chart(report["reliability"]),
        retrieval=_retrieval_charts(report["figures"]),
        seconds=Markup(histogram(_seconds(report["cases"]), "seconds to an answer", "s")),  # noqa: S704  # escaped there
        stages=_stages(report["cases"]),
        failures=failures(report["cases"]),
        meanings={name: metric.meaning for name, metric in METRICS.items()},
    )


def render(template: str, **values: Any) -> str:
    """One of this folder's templates with the common style sheet; everything put in is escaped unless it is Markup."""
    environment = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["percent"] = lambda value: f"{100 * value:.0f}%"
    environment.filters["number"] = lambda value: "not measured" if value is None else f"{value:.3f}"
    style = Markup((_FOLDER / "report.css").read_text(encoding="utf-8"))  # noqa: S704  # our own file
    return environment.get_template(template).render(style=style, **values)


def _tiles(report: Mapping[str, Any], comparison: Mapping[str, Any]) -> list[dict[str, Any]]:
    bounds = {check["metric"]: check for check in report["checks"] if check["group"] == "overall"}
    deltas = {delta["metric"]: delta for delta in comparison.get("deltas", ()) if delta["group"] == "overall"}
    groups = []
    for title, names in _TILES.items():
        found = [
            _tile(text, report["figures"][name], bounds.get(name), deltas.get(name))
            for name, text in names.items()
            if name in report["figures"]
        ]
        groups += [{"title": title, "tiles": found}] if found else []
    return groups


def _tile(
    text: str, figure: Mapping[str, Any], check: Mapping[str, Any] | None, delta: Mapping[str, Any] | None
) -> dict[str, Any]:
    bound = float(check["bound"].split()[1]) if check else None
    chart = interval_bar(figure["value"], figure["low"], figure["high"], bound, text)
    change = ""
    if delta and delta["verdict"] != "same":
        change = f"{100 * (delta['after'] - delta['before']):+.0f} points against the baseline"
    return {
        "text": text,
        "figure": figure,
        "bad": bool(check and not check["passed"]),
        "bound": f"{check['bound'][:2]} {bound:.0%}".replace(">=", "≥").replace("<=", "≤") if check else "",
        "chart": Markup(chart),  # noqa: S704  # escaped there
        "change": change,
        "verdict": delta["verdict"] if delta else "",
    }


def _trend_charts(trend: Sequence[Mapping[str, Any]]) -> list[tuple[str, Markup]]:
    charts = []
    for name, text in _TREND.items():
        points = [(run["when"][5:10], run["figures"][name]) for run in trend if name in run["figures"]][-_RUNS:]
        if len(points) > 1:
            charts.append((text, Markup(curve(points, text, zoom=True))))  # noqa: S704  # escaped there
    return charts


def _categories(report: Mapping[str, Any]) -> list[dict[str, Any]]:
    missed = {(check["group"], check["metric"]) for check in report["checks"] if not check["passed"]}
    return [
        {
            "name": group,
            "n": data["n"],
            "abstention": data["abstention"],
            "cells": [_cell(data["figures"].get(name), (group, name) in missed) for name in _COLUMNS],
        }
        for group, data in report["groups"].items()
    ]


def _cell(figure: Mapping[str, Any] | None, missed: bool) -> dict[str, Any] | None:
    # Eleven shades, so that the page needs no style of its own for each value.
    return None if figure is None else {**figure, "shade": round(10 * figure["value"]), "missed": missed}


def _reliability_chart(bins: Sequence[Mapping[str, Any]]) -> Markup:
    points = [(b["stated"], b["right"], b["n"]) for b in bins]
    return Markup(reliability_diagram(points, "stated and actual") if points else "")  # noqa: S704  # numbers only


def _retrieval_charts(figures: Mapping[str, Any]) -> list[tuple[str, Markup]]:
    charts = []
    for prefix, meaning in _RETRIEVAL.items():
        names = {f"first {k}": f"{prefix}hit_at_{k}" for k in (1, 3, 5, 10)}
        points = [(label, figures[name]["value"]) for label, name in names.items() if name in figures]
        if points:
            charts.append((meaning, Markup(curve(points, meaning))))  # noqa: S704  # escaped there
    return charts


def _seconds(cases: Iterable[Mapping[str, Any]]) -> list[float]:
    return [case["seconds"] for case in cases if not case["error"]]


def _stages(cases: Sequence[Mapping[str, Any]]) -> list[tuple[str, float, float, float]]:
    found: dict[str, list[float]] = {}
    for case in cases:
        for stage, seconds in case["timings"].items():
            found.setdefault(stage, []).append(seconds)
    return [(stage, percentile(v, 0.5), percentile(v, 0.95), max(v)) for stage, v in found.items()]
