"""Whether a returned passage or a citation is the gold: by document, by page or section, by quote."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from eval.cases import Gold
from eval.words import overlap, words

Level = Literal["document", "place", "quote", "any"]
LEVELS: tuple[Level, ...] = ("document", "place", "quote", "any")
HALF = 0.5


@dataclass(frozen=True, slots=True)
class Passage:
    """What was returned or cited: `section` is the heading path, joined by " > "."""

    doc: str
    section: str
    page: int | None
    text: str


@dataclass(frozen=True, slots=True)
class Unit:
    """One thing to find at a level, with the gold entries any of which finds it."""

    golds: tuple[Gold, ...]
    required: bool


def units(golds: Sequence[Gold], level: Level) -> list[Unit]:
    """The distinct documents, places or quotes of the gold; entries that share one are found together."""
    grouped: dict[object, list[Gold]] = {}
    for gold in golds:
        if level == "quote" and not gold.quote:
            continue
        grouped.setdefault(_unit_key(gold, level), []).append(gold)
    found = [Unit(tuple(group), any(not g.alternative for g in group)) for group in grouped.values()]
    return found if any(unit.required for unit in found) else [Unit(unit.golds, True) for unit in found]


def _unit_key(gold: Gold, level: Level) -> object:
    if gold.part:
        return gold.part
    if level == "document":
        return gold.doc
    if level == "quote":
        return (gold.doc, gold.quote)
    return (gold.doc, gold.pages, gold.section if not gold.pages else "", "" if gold.pages or gold.section else gold)


def finds(passage: Passage, unit: Unit, level: Level) -> bool:
    """Whether the passage finds the unit at this level."""
    return any(matches(passage, gold, level) for gold in unit.golds)


def matches(passage: Passage, gold: Gold, level: Level) -> bool:
    """Whether the passage is the gold entry.

    document: the same file. place: on a gold page, or, where the passage or the gold has no page, under the gold
    heading. quote: at least half of the gold quote's words. any: place or quote.
    """
    if passage.doc != gold.doc:
        return False
    if level == "document":
        return True
    at_place = level != "quote" and _at_place(passage, gold)
    return at_place or (level != "place" and bool(gold.quote) and overlap(gold.quote, passage.text) >= HALF)


def _at_place(passage: Passage, gold: Gold) -> bool:
    if gold.pages and passage.page is not None:
        return passage.page in gold.pages
    return bool(gold.section) and under_heading(gold.section, passage.section)


def under_heading(heading: str, path: str) -> bool:
    """Whether one heading of the path is this heading; a leading "Section" and case and dashes don't matter."""
    wanted = _heading_words(heading)
    return bool(wanted) and any(_heading_words(part) == wanted for part in path.split(" > "))


def _heading_words(text: str) -> list[str]:
    found = words(text.replace("—", " ").replace("–", " "))
    return found[1:] if found[:1] in (["section"], ["chapter"]) and len(found) > 1 else found
