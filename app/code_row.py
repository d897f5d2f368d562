"""Table rows about an identifier: a reason code, a status, a message type in the first cell."""

import re

from app.question import Question
from app.terms import words_of

_ACTION_COLUMN = re.compile(
    r"(?:^|\|) *do *(?:\||$)"
    r"|\b(?:(?:to|we|you|must|shall|should) do|actions?|handling|next steps?|treatment|reaction)\b",
    re.IGNORECASE,
)
# Questions about a code that another column answers: its meaning, a difference, a time, a person.
_OTHERWISE = re.compile(
    r"\bmean|\bsame\b|\bdifferen|\bvs\b|\bversus\b|\bstands? for\b|\bconfus|\b(?:when|why|where|which|who)\b",
    re.IGNORECASE,
)


def defines(question: Question, line: str) -> bool:
    """Whether the line is a table row about one of the question's identifiers: its first cell names it."""
    first, bar, _ = line.partition(" | ")
    return bool(bar) and any(not words_of(first).isdisjoint(group) for group in question.keys)


def says_what_to_do(question: Question, header: str, row: str) -> bool:
    """Whether the row is about one identifier of the question alone, and its table has a column for what to do."""
    if question.wants not in ("steps", "other") or _OTHERWISE.search(question.asked):
        return False
    first = words_of(row.partition(" | ")[0])
    return bool(first and _ACTION_COLUMN.search(header) and any(first.issubset(group) for group in question.keys))
