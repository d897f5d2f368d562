"""Whether the evidence answers the question at all; decided here, never by the model."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from app.evidence import Selection, Unit
from app.question import Question
from app.terms import weigh_terms, words_of
from app.values import currencies, messages, reason_codes, shows, systems
from ingest.index import Index
from ingest.lexical import analyse


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """Below this value the procedures are taken not to answer (see `make calibrate`)."""

    closeness: float = 0.6


def why_not(question: Question, selection: Selection, index: Index, point: OperatingPoint | None = None) -> str:
    """One clause that says why nothing found answers the question, or "" when something does."""
    point = point or OperatingPoint()
    if not selection.chosen:
        return "nothing found is about this"
    missing = _missing_names(question, selection, index)
    if missing:
        return f"nothing found mentions {', '.join(missing)}"
    if closeness(question, selection, index) < point.closeness:
        return "nothing found is close enough to this"
    return _no_value(question, selection)


def closeness(question: Question, selection: Selection, index: Index) -> float:
    """How near the evidence comes to the question.

    The best cosine and the best share of the question's terms among the first three hits.
    """
    terms = weigh_terms(question, index)
    hits = list({unit.hit.chunk_id: unit.hit for unit in sorted(selection.ranked, key=lambda u: -u.hit.score)}.values())
    shares = [terms.share_in(words_of(f"{hit.text}\n{hit.section}\n{hit.title}")) for hit in hits[:3]]
    similarity = max(hit.similarity for hit in hits[:3])
    return similarity + max(shares)


def _known(group: Sequence[str], index: Index) -> bool:
    return any(index.document_frequency(term) for term in group)


def _no_value(question: Question, selection: Selection) -> str:
    """A time, amount or duration was asked for, but none stands with the payment system and currency asked about."""
    if question.wants not in ("time", "amount", "duration"):
        return ""
    asked = systems(question.asked) | currencies(question.asked)
    for unit in selection.ranked:
        around = f"{unit.text}\n{unit.hit.section}\n{unit.hit.title}"
        if _states(question.wants, unit.text) and asked <= systems(around) | currencies(around) | _siblings(
            unit, asked
        ):
            return ""
    about = f", for {', '.join(sorted(name.upper() for name in asked))}" if asked else ""
    return f"nothing found states the {question.wants} asked for{about}"


def _states(kind: str, text: str) -> bool:
    # A deadline may be a time of day or a period; people ask for both with the same words.
    return shows(kind, text) or (kind == "time" and (shows("duration", text) or bool(_DAY.search(text))))


_DAY = re.compile(
    r"\b(?:mon|tues|wednes|thurs|fri|satur|sun)day\b"
    r"|\b(?:next|same|second|third|fifth|\d+(?:st|nd|rd|th)) (?:business |banking )?day\b"
    r"|\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]* \d{1,2}\b"
    r"|\b\d{1,2} (?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)",
    re.IGNORECASE,
)


def _siblings(unit: Unit, asked: set[str]) -> set[str]:
    """A list or table under a sentence that names the system is about it, too."""
    intro = unit.hit.text.split("\n")[0]
    return asked & (systems(intro) | currencies(intro))


def _missing_names(question: Question, selection: Selection, index: Index) -> list[str]:
    """Identifiers in the question that the library does not know, and codes or currencies that no hit is about."""
    hits = {unit.hit.chunk_id: unit.hit for unit in selection.ranked}.values()
    text = "\n".join(f"{hit.text}\n{hit.section}\n{hit.title}" for hit in hits)
    present = words_of(text)
    synonyms = {term: group for group in question.searched for term in group[:1]}
    absent = {name.upper() for name in currencies(question.asked) - currencies(text)}
    for name in question.names:
        term = next(iter(analyse(name)), "")  # of "REP-03" the whole identifier, not its halves
        if not term:
            continue
        group = synonyms.get(term, (term,))
        known = _known(group, index)
        wanted = bool(reason_codes(name.upper()) | messages(name))
        if not known or (wanted and present.isdisjoint(group)):
            absent.add(name.upper())
    return sorted(absent)
