"""Command line for people and CI: 0 passed, 1 below a threshold, 2 could not run, 3 configuration or case file."""

import argparse
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any, NoReturn

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from app.access import local_reader
from app.answer import open_assistant
from app.settings import load_settings
from eval.cases import load_cases
from eval.evaluate import Evaluation, evaluate
from eval.gate import load_thresholds
from eval.markdown import HEADLINE
from eval.metrics import METRICS
from eval.outcome import Outcome
from eval.report import read_baseline, write_baseline
from eval.run import fingerprint
from eval.stored import Stored
from ingest.errors import AssistantError

ROOT = Path(__file__).resolve().parent.parent
THRESHOLDS = Path(__file__).resolve().parent / "thresholds.yaml"
CONFIGURATION = 3


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(CONFIGURATION, f"{self.prog}: {message}\n")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    command = arguments.pop(0) if arguments and arguments[0] in COMMANDS else "run"
    try:
        return COMMANDS[command](arguments)
    except AssistantError as error:
        Console(stderr=True, soft_wrap=True).print(f"[red]{escape(str(error))}[/red]")
        return error.exit_code
    except KeyboardInterrupt:
        Console(stderr=True).print("stopped; --resume goes on from here")
        return 130


def run_command(argv: Sequence[str]) -> int:
    """`python -m eval --cases FILE --index DIR --report DIR`."""
    args = _run_parser().parse_args(argv)
    cases = load_cases(args.cases, args.limit)
    thresholds = load_thresholds(args.thresholds)
    baseline = read_baseline(args.baseline) if args.baseline else None
    args.report.mkdir(parents=True, exist_ok=True)
    settings = load_settings(index=args.index, llm=args.llm, top_k=args.top_k, state=args.report / "state")
    assistant = open_assistant(settings)
    try:
        evaluation = Evaluation(
            cases=cases,
            assistant=assistant,
            reader=local_reader(settings),
            stored=Stored(assistant.library.index),
            today=date.today(),
            configuration=fingerprint(settings, ROOT),
            folder=args.report,
            run={"cases": args.cases.name, "llm": settings.llm, "notes": []},
            thresholds=thresholds,
            baseline=baseline,
            resume=args.resume,
            workers=args.workers,
        )
        report = _with_progress(evaluation)
    finally:
        assistant.close()
    if args.write_baseline:
        write_baseline(report, args.write_baseline)
    _print_result(report, args.report)
    return int(report["verdict"]["code"])


def metrics_command(argv: Sequence[str]) -> int:
    """`python -m eval metrics`: what can be measured and gated."""
    _Parser(prog="python -m eval metrics", description="List every metric.").parse_args(argv)
    table = Table("metric", "family", "good", "meaning")
    for metric in METRICS.values():
        table.add_row(metric.name, metric.family, "high" if metric.higher_is_better else "low", metric.meaning)
    Console().print(table)
    return 0


COMMANDS = {"run": run_command, "metrics": metrics_command}


def _run_parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m eval", description="Score golden cases through the assistant.")
    parser.add_argument("--cases", type=Path, required=True, help="golden cases, JSON Lines")
    parser.add_argument("--index", type=Path, help="folder of the index (default: APP_INDEX)")
    parser.add_argument("--report", type=Path, required=True, help="folder for the report")
    parser.add_argument("--llm", choices=("none", "local", "bedrock"), default="none", help="who composes")
    parser.add_argument("--limit", type=_positive, help="only the first N cases, by id")
    parser.add_argument("--top-k", type=_positive, help="passages retrieved (default: APP_TOP_K)")
    parser.add_argument("--thresholds", type=Path, default=THRESHOLDS, help="YAML file of bounds")
    parser.add_argument("--baseline", type=Path, help="compare with this report or baseline; a drop fails")
    parser.add_argument("--write-baseline", type=Path, help="write what a later --baseline needs")
    parser.add_argument("--resume", action="store_true", help="go on with a run that was cut")
    parser.add_argument("--workers", type=_positive, default=1, help="cases at a time")
    return parser


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return value


def _with_progress(evaluation: Evaluation) -> dict[str, Any]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("cases", total=len(evaluation.cases))

        def advance(outcome: Outcome) -> None:
            progress.advance(task)

        return evaluate(evaluation, advance)


def _print_result(report: dict[str, Any], folder: Path) -> None:
    console = Console(soft_wrap=True)
    table = Table("metric", "value", "95% interval", "n")
    for name in (*HEADLINE, "seconds_p50", "seconds_p95"):
        if figure := report["figures"].get(name):
            low, high = figure["low"], figure["high"]
            table.add_row(name, f"{figure['value']:.3f}", f"{low:.3f} to {high:.3f}", str(figure["n"]))
    console.print(table)
    verdict = report["verdict"]
    console.print(f"{verdict['word']}; report in {folder}", markup=False)
    for reason in verdict["reasons"]:
        console.print(f"  {reason}", markup=False)


if __name__ == "__main__":
    sys.exit(main())
