"""One evaluation from start to end: cases, outcomes, scores, gate, comparison, report files."""

import importlib.metadata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from app.access import Reader
from eval.cases import Case
from eval.compare import compare_reports
from eval.gate import Thresholds, check_thresholds
from eval.markdown import to_markdown
from eval.metrics import score_case
from eval.outcome import Journal, Outcome
from eval.report import Verdict, build_report, judge_run, write_report
from eval.run import Asks, Plan, run_cases
from eval.stored import Stored
from eval.summary import Row, by_group, summarise

_LIBRARIES = ("numpy", "faiss-cpu", "sentence-transformers", "bm25s")
Scorer = Callable[[Sequence[Row]], list[Row]]
"""Adds scores (RAGAS, a judge) to rows; what it can't score it names in `unscored`."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What is evaluated and against what; `run` describes it in the report."""

    cases: Sequence[Case]
    assistant: Asks
    reader: Reader
    stored: Stored
    today: date
    configuration: str
    folder: Path
    run: Mapping[str, Any]
    thresholds: Thresholds
    scorers: Sequence[Scorer] = ()
    baseline: Mapping[str, Any] | None = None
    resume: bool = False
    workers: int = 1


def evaluate(evaluation: Evaluation, progress: Callable[[Outcome], None] = lambda outcome: None) -> dict[str, Any]:
    """Run, score, gate and write `report.json` and `report.md` into the folder; returns the report."""
    rows = _scored(evaluation, progress)
    run = _describe(evaluation, rows)
    groups = by_group(rows)
    checks = check_thresholds(
        evaluation.thresholds,
        summarise(rows),
        {group: summarise(members) for group, members in groups.items()},
        {group: len(members) for group, members in groups.items()},
    )
    report = build_report(run, rows, checks, None, Verdict(0, ()))
    comparison = compare_reports(evaluation.baseline, report) if evaluation.baseline else None
    drops = [] if comparison is None else comparison.drops(evaluation.thresholds.metrics)
    told = [f"{d.group}: {d.metric} dropped from {d.before:.3f} to {d.after:.3f} (n={d.n})" for d in drops]
    report = build_report(run, rows, checks, comparison, judge_run(rows, checks, told, ()))
    write_files(report, evaluation.folder)
    return report


def _scored(evaluation: Evaluation, progress: Callable[[Outcome], None]) -> list[Row]:
    plan = Plan(
        assistant=evaluation.assistant,
        reader=evaluation.reader,
        generation=evaluation.stored.generation,
        configuration=evaluation.configuration,
        journal=Journal(evaluation.folder / "outcomes.jsonl"),
        resume=evaluation.resume,
        workers=evaluation.workers,
        report=progress,
    )
    outcomes = run_cases(evaluation.cases, plan)
    rows = [
        Row(c, o, score_case(c, o.answer, evaluation.stored, evaluation.today) if o.answer else {})
        for c, o in zip(evaluation.cases, outcomes, strict=True)
    ]
    for scorer in evaluation.scorers:
        rows = scorer(rows)
    return rows


def _describe(evaluation: Evaluation, rows: Sequence[Row]) -> dict[str, Any]:
    models = sorted({row.outcome.answer.model for row in rows if row.outcome.answer})
    composed = sorted({row.outcome.answer.composed_by for row in rows if row.outcome.answer})
    return {
        "judge": "",
        **evaluation.run,
        "index": evaluation.stored.generation,
        "as_of": evaluation.today.isoformat(),
        "configuration": evaluation.configuration,
        "models": models,
        "composed_by": composed,
        "documents": evaluation.stored.content_hashes(),
        "versions": {
            name: importlib.metadata.version(name) for name in ("numpy", "faiss-cpu", "sentence-transformers")
        },
    }


def write_files(report: Mapping[str, Any], folder: Path) -> None:
    """Write every form of the report."""
    folder.mkdir(parents=True, exist_ok=True)
    write_report(report, folder / "report.json")
    (folder / "report.md").write_text(to_markdown(report), encoding="utf-8")
