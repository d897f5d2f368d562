"""Whether the evidence answers the question at all; decided here, never by the model."""

import re
from collections.abc import Callable, Sequence, Set

from app.change import unproved_change
from app.confidence import GROUNDLESS, grounds
from app.evidence import Selection
from app.question import Question
from app.retrieve import Hit
from app.terms import words_of
from app.unit import Unit
from app.values import currencies, has_value, messages, places, reason_codes, shows, systems, years
from ingest.lexical import analyse

CLOSE = 0.36  # below it a question without a known identifier is taken to be about something else


def why_not(question: Question, selection: Selection, known: Set[str], rails: Sequence[str] = ()) -> str:
    """One clause that says why nothing found answers the question, or "" when something does.

    `known` are the terms of the question that the reader's own documents have: what is said here must not depend on
    documents that the reader may not see. `rails` are those that the search was limited to: all found is about them.
    """
    if not selection.chosen:
        return "nothing found is about this"
    named = systems(question.asked) - set(rails)
    missing = _missing_names(question, selection, known, named)
    if missing:
        return f"nothing found mentions {', '.join(missing)}"
    if change := unproved_change(question, selection):
        return change
    if _too_far(question, selection, known, named):
        return "nothing found is close enough to this"
    return _no_value(question, selection, named)


def _too_far(question: Question, selection: Selection, known: Set[str], named: Set[str]) -> bool:
    """Whether nothing found is likely to answer. A known identifier is better evidence than any likeness; a value of
    the asked kind, for the payment system or currency asked about, in the best unit is better than any chance."""
    if not (selection.was_read or question.keys) and closeness(question, selection, known) < CLOSE:
        return True  # a reader tells better
    asked = named | currencies(question.asked)
    stated = bool(asked) and has_value(question.wants) and _states_for(question, selection.ranked[0], asked)
    return not stated and grounds(question, selection) < GROUNDLESS


def closeness(question: Question, selection: Selection, known: Set[str]) -> float:
    """How near the evidence comes to the question, mostly from 0 to 1.

    The cosine of the nearest passage; a little more where it has the question's words one by one, a little less
    where the library has never heard them. Identifiers are better evidence than any of these.
    """
    strange = [term not in known for term in question.terms]
    share = sum(strange) / len(strange) if strange else 1.0
    return selection.similarity + 0.2 * selection.likeness - 0.2 * share


def _no_value(question: Question, selection: Selection, named: Set[str]) -> str:
    """A time, amount or duration was asked for, but none stands with the payment system and currency asked about."""
    if not has_value(question.wants) or question.wants == "person":
        return ""
    asked = named | currencies(question.asked)
    for unit in selection.ranked:
        if unit.hit not in selection.closest:
            continue
        if _states_for(question, unit, asked):
            return ""
    about = f", for {', '.join(sorted(name.upper() for name in asked))}" if asked else ""
    return f"nothing found states the {question.wants} asked for{about}"


def _states_for(question: Question, unit: Unit, asked: Set[str]) -> bool:
    around = unit.with_headings
    about = systems(around) | currencies(around) | _siblings(unit, asked)
    return _states(question.wants, unit.text) and asked <= about


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


def _siblings(unit: Unit, asked: Set[str]) -> Set[str]:
    """A list or table under a sentence that names the system is about it, too."""
    intro = unit.hit.text.split("\n")[0]
    return asked & (systems(intro) | currencies(intro))


def _missing_names(question: Question, selection: Selection, known: Set[str], named: Set[str]) -> list[str]:
    """What the question names and nothing found is about: identifiers, currencies, `named` systems, places, years."""
    text = "\n".join(hit.with_headings for hit in selection.closest)
    asked = question.asked
    absent = _missing_currencies(asked, text) | (named and named - systems(text))
    for name in _lacks(places, asked, text) | _lacks(years, asked, text):
        if not all(term in known for term in analyse(name)):
            absent |= {name}
    absent |= {name for name in question.names if _is_missing(name, question, words_of(text), known)}
    if not absent and (apart := _never_together(question, selection.closest)):
        return [apart]
    return [] if absent and _unlisted(absent, selection) else sorted({name.upper() for name in absent})


def _lacks(find: Callable[[str], Set[str]], asked: str, text: str) -> Set[str]:
    wanted = find(asked)
    return wanted and wanted - find(text)  # most questions name none, and the text is long


def _missing_currencies(asked: str, text: str) -> Set[str]:
    wanted = currencies(asked)
    found = currencies(text) if wanted else wanted
    # Two of which none is found: the question is about conversion, and a rule on it need not name any.
    return set() if len(wanted) > 1 and wanted.isdisjoint(found) else wanted - found


_DECIMAL = re.compile(r"\d+\.\d+")  # the number of a section or version, a score, a quantity


def _is_missing(name: str, question: Question, present: frozenset[str], known: Set[str]) -> bool:
    """An identifier that the library does not know, or a code or message type that no hit is about."""
    term = next(iter(analyse(name)), "")  # of "REP-03" the whole identifier, not its halves
    if not term or systems(name) or _DECIMAL.fullmatch(name):
        return False
    group = next((group for group in question.searched if group[0] == term), (term,))
    wanted = bool(reason_codes(name.upper()) | messages(name))
    return term not in known or (wanted and present.isdisjoint(group))


def _never_together(question: Question, hits: Sequence[Hit]) -> str:
    """A code and a message type that no passage speaks of together: the same letters mean other things elsewhere."""
    codes = [g for g in question.keys if reason_codes(g[0].upper())]
    types = [g for g in question.keys if messages(g[0])]
    if not codes or not types:
        return ""
    words = [words_of(hit.with_headings) for hit in hits]
    together = any(not w.isdisjoint(code) and not w.isdisjoint(kind) for w in words for code in codes for kind in types)
    return "" if together else f"{codes[0][0].upper()} with {types[0][0]}"


_OTHERS = re.compile(
    r"\b(?:not|un)[- ]?listed\b|\bany other codes?\b|\ball other codes?\b|\bcode that is not\b", re.IGNORECASE
)


def _unlisted(absent: Set[str], selection: Selection) -> bool:
    """Whether only codes are missing, and a passage says what to do with codes that no table lists."""
    if not all(reason_codes(name.upper()) for name in absent):
        return False
    return any(_OTHERS.search(f"{unit.text}\n{unit.heading}") for unit in selection.chosen)
