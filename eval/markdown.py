"""The report as Markdown, short enough for the summary of a pull request."""

from collections.abc import Mapping, Sequence
from typing import Any

from eval.metrics import METRICS

HEADLINE = (
    "hit_at_1",
    "hit_at_5",
    "hit_at_10",
    "mrr",
    "ndcg_at_10",
    "document_hit_at_5",
    "page_hit_at_5",
    "quote_hit_at_5",
    "hit_in_4000_chars",
    "citation_precision",
    "citation_recall",
    "fact_coverage",
    "number_coverage",
    "abstention_f1",
    "verbatim_rate",
)
_MOST = 25  # lines of a list before it is cut


def to_markdown(report: Mapping[str, Any]) -> str:
    """The whole page."""
    parts = [
        f"# Evaluation: {report['verdict']['word']}",
        _run_line(report["run"], len(report["cases"])),
        _bullets("Why", report["verdict"]["reasons"]),
        "## Figures",
        _figures(report["figures"]),
        "## By category",
        _groups(report["groups"]),
        "## Abstention by category",
        _abstention(report["groups"]),
        _reliability(report["reliability"]),
        comparison_page(report["comparison"]),
        _bullets("Notes", report["run"].get("notes", [])),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _run_line(run: Mapping[str, Any], n: int) -> str:
    shown = {
        "cases": f"{n} of {run['cases']}",
        "index": run["index"],
        "model": run["llm"],
        "judge": run["judge"] or "none",
        "versions in force on": run["as_of"],
        "configuration": run["configuration"],
    }
    return " · ".join(f"{name} {_escape(str(value))}" for name, value in shown.items())


def _figures(figures: Mapping[str, Any]) -> str:
    rows = [
        (name, _number(f["value"]), f"{_number(f['low'])} to {_number(f['high'])}", f["n"], METRICS[name].meaning)
        for name, f in figures.items()
    ]
    return table(("metric", "value", "95% interval", "n", "meaning"), rows)


def _groups(groups: Mapping[str, Any]) -> str:
    rows = [
        (group, data["n"], *(_number(data["figures"].get(name, {}).get("value")) for name in HEADLINE))
        for group, data in groups.items()
    ]
    return table(("category", "n", *HEADLINE), rows)


def _abstention(groups: Mapping[str, Any]) -> str:
    columns = ("answerable", "answered", "unanswerable", "abstained")
    return table(
        ("category", *columns),
        [(g, *(d["abstention"][column] for column in columns)) for g, d in groups.items()],
    )


def _reliability(bins: Sequence[Mapping[str, Any]]) -> str:
    rows = [(f"{b['low']:.1f} to {b['high']:.1f}", _number(b["stated"]), _number(b["right"]), b["n"]) for b in bins]
    header = ("confidence", "stated, mean", "first citation right", "n")
    return f"## Reliability of the confidence\n\n{table(header, rows)}" if rows else ""


def comparison_page(comparison: Mapping[str, Any] | None) -> str:
    """The comparison part alone; empty without one."""
    if comparison is None:
        return ""
    moved = [_delta_row(delta) for delta in comparison["deltas"] if delta["verdict"] != "same"]
    header = ("", "where", "metric", "before", "now", "95% interval of the change", "n")
    changed = [f"{change['case_id']}: {'; '.join(change['what'][:6])}" for change in comparison["changed"]]
    parts = [
        "## Against the baseline",
        table(header, moved) if moved else "No metric moved beyond its interval.",
        _bullets("Changed cases", changed, cut=False),
        _bullets("Only in this run", comparison["added"], cut=False),
        _bullets("Only in the baseline", comparison["removed"], cut=False),
        _bullets("Notes on the comparison", comparison["notes"]),
    ]
    return "\n\n".join(part for part in parts if part)


def _delta_row(delta: Mapping[str, Any]) -> Sequence[object]:
    change = f"{delta['low']:+.3f} to {delta['high']:+.3f}"
    before, after = _number(delta["before"]), _number(delta["after"])
    return (delta["verdict"], delta["group"], delta["metric"], before, after, change, delta["n"])


def _bullets(title: str, items: Sequence[str], *, cut: bool = True) -> str:
    if not items:
        return ""
    shown = items[:_MOST] if cut else items
    more = [f"- and {len(items) - len(shown)} more"] if len(shown) < len(items) else []
    return "\n".join([f"**{title}**", "", *(f"- {_escape(item)}" for item in shown), *more])


def table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A Markdown table; cells are escaped."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(_escape(str(cell)) for cell in line) + " |" for line in lines)


def _escape(text: str) -> str:
    return " ".join(text.replace("|", "\\|").replace("<", "&lt;").split())


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
