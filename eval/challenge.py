"""`python -m eval challenge`: two configurations over the same cases, compared in pairs."""

import argparse
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from app.settings import Settings
from eval.baseline import comparable
from eval.evaluate import evaluate
from eval.gate import THRESHOLDS, load_thresholds
from eval.markdown import HEADLINE
from eval.opening import load_dated, open_evaluation
from eval.options import Parser, positive
from eval.progress import StartBar, progress_bars
from eval.report import NOT_RUN
from eval.tracking import log_report

SHOWN = (*HEADLINE, "answer_rate", "quote_citation_precision")


def challenge_command(argv: Sequence[str]) -> int:
    """Compare two configurations; 0 where the challenger loses nothing that is gated, 1 where it does."""
    args = _parser().parse_args(argv)
    champion, challenger = settings_of(args.champion), settings_of(args.challenger)
    with progress_bars() as start:
        first = _run(args, "champion", champion, None, start)
        second = _run(args, "challenger", challenger, first, start)
    _print(second, args.report)
    if NOT_RUN in (first["verdict"]["code"], second["verdict"]["code"]):
        return NOT_RUN
    gated = load_thresholds(args.thresholds).metrics
    return int(any(d["verdict"] == "drop" and d["metric"] in gated for d in second["comparison"]["deltas"]))


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="python -m eval challenge",
        description="Two configurations over the same cases. Each is a list of NAME=VALUE, the APP_ settings in lower "
        "case (index=.other llm=local top_k=20): an index brings its embedder and its chunks.",
    )
    parser.add_argument("--cases", type=Path, required=True)
    parser.add_argument("--report", type=Path, required=True, help="folder for both reports")
    parser.add_argument(
        "--champion", nargs="*", default=[], metavar="NAME=VALUE", help="what is in use (default: as set)"
    )
    parser.add_argument("--challenger", nargs="+", required=True, metavar="NAME=VALUE")
    parser.add_argument("--limit", type=positive, help="only the first N cases, by id")
    parser.add_argument("--as-of", type=date.fromisoformat, help="day that counts as today, YYYY-MM-DD")
    parser.add_argument("--thresholds", type=Path, default=THRESHOLDS, help="drops in its metrics count")
    parser.add_argument("--resume", action="store_true", help="go on with a run that was cut")
    return parser


def settings_of(pairs: Sequence[str]) -> dict[str, str]:
    """NAME=VALUE pairs as settings; argparse's exit 3 for a name that is none."""
    chosen = dict(pair.partition("=")[::2] for pair in pairs)
    unknown = sorted(set(chosen) - set(Settings.model_fields))
    if unknown:
        Parser(prog="python -m eval challenge").error(f"no setting {unknown[0]!r}; the README lists them")
    return chosen


def _run(
    args: argparse.Namespace, side: str, chosen: Mapping[str, str], other: Mapping[str, Any] | None, start: StartBar
) -> dict[str, Any]:
    with ExitStack() as stack:
        cases = load_dated(args.cases, args.limit, args.as_of)
        evaluation = open_evaluation(stack, cases, args.report / side, chosen)
        told = " ".join(f"{name}={value}" for name, value in chosen.items() if "key" not in name) or "as set"
        advance = start(side, len(cases))
        report = evaluate(
            replace(
                evaluation,
                today=args.as_of or evaluation.today,
                run={**evaluation.run, "cases": args.cases.name, "side": f"{side}: {told}"},
                thresholds=load_thresholds(args.thresholds).without("judge_"),
                baseline=comparable(other) if other else None,
                resume=args.resume,
            ),
            lambda outcome: advance(),
        )
    log_report(report, args.report / side)
    return report


def _print(report: Mapping[str, Any], folder: Path) -> None:
    console = Console(soft_wrap=True)
    table = Table("where", "metric", "champion", "challenger", "change", "95% interval", "n", "")
    for delta in report["comparison"]["deltas"]:
        overall = delta["group"] == "overall" and delta["metric"] in SHOWN
        if overall or (delta["verdict"] != "same" and delta["metric"] in SHOWN):
            change = delta["after"] - delta["before"]
            numbers = (f"{delta['before']:.3f}", f"{delta['after']:.3f}", f"{change:+.3f}")
            between = f"{delta['low']:+.3f} to {delta['high']:+.3f}"
            word = "" if delta["verdict"] == "same" else delta["verdict"]
            table.add_row(delta["group"], delta["metric"], *numbers, between, str(delta["n"]), word)
    console.print(table)
    changed = len(report["comparison"]["changed"])
    console.print(
        f"{changed} cases changed; the report names them: {folder / 'challenger' / 'report.html'}", markup=False
    )
    for note in report["comparison"]["notes"]:
        console.print(f"  {note}", markup=False, highlight=False)
