"""Has the work changed? The latest recorded answers against those before: questions, abstentions, scores, feedback."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import numpy as np
import yaml

from app.ledger import Ledger
from eval.stats import RESAMPLES, SEED, Values
from ingest.errors import SettingsError

LIMITS = Path(__file__).resolve().parent / "drift.yaml"
ALL = 2**31
"""More entries than any ledger has."""

_ALPHA = 0.01
_SMOOTHING = 0.5  # of a question in each document, so that one never seen before is not infinitely surprising
Status = Literal["steady", "shifted", "too few"]


@dataclass(frozen=True, slots=True)
class Seen:
    """One recorded answer, as far as watching needs it; no text of the question is kept."""

    at: datetime
    topic: str
    score: float | None
    abstained: bool
    seconds: float
    thumb: str = ""


@dataclass(frozen=True, slots=True)
class Measure:
    """One measure before and now. `change` is beyond chance where `sure`; `limit` is how far it may go."""

    name: str
    meaning: str
    before: float | None
    now: float | None
    change: float | None
    limit: float
    sure: bool
    n_before: int
    n_now: int
    status: Status


def read_seen(ledger: Ledger) -> list[Seen]:
    """Every recorded answer, oldest first, with the last feedback on it."""
    answers = reversed(ledger.latest(ALL))
    return [seen_in(answer.body, [entry.body for entry in ledger.feedback(answer.id)]) for answer in answers]


def seen_in(body: Mapping[str, Any], feedback: Sequence[Mapping[str, Any]]) -> Seen:
    """One recorded answer and what was said about it, the last word last."""
    answer = body["answer"]
    hits = answer["hits"]
    return Seen(
        at=datetime.fromisoformat(body["at"]),
        topic=str(hits[0]["doc_id"]) if hits else "nothing found",
        score=float(hits[0]["score"]) if hits else None,
        abstained=bool(answer["abstained"]),
        seconds=float(answer["timings"].get("total", sum(answer["timings"].values()))),
        thumb=str(feedback[-1]["thumb"]) if feedback else "",
    )


def split_periods(seen: Sequence[Seen], days: int, before_days: int, until: datetime) -> tuple[list[Seen], list[Seen]]:
    """The answers of the last `days` before `until`, and before them those of `before_days`: (before, now)."""
    start = until - timedelta(days=days)
    first = start - timedelta(days=before_days)
    return [s for s in seen if first <= s.at < start], [s for s in seen if start <= s.at <= until]


def measure_drift(
    before: Sequence[Seen], now: Sequence[Seen], limits: Mapping[str, float], fewest: int
) -> list[Measure]:
    """Every measure of the limits' file; the draws are seeded, so the same ledger gives the same report."""
    return [_MEASURES[name](before, now).judged(name, limits[name], fewest) for name in _MEASURES]


@dataclass(frozen=True, slots=True)
class _Found:
    meaning: str
    values: tuple[float | None, float | None]
    change: float | None
    sure: bool
    counts: tuple[int, int]

    def judged(self, name: str, limit: float, fewest: int) -> Measure:
        status: Status = "steady"
        if self.change is None or min(self.counts) < fewest:
            status = "too few"
        elif self.sure and abs(self.change) > limit:
            status = "shifted"
        return Measure(name, self.meaning, *self.values, self.change, limit, self.sure, *self.counts, status)


def _question_mix(before: Sequence[Seen], now: Sequence[Seen]) -> _Found:
    topics = sorted({s.topic for s in (*before, *now)})
    codes = np.array([topics.index(s.topic) for s in (*before, *now)])
    meaning = "which documents answer (population stability index)"
    return _permuted(meaning, codes, len(before), lambda a, b: stability_index(a, b, len(topics)))


def stability_index(before: Values, now: Values, size: int) -> float:
    """Population stability index of two samples of class numbers below `size`; 0 is the same mix."""
    old, new = (np.bincount(x.astype(np.int64), minlength=size) + _SMOOTHING for x in (before, now))
    p, q = old / old.sum(), new / new.sum()
    return float(((q - p) * np.log(q / p)).sum())


def _retrieval_score(before: Sequence[Seen], now: Sequence[Seen]) -> _Found:
    old, new = ([s.score for s in period if s.score is not None] for period in (before, now))
    meaning = "score of the best passage (largest gap of the distributions; medians shown)"
    found = _permuted(meaning, np.array([*old, *new], dtype=np.float64), len(old), largest_gap)
    medians = tuple(float(np.median(values)) if values else None for values in (old, new))
    return _Found(meaning, (medians[0], medians[1]), found.change, found.sure, found.counts)


def largest_gap(before: Values, now: Values) -> float:
    """Kolmogorov and Smirnov's statistic: the largest distance between two distribution functions."""
    places = np.concatenate([before, now])
    below = [np.searchsorted(np.sort(x), places, side="right") / len(x) for x in (before, now)]
    return float(np.abs(below[0] - below[1]).max())


def _permuted(meaning: str, values: Values, cut: int, distance: Callable[[Values, Values], float]) -> _Found:
    counts = (cut, len(values) - cut)
    if not min(counts):
        return _Found(meaning, (None, None), None, False, counts)
    found = distance(values[:cut], values[cut:])
    generator = np.random.default_rng(SEED)
    shuffled = (generator.permutation(values) for _ in range(RESAMPLES // 4))
    as_far = sum(distance(draw[:cut], draw[cut:]) >= found for draw in shuffled)
    return _Found(meaning, (None, None), found, as_far <= _ALPHA * RESAMPLES / 4, counts)


def _rate(meaning: str, before: Iterable[bool], now: Iterable[bool]) -> _Found:
    return _resampled(meaning, [float(x) for x in before], [float(x) for x in now], np.mean, relative=False)


def _resampled(meaning: str, before: list[float], now: list[float], of: Any, *, relative: bool) -> _Found:
    counts = (len(before), len(now))
    if not min(counts):
        return _Found(meaning, (None, None), None, False, counts)
    generator = np.random.default_rng(SEED)
    draws = [of(np.asarray(x)[generator.integers(0, len(x), (RESAMPLES, len(x)))], axis=1) for x in (before, now)]
    low, high = np.percentile(draws[1] - draws[0], [100 * _ALPHA / 2, 100 - 100 * _ALPHA / 2])
    old, new = float(of(np.asarray(before))), float(of(np.asarray(now)))
    change = (new - old) / (old if relative and old else 1.0)
    return _Found(meaning, (old, new), change, bool(low > 0 or high < 0), counts)


def _p95(values: Values, axis: int | None = None) -> Any:
    return np.percentile(values, 95, axis=axis)


def _thumbs(period: Sequence[Seen]) -> list[bool]:
    return [seen.thumb == "down" for seen in period if seen.thumb]


def _seconds(meaning: str, of: Any) -> Callable[[Sequence[Seen], Sequence[Seen]], _Found]:
    return lambda before, now: _resampled(
        meaning, [s.seconds for s in before], [s.seconds for s in now], of, relative=True
    )


_MEASURES: dict[str, Callable[[Sequence[Seen], Sequence[Seen]], _Found]] = {
    "question_mix": _question_mix,
    "abstention_rate": lambda before, now: _rate(
        "share of questions without an answer", (s.abstained for s in before), (s.abstained for s in now)
    ),
    "retrieval_score": _retrieval_score,
    "thumbs_down_rate": lambda before, now: _rate(
        "share of feedback that is a thumb down", _thumbs(before), _thumbs(now)
    ),
    "seconds_median": _seconds("seconds to an answer, median", np.median),
    "seconds_p95": _seconds("seconds to an answer, 95th percentile", _p95),
}


def load_limits(path: Path) -> tuple[dict[str, float], int]:
    """Limit by measure, and the fewest answers of a period; SettingsError (exit 3) names what is wrong."""
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
        limits = {str(name): float(limit) for name, limit in data["limits"].items()}
        if set(limits) != set(_MEASURES):
            raise ValueError(f"limits must name {', '.join(_MEASURES)}")
        return limits, int(data["fewest"])
    except (OSError, ValueError, TypeError, KeyError, AttributeError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())
        raise SettingsError(f"drift limits in {path}: {reason}", hint="see the comments in eval/drift.yaml") from None
