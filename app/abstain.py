"""Whether the evidence answers the question at all; decided here, never by the model."""

import re
from dataclasses import dataclass

from app.evidence import Selection, Unit
from app.question import Question
from app.values import currencies, messages, reason_codes, shows, systems
from ingest.index import Index
from ingest.lexical import analyse


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """Below this value the procedures are taken not to answer (see `make calibrate`)."""

    closeness: float = 0.7  # idf-weighted share of the question's terms found + cosine of question and best passage


def why_not(question: Question, selection: Selection, index: Index, point: OperatingPoint | None = None) -> str:
    """One clause that says why nothing found answers the question, or "" when something does."""
    point = point or OperatingPoint()
    if not selection.chosen:
        return "nothing found is about this"
    missing = _missing_names(question, selection, index)
    if missing:
        return f"nothing found mentions {', '.join(missing)}"
    best = selection.chosen[0]
    coverage = max(unit.coverage for unit in selection.chosen)
    if coverage + best.hit.similarity < point.closeness:
        return "nothing found is close enough to this"
    return _no_value(question, selection)


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
    """Names in the question that stand nowhere in the evidence; of the loose ones, only those nobody ever wrote."""
    text = "\n".join(f"{u.hit.text}\n{u.hit.section}\n{u.hit.title}" for u in selection.chosen)
    present = set(analyse(text))
    strict = reason_codes(question.asked) | messages(question.asked)
    absent = {name.upper() for name in strict if not set(analyse(name)) <= present}
    absent |= {name.upper() for name in currencies(question.asked) - currencies(text)}
    for name in question.names:
        terms = analyse(name)
        if terms and all(index.document_frequency(term) == 0 for term in terms):
            absent.add(name.upper())
    return sorted(absent)
