"""The smaller commands: lint, compare, pairs, calibrate, metrics."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from app.library import Library
from app.settings import load_settings
from eval.baseline import read_baseline
from eval.calibrate import (
    load_pairs,
    make_pairs,
    measure_agreement,
    record_agreement,
    take_pairs,
    write_pairs,
)
from eval.cases import load_cases
from eval.compare import compare_reports
from eval.gate import THRESHOLDS, load_thresholds
from eval.jury import open_jury
from eval.lint import lint_cases, lock_path, read_lock, write_lock
from eval.markdown import comparison_page
from eval.metrics import METRICS
from eval.options import PAIRS, Parser, add_judge_options, judge_settings, positive
from eval.progress import progress_bars
from eval.stored import Stored


def lint_command(argv: Sequence[str]) -> int:
    """Find cases whose gold does not stand in the index; 1 if there are any."""
    parser = Parser(prog="python -m eval lint", description="Do the golden quotes still stand in the index?")
    parser.add_argument("--cases", type=Path, required=True)
    parser.add_argument("--index", type=Path)
    parser.add_argument("--lock", type=Path, help="content hashes of last time (default: beside the cases)")
    parser.add_argument("--update-lock", action="store_true", help="keep today's hashes if all is well")
    args = parser.parse_args(argv)
    cases = load_cases(args.cases)
    settings = load_settings(index=args.index)
    stored = Stored(Library(settings.index, settings.models).index)
    lock = args.lock or lock_path(args.cases)
    findings = lint_cases(cases, stored, read_lock(lock))
    errors = [finding for finding in findings if not finding.advice]
    console = Console(soft_wrap=True)
    for finding in findings:
        console.print(f"{'advice ' if finding.advice else ''}{finding}", markup=False, highlight=False)
    for doc in sorted({finding.doc for finding in errors if finding.changed}):
        console.print(f"changed since the cases were checked: {doc}", markup=False, highlight=False)
    if args.update_lock and not errors:
        write_lock(lock, cases, stored)
    console.print(f"{len(cases)} cases, {len(errors)} errors, {len(findings) - len(errors)} pieces of advice")
    return 1 if errors else 0


def pairs_command(argv: Sequence[str]) -> int:
    """Make labelled statement and evidence pairs from golden cases."""
    parser = Parser(prog="python -m eval pairs", description="Labelled pairs to calibrate a judge with.")
    parser.add_argument("--cases", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--each", type=positive, default=50, help="at most so many of each label (default 50)")
    args = parser.parse_args(argv)
    pairs = make_pairs(load_cases(args.cases), args.each)
    write_pairs(pairs, args.out)
    Console().print(f"{len(pairs)} pairs in {args.out}; read them over before you rely on them", markup=False)
    return 0


def calibrate_command(argv: Sequence[str]) -> int:
    """Print and keep a judge's agreement with labelled pairs; 1 if it is too low to gate."""
    parser = Parser(prog="python -m eval calibrate", description="A judge's agreement with labelled pairs.")
    parser.add_argument("--pairs", type=Path, default=PAIRS, help="labelled pairs (default: those of the repository)")
    parser.add_argument("--limit", type=positive, help="only N pairs, as many of each label")
    add_judge_options(parser)
    args = parser.parse_args(argv)
    settings = judge_settings(args)
    pairs = take_pairs(load_pairs(args.pairs), args.limit)
    cache = args.judge_cache or Path(".eval") / "judge-cache.jsonl"
    with open_jury(settings, cache, lambda texts: []) as jury, progress_bars() as start:
        agreement = measure_agreement(jury.judges[0], pairs, start("pairs", len(pairs)))
    record_agreement(args.calibration, jury.identity, agreement)
    console = Console(soft_wrap=True)
    console.print(
        f"{jury.identity}: kappa {agreement.kappa:.3f} over {agreement.n} pairs", markup=False, highlight=False
    )
    for label, share in agreement.right.items():
        console.print(f"  {label}: {share:.0%} right", markup=False, highlight=False)
    return 0 if agreement.kappa >= settings.judge_min_kappa else 1


def compare_command(argv: Sequence[str]) -> int:
    """Compare two reports, case by case; 1 if a gated metric dropped."""
    parser = Parser(prog="python -m eval compare", description="One report against another, paired by case.")
    parser.add_argument("before", type=Path, help="report.json or baseline")
    parser.add_argument("after", type=Path, help="report.json or baseline")
    parser.add_argument("--thresholds", type=Path, default=THRESHOLDS, help="drops in its metrics count")
    args = parser.parse_args(argv)
    comparison = compare_reports(read_baseline(args.before), read_baseline(args.after))
    Console(soft_wrap=True).print(comparison_page(asdict(comparison)), markup=False, highlight=False)
    return 1 if comparison.drops(load_thresholds(args.thresholds).metrics) else 0


def metrics_command(argv: Sequence[str]) -> int:
    """List what can be measured and gated."""
    Parser(prog="python -m eval metrics", description="Every metric and its meaning.").parse_args(argv)
    table = Table("metric", "family", "good", "meaning")
    for metric in METRICS.values():
        table.add_row(metric.name, metric.family, "high" if metric.higher_is_better else "low", metric.meaning)
    Console().print(table)
    return 0
