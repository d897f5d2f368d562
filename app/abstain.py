"""Whether the evidence answers the question at all; decided here, never by the model."""

from dataclasses import dataclass

from app.evidence import Selection, shows
from app.question import Question
from app.values import currencies, messages, reason_codes
from ingest.index import Index
from ingest.lexical import analyse


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """Below these values the procedures are taken not to answer (see `make calibrate`)."""

    coverage: float = 0.35
    similarity: float = 0.30


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
    if coverage < point.coverage and best.hit.similarity < point.similarity:
        return "nothing found is close enough to this"
    if question.wants in ("time", "amount", "duration") and not any(
        shows(question.wants, unit.text) or shows("duration", unit.text) for unit in selection.ranked[:10]
    ):
        return f"nothing found states the {question.wants} asked for"
    return ""


def _missing_names(question: Question, selection: Selection, index: Index) -> list[str]:
    """Names in the question that stand nowhere in the evidence; of the loose ones, only those nobody ever wrote."""
    text = "\n".join(f"{u.hit.text}\n{u.hit.section}\n{u.hit.title}" for u in selection.chosen)
    present = set(analyse(text))
    strict = reason_codes(question.asked) | messages(question.asked)
    absent = [name for name in sorted(strict) if not set(analyse(name)) <= present]
    absent += [c.upper() for c in sorted(currencies(question.asked) - currencies(text))]
    for name in question.names:
        terms = analyse(name)
        if name not in absent and terms and all(index.document_frequency(term) == 0 for term in terms):
            absent.append(name)
    return absent
