"""`python -m eval`: the evaluation as a command."""

import argparse
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from app.answer import Assistant
from eval.baseline import read_baseline, write_baseline
from eval.evaluate import Evaluation, Scorer, evaluate
from eval.gate import THRESHOLDS, load_thresholds
from eval.judging import JUDGED, JudgedScorer, check_controls, score_contexts
from eval.jury import Jury, load_ragas, open_jury, trust
from eval.markdown import HEADLINE
from eval.opening import load_dated, open_evaluation
from eval.options import Parser, add_judge_options, judge_settings, positive
from eval.progress import StartBar, progress_bars
from eval.report import NOT_RUN
from eval.settings import JudgeSettings
from eval.tracking import log_report


def score_command(argv: Sequence[str]) -> int:
    """Score golden cases through the assistant, write the report, and return the gate's exit code."""
    args = _parser().parse_args(argv)
    judge = judge_settings(args)
    with ExitStack() as stack:
        evaluation = _prepare(args, stack)
        start = stack.enter_context(progress_bars())
        evaluation = _with_scorers(evaluation, args, judge, stack, start)
        advance = start("cases", len(evaluation.cases))
        report = evaluate(evaluation, lambda outcome: advance())
    if args.write_baseline and report["verdict"]["code"] != NOT_RUN:  # what was not measured is no baseline
        write_baseline(report, args.write_baseline)
    _print_result(report, args.report)
    log_report(report, args.report)
    return int(report["verdict"]["code"])


def _parser() -> argparse.ArgumentParser:
    parser = Parser(prog="python -m eval", description="Score golden cases through the assistant.")
    parser.add_argument("--cases", type=Path, required=True, help="golden cases, JSON Lines")
    parser.add_argument("--index", type=Path, help="folder of the index (default: APP_INDEX)")
    parser.add_argument("--report", type=Path, required=True, help="folder for the report")
    parser.add_argument("--llm", choices=("none", "local", "bedrock"), default="none", help="who composes answers")
    parser.add_argument("--limit", type=positive, help="only the first N cases, by id")
    parser.add_argument("--top-k", type=positive, help="passages retrieved (default: APP_TOP_K)")
    parser.add_argument("--as-of", type=date.fromisoformat, help="day that counts as today, YYYY-MM-DD")
    parser.add_argument("--thresholds", type=Path, default=THRESHOLDS, help="YAML file of bounds")
    parser.add_argument("--baseline", type=Path, help="compare with this report or baseline; a drop fails")
    parser.add_argument("--write-baseline", type=Path, help="write what a later --baseline needs")
    parser.add_argument("--resume", action="store_true", help="go on with a run that was cut")
    parser.add_argument("--workers", type=positive, help="cases at a time (default: 2; bedrock 4; local 1)")
    parser.add_argument("--no-ragas", action="store_true", help="leave out RAGAS's metrics that need no model")
    parser.add_argument(
        "--judge-metrics", nargs="+", choices=JUDGED, default=["faithfulness"], help="what the judge scores"
    )
    parser.add_argument("--judge-sample", type=positive, help="judge only N answers, spread over the categories")
    add_judge_options(parser)
    return parser


def _prepare(args: argparse.Namespace, stack: ExitStack) -> Evaluation:
    thresholds = load_thresholds(args.thresholds)
    baseline = read_baseline(args.baseline) if args.baseline else None
    chosen = {"index": args.index, "llm": args.llm, "top_k": args.top_k}
    evaluation = open_evaluation(stack, load_dated(args.cases, args.limit, args.as_of), args.report, chosen)
    return replace(
        evaluation,
        today=args.as_of or evaluation.today,
        run={**evaluation.run, "cases": args.cases.name},
        thresholds=thresholds,
        baseline=baseline,
        resume=args.resume,
        workers=args.workers or evaluation.workers,
    )


def _with_scorers(
    evaluation: Evaluation, args: argparse.Namespace, judge: JudgeSettings, stack: ExitStack, start: StartBar
) -> Evaluation:
    scorers: list[Scorer] = []
    run = dict(evaluation.run)
    if not args.no_ragas:
        run["ragas"] = load_ragas().RAGAS_VERSION
        scorers.append(score_contexts)
    if judge.judge == "none":
        return replace(evaluation, run=run, scorers=scorers, thresholds=evaluation.thresholds.without("judge_"))
    cache = args.judge_cache or args.report / "judge-cache.jsonl"
    jury = stack.enter_context(open_jury(judge, cache, _embedder(evaluation)))
    refusal = trust(jury.identity, args.calibration, judge.judge_min_kappa)
    problem = check_controls(jury.judges[0])
    if not problem:
        scorer = JudgedScorer(
            jury.judges,
            args.judge_metrics,
            evaluation.stored,
            judge.judge_context_chars,
            sample=args.judge_sample,
            progress=start("judge", args.judge_sample or len(evaluation.cases)),
        )
        scorers.append(_JudgedWithUsage(scorer, jury, run))
    run |= {"judge": jury.identity, "judge_runs": judge.judge_runs, "notes": [refusal] if refusal else []}
    if args.judge_sample:
        run["judge_sample"] = args.judge_sample
    thresholds = evaluation.thresholds.without("judge_") if refusal else evaluation.thresholds
    return replace(evaluation, run=run, scorers=scorers, thresholds=thresholds, failures=[problem] if problem else [])


class _JudgedWithUsage:
    """The judge's scorer, which leaves a note of what it used in the run's description."""

    def __init__(self, scorer: JudgedScorer, jury: Jury, run: dict[str, Any]) -> None:
        self._scorer = scorer
        self._jury = jury
        self._run = run

    def __call__(self, rows: Sequence[Any]) -> list[Any]:
        scored = self._scorer(rows)
        self._run["notes"] = [*self._run["notes"], self._jury.usage]
        return scored


def _embedder(evaluation: Evaluation) -> Callable[[Sequence[str]], list[list[float]]]:
    assert isinstance(evaluation.assistant, Assistant)  # noqa: S101  # this command opens no other
    embedder = evaluation.assistant.library.current().embedder
    return lambda texts: [[float(x) for x in embedder.embed_query(text)] for text in texts]


def _print_result(report: dict[str, Any], folder: Path) -> None:
    console = Console(soft_wrap=True)
    table = Table("metric", "value", "95% interval", "n")
    shown = [name for name in report["figures"] if name in HEADLINE or name.startswith(("judge_", "seconds_"))]
    for name in shown:
        figure = report["figures"][name]
        low, high = figure["low"], figure["high"]
        table.add_row(name, f"{figure['value']:.3f}", f"{low:.3f} to {high:.3f}", str(figure["n"]))
    console.print(table)
    console.print(f"{report['verdict']['word']}; report in {folder}", markup=False, highlight=False)
    for line in (*report["verdict"]["reasons"], *report["run"]["notes"], *report["run"]["agreement"]):
        console.print(f"  {line}", markup=False, highlight=False)
