"""One evaluation from start to end: cases, outcomes, scores, gate, comparison, report files."""

import importlib.metadata
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from app.access import Reader
from app.prompt import PROMPT_VERSION
from eval.agreement import agreements
from eval.baseline import comparable
from eval.cases import Case
from eval.compare import compare_reports
from eval.gate import Thresholds, check_thresholds
from eval.junit import to_junit
from eval.markdown import to_markdown
from eval.metrics import score_case
from eval.outcome import Journal, Outcome
from eval.page import to_html
from eval.report import NOT_RUN, Verdict, build_report, judge_run, write_report
from eval.run import Asks, Plan, run_cases
from eval.stored import Stored
from eval.summary import Row, by_group, summarise, values_of

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
    failures: Sequence[str] = ()
    baseline: Mapping[str, Any] | None = None
    resume: bool = False
    workers: int = 1


def evaluate(evaluation: Evaluation, progress: Callable[[Outcome], None] = lambda outcome: None) -> dict[str, Any]:
    """Run, score, gate and write the report in every form into the folder; returns it."""
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
    comparison = compare_reports(evaluation.baseline, comparable(report)) if evaluation.baseline else None
    drops = [] if comparison is None else comparison.drops(evaluation.thresholds.metrics)
    told = [f"{d.group}: {d.metric} dropped from {d.before:.3f} to {d.after:.3f} (n={d.n})" for d in drops]
    failures = [*evaluation.failures, *_silent_model(rows)]
    report = build_report(run, rows, checks, comparison, judge_run(rows, checks, told, failures))
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
    # Sorted, because the intervals are drawn by position: no figure may depend on the order of a file.
    cases = sorted(evaluation.cases, key=lambda case: case.id)
    outcomes = run_cases(cases, plan)
    rows = [
        Row(c, o, score_case(c, o.answer, evaluation.stored, evaluation.today) if o.answer else {})
        for c, o in zip(cases, outcomes, strict=True)
    ]
    for scorer in evaluation.scorers:
        rows = scorer(rows)
    return rows


def _silent_model(rows: Sequence[Row]) -> list[str]:
    # Extractive answers stand in for a model that fails; all of them standing in is no measure of the model.
    fallbacks = values_of(rows, "model_fallback")
    if fallbacks and all(fallbacks):
        note = next((n for row in rows if row.outcome.answer for n in row.outcome.answer.notes), "")
        return [f"the model composed none of {len(fallbacks)} answers: {note}"]
    return []


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
        "prompt": PROMPT_VERSION,
        "agreement": agreements(rows),
        "documents": evaluation.stored.content_hashes(),
        "versions": {
            name: importlib.metadata.version(name) for name in ("numpy", "faiss-cpu", "sentence-transformers")
        },
    }


def write_files(report: Mapping[str, Any], folder: Path) -> None:
    """Write every form of the report, and one more line of the folder's history for the trend."""
    folder.mkdir(parents=True, exist_ok=True)
    write_report(report, folder / "report.json")
    (folder / "report.md").write_text(to_markdown(report), encoding="utf-8")
    (folder / "junit.xml").write_text(to_junit(report), encoding="utf-8")
    (folder / "report.html").write_text(
        to_html(report, _with_history(report, folder / "history.jsonl")), encoding="utf-8"
    )


def _with_history(report: Mapping[str, Any], path: Path) -> list[dict[str, Any]]:
    # Only runs of the same case file are one trend; a run that could not measure is none.
    entry = {
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "cases": report["run"]["cases"],
        "index": report["run"]["index"],
        "configuration": report["run"]["configuration"],
        "figures": {name: figure["value"] for name, figure in report["figures"].items()},
    }
    if report["verdict"]["code"] != NOT_RUN:
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry) + "\n")
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return [run for line in lines if (run := json.loads(line))["cases"] == entry["cases"]]
