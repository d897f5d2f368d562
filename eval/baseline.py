"""The committed baseline: what a later run needs to compare itself case by case, one short line a case."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from eval.metrics import METRICS
from eval.report import REPORT_VERSION
from ingest.errors import CaseError

FIELDS = ("id", "digest", "group", "answerable", "abstained", "scores", "answer_hash", "cited", "retrieved")
_RUN = ("cases", "index", "as_of", "configuration", "llm", "models", "prompt", "judge")
_FAMILIES = frozenset({"retrieval", "answers", "abstention", "safety"})


def baseline_metrics(report: Mapping[str, Any]) -> list[str]:
    """The metrics that a baseline keeps: those of ours that at least one case has; RAGAS's and timings are left out."""
    measured = {name for case in report["cases"] for name, value in case["scores"].items() if value is not None}
    return [name for name, metric in METRICS.items() if name in measured and metric.family in _FAMILIES]


def write_baseline(report: Mapping[str, Any], path: Path) -> None:
    """Keep the part of a report that a later run compares itself with, small enough to commit and to read in a diff."""
    metrics = baseline_metrics(report)
    head = {
        "version": REPORT_VERSION,
        "run": {name: report["run"][name] for name in _RUN if name in report["run"]},
        "metrics": metrics,
    }
    lines = ",\n".join(json.dumps(_row(case, metrics), ensure_ascii=False) for case in report["cases"])
    path.write_text(f'{json.dumps(head)[:-1]}, "cases": [\n{lines}\n]}}\n', encoding="utf-8")


def _row(case: Mapping[str, Any], metrics: Sequence[str]) -> list[Any]:
    scores = [_kept(case["scores"].get(name)) for name in metrics]
    places = [short_hash(case["cited"]), short_hash(case["retrieved"])]
    kept = [case[field] for field in ("id", "digest", "group", "answerable", "abstained", "answer_hash")]
    return [*kept, *places, scores]


def _kept(score: float | None) -> float | None:
    # Both sides are rounded alike: a rounding that all cases share would be a drop that no chance explains.
    return None if score is None else round(score, 6)


def short_hash(places: Sequence[str]) -> str:
    """A digest of a list of places, in their order."""
    return hashlib.sha256("\n".join(places).encode()).hexdigest()[:12]


def read_baseline(path: Path) -> dict[str, Any]:
    """A report or a baseline, as `eval.compare` takes it; CaseError (exit 3) where it is neither.

    The result has `metrics`, the names that can be compared; `cited` and `retrieved` of its cases are digests.
    """
    try:
        data: dict[str, Any] = json.loads(path.read_text("utf-8"))
        if data["version"] != REPORT_VERSION:
            raise ValueError(f"made by report version {data['version']}, this is {REPORT_VERSION}")
        whole = "metrics" not in data
        cases = [_digested(case) if whole else _case(case, data["metrics"]) for case in data["cases"]]
        return {"run": data["run"], "metrics": list(METRICS) if whole else data["metrics"], "cases": cases}
    except (OSError, ValueError, KeyError, TypeError) as error:
        reason = " ".join(str(error).split())
        raise CaseError(f"can't use the baseline {path}: {reason}", hint="make one with --write-baseline") from None


def read_report(path: Path) -> dict[str, Any]:
    """A whole report; CaseError (exit 3) where the file is none."""
    try:
        data: dict[str, Any] = json.loads(path.read_text("utf-8"))
        if data["version"] != REPORT_VERSION or "figures" not in data:
            raise ValueError("not a report of this version")
        return data
    except (OSError, ValueError, KeyError, TypeError) as error:
        reason = " ".join(str(error).split())
        raise CaseError(f"can't use the report {path}: {reason}", hint="it is report.json in --report DIR") from None


def comparable(report: Mapping[str, Any]) -> dict[str, Any]:
    """A report of this run in the form that `read_baseline` gives."""
    return {"run": report["run"], "metrics": list(METRICS), "cases": [_digested(case) for case in report["cases"]]}


def _digested(case: Mapping[str, Any]) -> dict[str, Any]:
    kept = {field: case[field] for field in FIELDS}
    kept["scores"] = {name: _kept(score) for name, score in case["scores"].items()}
    return kept | {"cited": short_hash(case["cited"]), "retrieved": short_hash(case["retrieved"])}


def _case(row: Sequence[Any], metrics: Sequence[str]) -> dict[str, Any]:
    *values, cited, retrieved, scores = row
    named = dict(zip(("id", "digest", "group", "answerable", "abstained", "answer_hash"), values, strict=True))
    places = {"cited": cited, "retrieved": retrieved}
    return named | places | {"scores": dict(zip(metrics, scores, strict=True))}
