"""Every statement against its quotes: what the quotes don't say is not shown as an answer."""

import re
from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from app.hostile import addresses, imitates_citation
from app.values import conflict, currencies, negated, numbers
from ingest.lexical import analyse

MIN_SUPPORT = 0.6  # share of a statement's content terms that its quotes, headings or the question must contain
HALF = 0.5  # share of the words of another row's first cell that a statement must have to be about that row
_PROPER_NAME = re.compile(r"(?<![.!?:]\s)(?<!^)\b[A-Z][A-Za-z]*[A-Z0-9]\w*\b|(?<=[a-z,] )\b[A-Z][a-z]{2,}\b")


def problem_with(statement: str, quotes: Sequence[str], question: str, context: Sequence[str] = ()) -> str:
    """Why the statement is not proved by its quotes, or "" when it is.

    `context` holds the headings and titles above the quotes: they may supply names and words, never numbers.
    """
    if not quotes:
        return "no passage is cited"
    if analyse(statement) == analyse(question):
        return "the statement only repeats the question"
    quoted = "\n".join(quotes)
    around = "\n".join([quoted, *context])
    return (
        _missing("number", numbers(statement) - numbers(quoted) - numbers("\n".join(context)))
        or _missing("address", {address for address in addresses(statement) if address not in quoted.lower()})
        or ("the statement imitates a citation" if imitates_citation(statement) else "")
        or _missing("currency", currencies(statement) - currencies(around))
        or _missing("name", _names(statement) - _folded(around) - _folded(question))
        or ("the passage says no where the statement does not" if _polarity_differs(statement, quotes) else "")
        or conflict(question, [quoted, *context])
        or _weak_support(statement, around, question)
    )


def _missing(what: str, values: AbstractSet[str]) -> str:
    return f"{what} not in the cited passage: {', '.join(sorted(values))}" if values else ""


def _names(text: str) -> set[str]:
    return {name.lower() for name in _PROPER_NAME.findall(text)}


def _folded(text: str) -> set[str]:
    return {word.lower() for word in re.findall(r"[\w.]*\w", text)} | set(re.findall(r"\w+", text.lower()))


def _polarity_differs(statement: str, quotes: Sequence[str]) -> bool:
    """A negation on one side only. A quote may hold several sentences: the closest one is compared."""
    terms = set(analyse(statement))
    sentences = [s for quote in quotes for s in re.split(r"(?<=[.;!?])\s+|\n", quote) if s.strip()]
    closest = max(sentences, key=lambda s: len(terms & set(analyse(s))), default="")
    if negated(statement):
        return not any(negated(sentence) for sentence in sentences)
    return negated(closest)


def _weak_support(statement: str, evidence: str, question: str) -> str:
    terms = set(analyse(statement))
    if not terms:
        return "the statement says nothing that could be checked"
    supported = terms & set(analyse(evidence))
    free = terms & set(analyse(question)) - supported
    share = len(supported) / (len(terms - free) or 1)
    return "" if share >= MIN_SUPPORT and supported else "the cited passage does not say this"


def wrong_column(statement: str, question: str, header: Sequence[str], cells: Sequence[str]) -> str:
    """Why a statement about a table row takes a value from another column than it speaks of, or "".

    A row holds values of several things (the cut-off for customers, the one for banks): a number of the statement
    must stand under a column name that fits, if another column's name fits the statement or the question.
    """
    if len(header) != len(cells):
        return ""
    labels = [set(analyse(name)) for name in header]
    said = set(analyse(statement)) | set(analyse(question))
    for number in numbers(statement):
        holds = [number in numbers(cell) for cell in cells]
        own = {term for label, held in zip(labels, holds, strict=True) if held for term in label}
        other = {term for label, held in zip(labels, holds, strict=True) if not held for term in label}
        if any(holds) and not (own - other) & said and (other - own) & said & _value_columns(labels, cells):
            return f"{number} stands in another column of the table than the one it is said of"
    return ""


def wrong_row(statement: str, question: str, row: str, others: Sequence[str], context: Sequence[str]) -> str:
    """Why a statement takes a value from another row of the table than it speaks of, or "".

    A row says in its first cell what it is about. A statement with a number of the row must have a word of that cell
    in it or in the question, if another row's first cell fits and does not give this number. Words of the heading,
    the title and the column names (`context`) tell no row from another.
    """
    common = set(analyse("\n".join(context)))
    said = (set(analyse(statement)) | set(analyse(question))) - common
    own = _subject(row) - common
    taken = numbers(statement) & numbers(row)
    if not taken or not own or own & said:
        return ""
    for other in others:
        theirs = _subject(other) - common - own
        if theirs and len(theirs & said) >= HALF * len(theirs) and not taken <= numbers(other):
            return f"{', '.join(sorted(taken))} stands in another row of the table than the one it is said of"
    return ""


def _subject(row: str) -> set[str]:
    return set(analyse(row.split(" | ", maxsplit=1)[0]))


def _value_columns(labels: Sequence[set[str]], cells: Sequence[str]) -> set[str]:
    """The words of the names of the columns that hold numbers in this row."""
    return {term for label, cell in zip(labels, cells, strict=True) if numbers(cell) for term in label}
