"""From the scores of cases to the figures of a report: overall and per category, each with n and an interval."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from eval.cases import Case
from eval.metrics import METRICS, Scores
from eval.outcome import Outcome
from eval.stats import interval, mean_interval, percentile, resample


@dataclass(frozen=True, slots=True)
class Row:
    """One scored case.

    `unscored` names metrics that should have a value and have none, with the reason. `spread` is the range of a
    judged score over several runs.
    """

    case: Case
    outcome: Outcome
    scores: Scores
    unscored: dict[str, str] = field(default_factory=dict)
    spread: dict[str, float] = field(default_factory=dict)

    @property
    def abstained(self) -> bool:
        """Whether the assistant abstained."""
        return self.outcome.answer is not None and self.outcome.answer.abstained

    @property
    def tokens(self) -> int | None:
        """Tokens (in and out) that a model used; None where none was asked."""
        usage = self.outcome.answer.usage if self.outcome.answer else None
        return None if usage is None else usage.input_tokens + usage.output_tokens


@dataclass(frozen=True, slots=True)
class Figure:
    """A value over n cases with its 95% bootstrap interval."""

    value: float
    n: int
    low: float
    high: float


Figures = dict[str, Figure]


def summarise(rows: Sequence[Row]) -> Figures:
    """Every metric that at least one row has a value for, in the order of METRICS."""
    figures = {name: _mean(values) for name in METRICS if (values := values_of(rows, name))}
    figures |= {name: found for name in SET_METRICS if (found := _set_figure(rows, name)) is not None}
    figures |= _timings(rows)
    return {name: figures[name] for name in METRICS if name in figures}


def by_group(rows: Sequence[Row]) -> dict[str, list[Row]]:
    """Rows of each category, categories in alphabetical order."""
    groups = sorted({row.case.group for row in rows})
    return {group: [row for row in rows if row.case.group == group] for group in groups}


def values_of(rows: Iterable[Row], name: str) -> list[float]:
    """The values of a metric over the rows that have one."""
    return [value for row in rows if (value := row.scores.get(name)) is not None]


def unscored(rows: Iterable[Row]) -> list[str]:
    """Every case and metric that could not be scored, with the reason; NaN and infinity count as unscored."""
    found = []
    for row in rows:
        if row.outcome.answer is None:
            found.append(f"{row.case.id}: no answer: {row.outcome.error}")
        found += [f"{row.case.id}: {name}: {reason}" for name, reason in sorted(row.unscored.items())]
        found += [f"{row.case.id}: {n}: {v}" for n, v in row.scores.items() if v is not None and not math.isfinite(v)]
    return found


def _mean(values: Sequence[float]) -> Figure:
    low, high = mean_interval(values)
    return Figure(math.fsum(values) / len(values), len(values), low, high)


# Abstention is counted over sets of cases: flags are (abstained, answerable) of each case.
def _precision(abstained: np.ndarray, answerable: np.ndarray) -> np.ndarray:
    return _ratio((abstained & ~answerable).sum(axis=-1), abstained.sum(axis=-1))


def _recall(abstained: np.ndarray, answerable: np.ndarray) -> np.ndarray:
    return _ratio((abstained & ~answerable).sum(axis=-1), (~answerable).sum(axis=-1))


def _f1(abstained: np.ndarray, answerable: np.ndarray) -> np.ndarray:
    both = 2 * (abstained & ~answerable).sum(axis=-1)
    return _ratio(both, abstained.sum(axis=-1) + (~answerable).sum(axis=-1))


def _answer_rate(abstained: np.ndarray, answerable: np.ndarray) -> np.ndarray:
    return _ratio((~abstained & answerable).sum(axis=-1), answerable.sum(axis=-1))


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(whole > 0, np.divide(part, whole), np.nan)


SetMetric = Callable[[np.ndarray, np.ndarray], np.ndarray]
SET_METRICS: dict[str, SetMetric] = {
    "abstention_precision": _precision,
    "abstention_recall": _recall,
    "abstention_f1": _f1,
    "answer_rate": _answer_rate,
}


def _set_figure(rows: Sequence[Row], name: str) -> Figure | None:
    # Undefined (nothing abstained, nothing unanswerable) is no figure, never a good one.
    counted = [row for row in rows if row.outcome.answer is not None]
    if not counted:
        return None
    abstained = np.array([row.abstained for row in counted])
    answerable = np.array([row.case.answerable for row in counted])
    metric = SET_METRICS[name]
    value = float(metric(abstained, answerable))
    if not math.isfinite(value):
        return None
    draws = resample(len(counted))
    counts = {"abstention_precision": abstained, "abstention_recall": ~answerable, "answer_rate": answerable}
    n = int(counts.get(name, np.ones(len(counted), dtype=bool)).sum())
    return Figure(value, n, *interval(metric(abstained[draws], answerable[draws])))


def _timings(rows: Sequence[Row]) -> Figures:
    seconds = [row.outcome.seconds for row in rows if row.outcome.answer is not None]
    if not seconds:
        return {}
    values = {"p50": percentile(seconds, 0.5), "p95": percentile(seconds, 0.95), "max": max(seconds)}
    found = {f"seconds_{name}": Figure(value, len(seconds), value, value) for name, value in values.items()}
    used = [float(row.tokens) for row in rows if row.tokens is not None]
    return found | ({"tokens_mean": _mean(used)} if used else {})
