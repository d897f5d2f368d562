"""The report as one self-contained HTML page for people; `report.html` is its template, escaping is Jinja's."""

from collections.abc import Iterable, Mapping, Sequence
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from eval.charts import bars, curve, histogram
from eval.metrics import METRICS
from eval.stats import percentile

WORST = 15
_FOLDER = Path(__file__).parent
_TILES = {
    "hit_at_1": "right passage first",
    "hit_at_5": "right passage in first five",
    "citation_precision": "citations that prove",
    "citation_recall": "required places cited",
    "fact_coverage": "facts stated",
    "number_coverage": "numbers given",
    "abstention_f1": "abstained when it should (F1)",
    "verbatim_rate": "quotes word for word",
    "judge_faithfulness": "faithful, says the judge",
}
_QUALITY = ("hit_at_5", "citation_precision", "citation_recall", "fact_coverage", "number_coverage")
_BADNESS = ("fact_coverage", "citation_recall", "number_coverage", "mrr", "abstention_correct")
_TREND = ("hit_at_5", "citation_recall", "fact_coverage", "abstention_f1")
_RETRIEVAL = {"": "page, section or quote", "document_": "document", "quote_": "quote"}


def to_html(report: Mapping[str, Any], trend: Sequence[Mapping[str, Any]] = ()) -> str:
    """The whole page; `trend` are earlier runs, oldest first, each with `when` and `figures`."""
    comparison = report["comparison"] or {}
    return render(
        "report.html",
        report=report,
        run=report["run"],
        state={0: "good", 1: "bad"}.get(report["verdict"]["code"], "broken"),
        tiles=[(text, report["figures"][name]) for name, text in _TILES.items() if name in report["figures"]],
        checks=sorted(report["checks"], key=lambda check: check["passed"]),
        trend=_trend_charts(trend),
        moved=[delta for delta in comparison.get("deltas", ()) if delta["verdict"] != "same"],
        categories=_category_charts(report["groups"]),
        retrieval=_retrieval_charts(report["figures"]),
        seconds=Markup(histogram(_seconds(report["cases"]), "seconds to an answer", "s")),  # noqa: S704  # escaped there
        stages=_stages(report["cases"]),
        worst=[_worst_case(case) for case in _worst(report["cases"])],
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


def _trend_charts(trend: Sequence[Mapping[str, Any]]) -> list[tuple[str, Markup]]:
    charts = []
    for name in _TREND:
        points = [(run["when"][5:16], run["figures"][name]) for run in trend if name in run["figures"]]
        if len(points) > 1:
            charts.append((_TILES[name], Markup(curve(points[-12:], name))))  # noqa: S704  # escaped there
    return charts


def _category_charts(groups: Mapping[str, Any]) -> list[tuple[str, Markup]]:
    charts = []
    for group, data in groups.items():
        found = {name: data["figures"][name] for name in _QUALITY if name in data["figures"]}
        rows = [(_TILES[name], f["value"], f"{f['value']:.2f} (n={f['n']})") for name, f in found.items()]
        if rows:
            charts.append((f"{group} (n={data['n']})", Markup(bars(rows, group))))  # noqa: S704  # escaped there
    return charts


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


def _worst(cases: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    ranked = sorted(cases, key=lambda case: (_goodness(case), case["id"]))
    return [case for case in ranked if _goodness(case) < 1][:WORST]


def _goodness(case: Mapping[str, Any]) -> float:
    values = [value for name in _BADNESS if (value := case["scores"].get(name)) is not None]
    return sum(values) / len(values) if values and not case["error"] else -1.0


def _worst_case(case: Mapping[str, Any]) -> dict[str, Any]:
    said = case["answer"] or case["reason"] or case["error"]
    gold = " ".join(entry["quote"] for entry in case["gold"]) or case["reference"]
    told, wanted = highlight(said, gold) if case["answer"] else (escape(said), escape(gold))
    scores = {name: case["scores"][name] for name in _BADNESS if case["scores"].get(name) is not None}
    missing = [item["text"] for item in (*case["facts"], *case["numbers"]) if not item["stated"]]
    return {"case": case, "told": told, "wanted": wanted, "scores": scores, "missing": missing}


def highlight(said: str, gold: str) -> tuple[Markup, Markup]:
    """Both texts as HTML; words that only the answer has are in <ins>, words that only the gold has in <del>."""
    left, right = said.split(), gold.split()
    matcher = SequenceMatcher(None, _plain(left), _plain(right), autojunk=False)
    told, wanted = [], []
    for kind, a, b, c, d in matcher.get_opcodes():
        told.append(_mark("ins", left[a:b], kind != "equal"))
        wanted.append(_mark("del", right[c:d], kind != "equal"))
    return Markup(" ").join(filter(None, told)), Markup(" ").join(filter(None, wanted))


def _plain(words: Sequence[str]) -> list[str]:
    return [word.casefold().strip(".,;:") for word in words]


def _mark(tag: str, words: Sequence[str], marked: bool) -> Markup:
    text = escape(" ".join(words))
    return Markup("<{0}>{1}</{0}>").format(tag, text) if marked and text else text
