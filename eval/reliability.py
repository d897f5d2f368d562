"""Whether the stated confidence can be believed: how often the first citation is right, by how sure it was."""

from collections.abc import Sequence
from dataclasses import dataclass

from eval.summary import Row

BINS = 10


@dataclass(frozen=True, slots=True)
class Bin:
    """The n cases whose confidence lies between low and high: its mean, and the share whose first citation is right."""

    low: float
    high: float
    n: int
    stated: float
    right: float


def reliability(rows: Sequence[Row]) -> list[Bin]:
    """The bins that have cases, in equal steps of confidence; none where no answer states one."""
    pairs = [
        (row.outcome.answer.confidence, right)
        for row in rows
        if row.outcome.answer is not None
        and row.outcome.answer.confidence is not None
        and (right := row.scores.get("first_citation_right")) is not None
    ]
    found = []
    for i in range(BINS):
        members = [pair for pair in pairs if min(BINS - 1, int(pair[0] * BINS)) == i]
        if members:
            n = len(members)
            stated, right = (sum(values) / n for values in zip(*members, strict=True))
            found.append(Bin(i / BINS, (i + 1) / BINS, n, stated, right))
    return found


def calibration_error(bins: Sequence[Bin]) -> float | None:
    """Expected calibration error: the mean distance of stated from actual, weighted by cases."""
    total = sum(b.n for b in bins)
    return sum(b.n * abs(b.stated - b.right) for b in bins) / total if total else None
