"""Seeded bootstrap intervals, the same on every machine and for every order of the cases."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 2000
SEED = 20260801
Values = NDArray[np.float64]


def resample(n: int) -> NDArray[np.int64]:
    """(RESAMPLES, n) case numbers drawn with replacement; the same draw for every metric of n cases."""
    return np.random.default_rng(SEED).integers(0, n, size=(RESAMPLES, n))


def interval(draws: Values) -> tuple[float, float]:
    """The central 95% of the draws, undefined draws left out."""
    defined = draws[np.isfinite(draws)]
    if not len(defined):
        return (float("nan"), float("nan"))
    low, high = np.percentile(defined, [2.5, 97.5])
    return (float(low), float(high))


def mean_interval(values: Sequence[float]) -> tuple[float, float]:
    """95% bootstrap interval of a mean; the value itself where there is only one case."""
    data = np.asarray(values, dtype=np.float64)
    return interval(data[resample(len(data))].mean(axis=1))


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` of all values don't exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, int(np.ceil(share * len(ordered))) - 1)]
