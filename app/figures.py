"""How the assistant has been doing, from the ledger: times, tokens, cost, and how often nothing was answered."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from app.ledger import Ledger

_PATHS = ("$.answer.timings", "$.usage", "$.answer.abstained", "$.answer.composed_by", "$.at")


@dataclass(frozen=True, slots=True)
class Figures:
    """Over the last `answers`: seconds as (median, 95th percentile), tokens, and dollars (None: no prices set).

    `search` is until the passages stand, `whole` until the answer is complete; `whole_model` only where a model
    worded it, or None.
    """

    answers: int
    abstained: int
    since: str
    search: tuple[float, float] | None
    whole: tuple[float, float] | None
    whole_model: tuple[float, float] | None
    input_tokens: int
    output_tokens: int
    cost: float | None


def measure(ledger: Ledger, count: int = 1000) -> Figures:
    """The figures of the last `count` answers."""
    rows = [values for _, values in ledger.extract(_PATHS, count)]
    timings = [timing or {} for timing, *_ in rows]
    usages = [usage for _, usage, *_ in rows if usage]
    costs = [usage["cost"] for usage in usages if usage.get("cost") is not None]
    search = [t["retrieve"] + t["select"] for t in timings if {"retrieve", "select"} <= t.keys()]
    whole = [(t["total"], row[3] == "model") for t, row in zip(timings, rows, strict=True) if "total" in t]
    return Figures(
        answers=len(rows),
        abstained=sum(bool(row[2]) for row in rows),
        since=str(rows[-1][4])[:10] if rows else "",
        search=_middle_and_slow(search),
        whole=_middle_and_slow([seconds for seconds, _ in whole]),
        whole_model=_middle_and_slow([seconds for seconds, worded in whole if worded]),
        input_tokens=sum(usage["input_tokens"] for usage in usages),
        output_tokens=sum(usage["output_tokens"] for usage in usages),
        cost=round(sum(costs), 4) if costs else None,
    )


def _middle_and_slow(seconds: Sequence[float]) -> tuple[float, float] | None:
    """The 50th and 95th percentile by nearest rank: a time that was really measured."""
    ordered = sorted(seconds)
    return (_rank(ordered, 0.5), _rank(ordered, 0.95)) if ordered else None


def _rank(ordered: Sequence[float], share: float) -> float:
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]
