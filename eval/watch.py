"""`python -m eval drift`: the drift report over the answer ledger, as JSON and as one HTML page."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any

from markupsafe import Markup
from rich.console import Console

from app.settings import load_settings
from eval.charts import bars, histogram
from eval.drift import LIMITS, Measure, Seen, load_limits, measure_drift, read_seen, split_periods
from eval.making import open_existing
from eval.options import Parser, positive
from eval.page import render
from ingest.errors import LedgerError

_TOPICS = 12


def drift_command(argv: Sequence[str]) -> int:
    """Compare the latest answers with those before; 1 if something shifted, 2 if there is nothing to compare."""
    parser = Parser(prog="python -m eval drift", description="What changed in questions and answers.")
    parser.add_argument("--state", type=Path, help="folder of the answer ledger (default: APP_STATE)")
    parser.add_argument("--report", type=Path, required=True, help="folder for drift.json and drift.html")
    parser.add_argument("--days", type=positive, default=7, help="the latest days (default 7)")
    parser.add_argument("--before", type=positive, default=28, help="days before them to compare with (default 28)")
    parser.add_argument("--until", type=datetime.fromisoformat, help="last day, YYYY-MM-DD (default: now)")
    parser.add_argument("--limits", type=Path, default=LIMITS, help="YAML file of limits")
    args = parser.parse_args(argv)
    limits, fewest = load_limits(args.limits)
    seen = read_seen(open_existing(load_settings(state=args.state)))
    until = _end_of(args.until) if args.until else datetime.now(UTC)
    before, now = split_periods(seen, args.days, args.before, until)
    if not before or not now:
        told = f"{len(before)} answers in the {args.before} days before, {len(now)} in the last {args.days}"
        raise LedgerError(f"nothing to compare: {told}", hint="choose --days and --before")
    report = build_drift(before, now, measure_drift(before, now, limits, fewest), until)
    write_drift(report, before, now, args.report)
    console = Console(soft_wrap=True)
    for measure in report["measures"]:
        console.print(sentence(measure), markup=False, highlight=False)
    return 1 if report["shifted"] else 0


def _end_of(day: datetime) -> datetime:
    return datetime.combine(day.date(), time.max, tzinfo=UTC)


def build_drift(
    before: Sequence[Seen], now: Sequence[Seen], measures: Sequence[Measure], until: datetime
) -> dict[str, Any]:
    """The whole report, JSON-ready."""
    return {
        "until": until.isoformat(timespec="minutes"),
        "since": now[0].at.isoformat(timespec="minutes"),
        "before": len(before),
        "now": len(now),
        "shifted": [measure.name for measure in measures if measure.status == "shifted"],
        "measures": [asdict(measure) for measure in measures],
        "topics": _topics(before, now),
    }


def _topics(before: Sequence[Seen], now: Sequence[Seen]) -> list[dict[str, Any]]:
    old, new = Counter(s.topic for s in before), Counter(s.topic for s in now)
    shares = {topic: (old[topic] / len(before), new[topic] / len(now)) for topic in {*old, *new}}
    ranked = sorted(shares, key=lambda topic: (-abs(shares[topic][1] - shares[topic][0]), topic))[:_TOPICS]
    return [{"document": topic, "before": shares[topic][0], "now": shares[topic][1]} for topic in ranked]


def write_drift(report: Mapping[str, Any], before: Sequence[Seen], now: Sequence[Seen], folder: Path) -> None:
    """Write drift.json and drift.html."""
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(report, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    (folder / "drift.json").write_text(text, encoding="utf-8")
    page = render("drift.html", report=report, charts=_charts(report, before, now))
    (folder / "drift.html").write_text(page, encoding="utf-8")


def sentence(measure: Mapping[str, Any]) -> str:
    """One measure in a line."""
    if measure["status"] == "too few":
        return f"too few  {measure['name']}: {measure['n_before']} before, {measure['n_now']} now"
    values = "" if measure["before"] is None else f" from {measure['before']:.3g} to {measure['now']:.3g},"
    return (
        f"{measure['status']:8} {measure['name']}:{values} change {measure['change']:+.3g}, limit {measure['limit']:g}"
    )


def _charts(report: Mapping[str, Any], before: Sequence[Seen], now: Sequence[Seen]) -> list[tuple[str, Markup]]:
    scale = max(row[key] for row in report["topics"] for key in ("before", "now"))
    charts = [
        (
            f"Questions by the document that answers, {title}; the largest changes first",
            bars([(row["document"], row[key] / scale, f"{row[key]:.0%}") for row in report["topics"]], title),
        )
        for title, key in (("before", "before"), ("now", "now"))
    ]
    periods = (("before", before), ("now", now))
    for title, period in periods:
        scores = [s.score for s in period if s.score is not None]
        charts.append((f"Score of the best passage, {title}", histogram(scores, f"score {title}", "")))
    for title, period in periods:
        charts.append(
            (f"Seconds to an answer, {title}", histogram([s.seconds for s in period], f"seconds {title}", "s"))
        )
    return [(caption, Markup(chart)) for caption, chart in charts]  # noqa: S704  # escaped there
