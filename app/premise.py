"""A question that supposes what the procedures contradict: the stated value or meaning, beside the supposed one.

Only suppositions of a plain form are looked at ("since the cut-off is 18:00, ...", "AC04 means wrong amount, right?"),
and only where all that the evidence says of the same thing agrees: a false correction is worse than none.
"""

import re
from collections.abc import Iterator, Sequence

from app.evidence import Selection
from app.question import Question
from app.statement import column_names
from app.terms import words_of
from app.unit import Unit
from app.values import conflict, reason_codes, systems
from ingest.index import Alternatives, Index

RIVAL = 0.6  # share of the best unit's score from which another unit's value counts as well
LONGEST = 6  # words of a supposed meaning
_CLAIM = r"(?P<claim>(?:[^,?;.]|[.,](?=\d))+)"
_SUPPOSES = (
    re.compile(
        r"\b(?:since|as|because|given(?: that)?|seeing (?:that|as)|now that|considering(?: that)?"
        r"|(?:i|we) (?:thought|assume|believed?|understood|(?:was|were) told)(?: that)?"
        rf"|is it (?:true|right|correct) that|isn['’]t)\s+{_CLAIM}",
        re.IGNORECASE,
    ),
    re.compile(rf"{_CLAIM},?\s*\b(?:right|correct|isn['’]t it|is that right|true)\s*\?*\s*$", re.IGNORECASE),
)
_RULE = re.compile(
    r"^(?P<subject>.*\b(?:cut[- ]?offs?|deadlines?|limits?|thresholds?|ceilings?|caps?|maximum|minimum|windows?"
    r"|periods?|retention|tolerances?|fees?)\b.*?)\s+(?:is|are|was|were|=|ends?|closes?|lasts?)\s+(?P<value>.*\d.*|.*\b(?:one|two"
    r"|three|four|five|six|seven|eight|nine|ten|twelve|noon|midnight)\b.*)$",
    re.IGNORECASE,
)
_MEANING = re.compile(
    r"\b(?P<code>[A-Za-z]{2}\d{2}|[RC]\d{2})\s+(?:is|means|stands for|=)\s+(?:an? |the )?(?P<meaning>\S.*)$",
    re.IGNORECASE,
)
_VALUES = {
    "time": re.compile(r"\b(?:[01]?\d|2[0-3])[:.][0-5]\d\b(?:\s?[ap]\.?m\b)?|\b\d{1,2} ?[ap]\.?m\b", re.IGNORECASE),
    "period": re.compile(
        r"\b(?:\d+|one|two|three|four|five|six|seven|eight|nine|ten|twelve|fifteen|twenty|thirty|sixty|ninety)[- ]"
        r"(?:(?:business|calendar|banking|working)[- ])?(?:minute|hour|day|week|month|year)s?\b",
        re.IGNORECASE,
    ),
    "percentage": re.compile(r"\b\d+(?:\.\d+)? ?(?:%|percent\b|per cent\b)", re.IGNORECASE),
    "amount": re.compile(
        r"(?:\b[A-Z]{3}|[$€£¥]) ?\d[\d,.]*\d(?: ?(?:million|billion|mio|mn|bn|m|k)\b)?"
        r"|\b\d[\d,.]* ?(?:(?:million|billion|mio|mn|bn|m|k) )?[A-Z]{3}\b"
    ),
}
_QUALIFIERS = frozenset({"busi", "calendar", "bank", "work"})  # of days: they rarely are what is supposed wrongly


def corrections(question: Question, selection: Selection, index: Index) -> Iterator[tuple[str, Unit]]:
    """Sentences that say what the procedures have instead of what is supposed, each with the unit that states it."""
    for pattern in _SUPPOSES:
        for found in pattern.finditer(question.asked):
            claim = found["claim"].strip()
            if rule := _RULE.match(claim):
                yield from _correct_value(question, rule["subject"], rule["value"], selection, index)
            elif meaning := _MEANING.search(claim):
                yield from _correct_meaning(question, meaning["code"].upper(), meaning["meaning"], selection, index)


def _correct_value(
    question: Question, subject: str, value: str, selection: Selection, index: Index
) -> Iterator[tuple[str, Unit]]:
    supposed = {kind: found for kind, pattern in _VALUES.items() if (found := pattern.findall(value))}
    if len(supposed) != 1:
        return
    ((kind, (said, *more)),) = supposed.items()
    about = _groups(question, subject)
    floor = RIVAL * selection.ranked[0].score
    near = [unit for unit in selection.ranked if unit.score >= floor]
    # By the subject's own words if any unit has them all, else by synonyms: a client is not always a customer.
    own = [group[:1] for group in about]
    like = [u for u in near if _speaks_of(u, own, subject, index)] or [
        u for u in near if _speaks_of(u, about, subject, index)
    ]
    speaking = [(unit, stated) for unit in like if (stated := _stated(kind, unit, about, index))]
    values = {frozenset(map(_normal, stated)) for _, stated in speaking}
    if more or len(values) != 1 or len(first := next(iter(values))) != 1 or _normal(said) in first:
        return
    unit, (shown, *_) = speaking[0]
    if unit in selection.chosen:
        yield f"The procedures say {shown}, not {said}.", unit


def _groups(question: Question, text: str) -> list[Alternatives]:
    """The question's terms that stand in the text, with their synonyms."""
    words = words_of(text)
    return [group for group in question.searched if group[0] in words]


def _speaks_of(unit: Unit, about: Sequence[Alternatives], subject: str, index: Index) -> bool:
    """Whether the unit, with what stands above it, has every word of the subject and is about no other thing."""
    around = [unit.text, unit.hit.section, unit.hit.title, " ".join(column_names(unit, index))]
    words = words_of("\n".join(around))
    named = systems(subject)
    return (
        not unit.hostile
        and len(about) > 1
        and all(not words.isdisjoint(group) for group in about)
        and named <= systems("\n".join(around))
        and not conflict(subject, around)
    )


def _stated(kind: str, unit: Unit, about: Sequence[Alternatives], index: Index) -> list[str]:
    """The values of that kind; in a table row, those under the column that the subject names."""
    cells, header = unit.text.split(" | "), column_names(unit, index)
    if len(cells) != len(header):
        return _VALUES[kind].findall(unit.text)
    found = [(sum(not words_of(name).isdisjoint(g) for g in about), _VALUES[kind].findall(cell))
             for name, cell in zip(header, cells, strict=True)]  # fmt: skip
    best = max((named for named, values in found if values), default=0)
    fitting = [values for named, values in found if values and named == best]
    return fitting[0] if len(fitting) == 1 else []


def _normal(value: str) -> frozenset[str]:
    """The value without its spelling: 6 pm is 18:00, two days are 2 days."""
    return words_of(value) - _QUALIFIERS


def _correct_meaning(
    question: Question, code: str, meaning: str, selection: Selection, index: Index
) -> Iterator[tuple[str, Unit]]:
    about = [g for g in _groups(question, meaning) if not reason_codes(g[0].upper())]
    rows = [u for u in selection.ranked if u.kind == "row" and code in reason_codes(u.text.split(" | ")[0].upper())]
    if not rows or not 0 < len(about) <= LONGEST or not all(_means_otherwise(row, about, index) for row in rows):
        return
    row = next((row for row in rows if row in selection.chosen), None)
    if row:
        name = row.text.split(" | ")[1]
        yield f"The procedures say that {code} is “{name}”, not “{meaning.strip()}”.", row


def _means_otherwise(row: Unit, about: Sequence[Alternatives], index: Index) -> bool:
    """Whether the row has none of the words, or the row of another code in its table has all and this one has not."""
    words = words_of(row.text)
    held = [not words.isdisjoint(group) for group in about]
    if not any(held):
        return True
    chunk = index.chunk(row.chunk_id)
    others = [words_of(line) for line in chunk.text.split("\n") if " | " in line and line != row.text] if chunk else []
    return not all(held) and any(all(not other.isdisjoint(group) for group in about) for other in others)
