"""An amount in the question against the amounts that the evidence draws a line at: which side applies."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from app.question import Question
from app.unit import Unit
from app.values import currencies

MOST = 2  # sentences that are compared with
FARTHEST = 100  # times as much, or as little: such a line is hardly about this amount
ABOUT = 0.1  # share of the question that a sentence with its headings must hold
_SCALES = {"k": 3, "thousand": 3, "m": 6, "mn": 6, "mm": 6, "mio": 6, "mln": 6, "million": 6, "bn": 9, "billion": 9}
_AMOUNT = re.compile(
    r"(?P<sign>\b[A-Za-z]{3}\b ?|[$€£¥] ?)?(?<![\w.,:/-])(?P<number>\d{1,3}(?:[,'’]\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)"
    r"(?: ?(?P<scale>k|thousand|mm|mn|mio|mln|million|m|bn|billion)\b)?"
    r"(?![\d:%-]|[.,]\d)(?P<after> (?:[A-Za-z]{3}\b|[a-z]* ?(?:dollars?|euros?|francs?|sterling|yen)\b))?",
    re.IGNORECASE,
)
_LINE = re.compile(
    r"\b(?:above|over|exceed(?:s|ing)?|(?:more|greater|less|higher|lower) than|at least|up to|below|under|limits?"
    r"|minimum|maximum|thresholds?|ceiling|or more|or less|from)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Amount:
    """A sum of money; `currency` is its ISO code in lower case, or "" where the text names none beside it."""

    value: float
    currency: str

    def __str__(self) -> str:
        number = f"{self.value:,.2f}".removesuffix(".00")
        return f"{self.currency.upper()} {number}".strip()


def amounts(text: str) -> Iterator[Amount]:
    """The sums in the text: numbers with a currency beside them, or a scale (62k), or thousands (62,000)."""
    for found in _AMOUNT.finditer(text):
        beside = currencies(f"{found['sign'] or ''} 1 {found['after'] or ''}")
        number = re.sub(r"[,'’]", "", found["number"])
        if len(beside) <= 1 and (beside or found["scale"] or number != found["number"]):
            scale = _SCALES[found["scale"].lower()] if found["scale"] else 0
            yield Amount(round(float(number) * 10**scale, 2), next(iter(beside), ""))


def compare(question: Question, units: Sequence[Unit]) -> Iterator[tuple[str, Unit]]:
    """Sentences that say on which side of a stated line the question's amount lies, each with the unit that states it.

    Only where the question names one amount, and the unit one currency: the question's, if it names any.
    """
    asked = dict.fromkeys(amounts(question.asked))
    named = currencies(question.asked)
    if len(asked) != 1 or len(named) > 1:
        return
    own = Amount(next(iter(asked)).value, next(iter(named), ""))
    best_first = sorted(units, key=lambda unit: -unit.score)
    stating = [unit for unit in best_first if unit.coverage >= ABOUT and _LINE.search(unit.text)]
    compared = ((_side(own, list(dict.fromkeys(amounts(unit.text)))), unit) for unit in stating)
    yield from islice(((sentence, unit) for sentence, unit in compared if sentence), MOST)


def _side(own: Amount, lines: Sequence[Amount]) -> str:
    stated = {line.currency for line in lines}
    lines = [line for line in lines if 1 / FARTHEST <= line.value / (own.value or 1) <= FARTHEST]
    if not lines or len(stated) != 1 or "" in stated or own.currency not in ("", *stated):
        return ""
    lower = max((line for line in lines if line.value < own.value), key=lambda line: line.value, default=None)
    upper = min((line for line in lines if line.value > own.value), key=lambda line: line.value, default=None)
    equal = next((line for line in lines if line.value == own.value), None)
    if equal:
        side = f"is exactly the {equal} stated here"
    elif lower and upper:
        side = f"lies between the {lower} and the {upper} stated here"
    else:
        side = f"is above the {lower} stated here" if lower else f"is below the {upper} stated here"
    unnamed = "" if own.currency else " (the question names no currency)"
    return f"{own} {side}{unnamed}."
