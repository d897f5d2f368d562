"""A question that can mean several things gets them as choices, taken from what was found."""

from collections.abc import Sequence

from app.evidence import Selection
from app.question import Question
from app.unit import Unit
from app.values import has_value, messages, reason_codes, shows, systems

RIVAL = 0.8  # share of the best unit's score from which another reading is as likely
MOST = 4


def choices(question: Question, selection: Selection) -> tuple[str, ...]:
    """What the question may be about, two to four names; nothing where it is clear."""
    if not selection.ranked:
        return ()
    rivals = [unit for unit in selection.ranked if unit.score >= RIVAL * selection.ranked[0].score]
    found = _meanings_of_code(question, selection.ranked) or _systems(question, rivals)
    return found[:MOST] if len(found) > 1 else ()


def narrow(question: str, choice: str) -> str:
    """The question with one of its choices, ready to be asked."""
    code, _, rest = choice.partition(" in ")
    said = f"in {rest}" if rest and code in question.upper() else f"({choice})"
    return f"{question.rstrip(' ?.!')} {said}?"


def _meanings_of_code(question: Question, ranked: Sequence[Unit]) -> tuple[str, ...]:
    """The message types in which the question's one reason code has a meaning of its own."""
    codes = sorted(reason_codes(question.text.upper()))
    if len(codes) != 1 or messages(question.text):
        return ()
    rows = [unit for unit in ranked if unit.kind == "row" and codes[0] in unit.text.split(" | ")[0]]
    types = dict.fromkeys(name for unit in rows for name in sorted(messages(f"{unit.heading}\n{unit.hit.title}")))
    return tuple(f"{codes[0]} in {name}" for name in types)


def _systems(question: Question, rivals: Sequence[Unit]) -> tuple[str, ...]:
    """The payment systems for which the value asked for is stated, if the question names none."""
    if not has_value(question.wants) or question.wants == "person" or systems(question.text) or question.keys:
        return ()
    stating = [unit for unit in rivals if shows(question.wants, unit.text)]
    named = [systems(unit.text) or systems(unit.hit.title) for unit in stating]
    return tuple(dict.fromkeys(name.upper() for names in named if len(names) == 1 for name in names))
