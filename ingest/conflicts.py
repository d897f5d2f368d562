"""Passages of different documents in force that speak of the same thing and name different values.

Two sentences or rows disagree when most of their other words agree but their times, amounts, periods or days have
nothing in common, and when nothing says that they are about different things: another code, currency, message or rail.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

import numpy as np

from ingest.index import Index, IndexedDocument
from ingest.lexical import analyse
from ingest.register import Record
from ingest.units import unit_spans

ALIKE = 0.38  # weighted share of all their words without digits that both have, more for near vectors
NEAR = 0.5  # cosine of their vectors
LEAST = 3  # words that both have: two bare values say nothing of what they are values of
LABELLED = 0.3  # share of the words of a row's label that the other must have
_BLOCK = 512

_VALUES = {
    "time": re.compile(r"\b(?:[01]?\d|2[0-3])[:.][0-5]\d\b"),
    "amount": re.compile(r"(?:\b[A-Z]{3}|[$€£¥])\s?\d[\d,.]*\d(?:\s?(?:million|billion|mio|m|k)\b)?"),
    "period": re.compile(
        r"\b(?:\d+|one|two|three|four|five|six|seven|eight|nine|ten|fifteen|twenty|thirty)"
        r"[- ](?:(?:business|calendar|banking|working)[- ])?(?:minute|hour|day|week|month|year)s?\b",
        re.IGNORECASE,
    ),
    # "by the 10th business day", "by day 15": the number alone is compared
    "day": re.compile(
        r"\b(?:(\d+)(?:st|nd|rd|th) (?:(?:business|calendar|banking|working) )?day|day (\d+))\b", re.IGNORECASE
    ),
}
_IN_BRACKETS = re.compile(r"\([^()]*\)")
_CODE = re.compile(r"\b(?:[A-Z]{2}\d{2}|[A-Z]\d{2,3}|[A-Z]{4})\b")
_SUBJECT = re.compile(
    r"\b(?:(?:pacs|pain|camt|acmt|admi)\.\d{3}|MT ?\d{3}|fedwire|fednow|chips|chaps|swift|sepa|ach|rtp|t2|bacs"
    r"|sct inst|sct|sdd|USD|EUR|GBP|JPY|CHF|CAD|AUD|SEK|NOK|DKK)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Claim:
    """A sentence, step or row that names values: its words without digits, what it is about, its values by kind.

    The `label` of a row is its first cell without what it has in brackets: what its values belong to. Sentences have
    none.
    """

    text: str
    words: frozenset[str]
    label: frozenset[str]
    subjects: frozenset[str]
    codes: frozenset[str]
    values: tuple[tuple[str, frozenset[str]], ...]


@dataclass(frozen=True, slots=True)
class Side:
    """What one document says: `text` begins at character `start` of the chunk `chunk_id`."""

    record: Record
    text: str
    chunk_id: str
    start: int


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two passages that disagree about a kind of value (time, amount, period, day)."""

    kind: str
    alike: float
    first: Side
    second: Side


@lru_cache(maxsize=20_000)
def claim_of(text: str) -> Claim:
    """What a sentence, step or row claims; without values it can't disagree with anything."""
    values = tuple((kind, found) for kind, pattern in _VALUES.items() if (found := _normal(pattern.findall(text))))
    return Claim(
        text=text,
        words=_words(text),
        label=_words(_IN_BRACKETS.sub("", text.partition(" | ")[0])) if " | " in text else frozenset(),
        subjects=frozenset(name.lower().replace(" ", "") for name in _SUBJECT.findall(text)),
        codes=frozenset(_CODE.findall(text)),
        values=values,
    )


def _words(text: str) -> frozenset[str]:
    return frozenset(term for term in analyse(text) if not any(char.isdigit() for char in term))


def _normal(values: Sequence[str | tuple[str, ...]]) -> frozenset[str]:
    return frozenset(re.sub(r"[\s,-]|s$", "", "".join(value).lower()) for value in values)


def disagree(first: Claim, second: Claim, weight: Callable[[str], float], cosine: float) -> tuple[str, float]:
    """The kind of value about which two claims disagree ("" for none), and how alike they are otherwise, 0 to 1."""
    mine, theirs = dict(first.values), dict(second.values)
    kinds = [kind for kind in mine if kind in theirs and not mine[kind] & theirs[kind]]
    if not kinds or _apart(first.subjects, second.subjects) or _apart(first.codes, second.codes):
        return "", 0.0
    common = first.words & second.words
    if len(common) < LEAST or not all(_speaks_of(*sides) for sides in ((first, second), (second, first))):
        return "", 0.0
    alike = sum(weight(word) for word in common) / (sum(weight(word) for word in first.words | second.words) or 1.0)
    alike = min(1.0, alike + 0.3 * max(0.0, cosine - NEAR))
    return (kinds[0], alike) if alike >= ALIKE else ("", alike)


def _speaks_of(one: Claim, other: Claim) -> bool:
    """Whether a row's label is what the other claim speaks of, too."""
    return len(one.label & other.words) >= LABELLED * len(one.label)


def _apart(first: frozenset[str], second: frozenset[str]) -> bool:
    return bool(first and second) and first.isdisjoint(second)


def may_disagree(first: Record, second: Record) -> bool:
    """Whether both are about a common rail and are different documents, not versions of one."""
    rails = not first.rails or not second.rails or bool(set(first.rails) & set(second.rails))
    return first.doc_id != second.doc_id and rails


def find_conflicts(index: Index, on: date, permitted: Callable[[IndexedDocument], bool]) -> list[Conflict]:
    """The pairs among the permitted documents in force on that day, the most alike first.

    Each claim is compared with each other in blocks: minutes for a hundred thousand claims.
    """
    claims = list(_claims(index, lambda document: document.record.in_force(on) and permitted(document)))
    if not claims:
        return []
    sides = [side for side, _ in claims]
    vectors = np.stack([vector for _, vector in claims])
    found: list[Conflict] = []

    def weight(term: str) -> float:
        return float(np.log(1 + len(index) / (1 + index.document_frequency(term))))

    for start in range(0, len(claims), _BLOCK):
        cosines = vectors[start : start + _BLOCK] @ vectors.T
        for row, column in zip(*np.nonzero(cosines >= NEAR), strict=True):
            a, b = start + int(row), int(column)
            if a < b and may_disagree(sides[a].record, sides[b].record):
                first, second = claim_of(sides[a].text), claim_of(sides[b].text)
                kind, alike = disagree(first, second, weight, float(cosines[row, column]))
                if kind:
                    found.append(Conflict(kind, round(alike, 3), sides[a], sides[b]))
    return sorted(found, key=lambda conflict: -conflict.alike)


def _claims(
    index: Index, wanted: Callable[[IndexedDocument], bool]
) -> Iterator[tuple[Side, "np.ndarray[tuple[int, ...], np.dtype[np.float32]]"]]:
    for number, document in enumerate(index.documents):
        if wanted(document):
            for row, chunk in zip(index.rows_of(number), index.document_chunks(number), strict=True):
                vectors = index.unit_vectors(row)
                for span, vector in zip(unit_spans(chunk), vectors, strict=True):
                    text = chunk.text[span.start : span.end]
                    if claim_of(text).values:
                        yield Side(document.record, text, chunk.id, span.start), vector
