"""A model's line -> statements: what the passages prove, with the passages that prove it."""

import re
from collections.abc import Iterator, Sequence
from typing import Literal

from app.question import Question
from app.statement import Statement, cite, column_names
from app.unit import Unit
from app.verify import problem_with, wrong_column, wrong_row
from ingest.index import Index
from ingest.lexical import analyse
from ingest.sentences import split_sentences

ATTRIBUTED = 0.8  # share of a line's terms that a passage must hold to be cited for it by the program
PART = 0.05  # share of a line's terms that a passage must add to those of the others it is cited with
_MARKS = re.compile(r"\s*[\[(](\d+(?:\s*[,;]\s*\d+)*)[\])]")
_BULLET = re.compile(r"^\s*(?:[-*•–]|\d+[.)])\s+")


def words_of_line(line: str) -> str:
    """The line without its bullet and its numbers of passages."""
    return _BULLET.sub("", _MARKS.sub("", line)).strip()


def prove(line: str, question: Question, units: Sequence[Unit], index: Index) -> Iterator[Statement]:
    """The statements of a line, each with the passages that prove it, or with the problem for which it is withheld."""
    text = words_of_line(line)
    if len(re.findall(r"\w+", text)) < 2 or text.endswith(":"):
        return  # a mark without words, or a line that only introduces the next ones
    numbers = [int(number) for mark in _MARKS.findall(line) for number in re.findall(r"\d+", mark)]
    named = [units[number - 1] for number in dict.fromkeys(numbers) if 0 < number <= len(units)]
    whole = _verified(text, named, question, units, index)
    parts = [text[start:end] for start, end in split_sentences(text)]
    if whole.problem and len(parts) > 1:  # what is proved of it is not lost with the rest
        yield from (_verified(part, named, question, units, index) for part in parts)
    else:
        yield whole


def _verified(text: str, named: Sequence[Unit], question: Question, units: Sequence[Unit], index: Index) -> Statement:
    """The statement with the passages that prove it: those that the model named, or else one that holds its words."""
    cited = _needed(text, named, question, index)
    problem = _problem(text, cited, question, index)
    if problem and (proof := _prover(text, question, units, index)):
        cited, problem = [proof], ""
    kind: Literal["statement", "step"] = "step" if cited and all(u.kind == "step" for u in cited) else "statement"
    return Statement(text, tuple(cite(unit, index) for unit in cited), kind, problem)


def _needed(text: str, cited: Sequence[Unit], question: Question, index: Index) -> list[Unit]:
    """The passages that prove the line, each by itself, or the fewest that do together.

    One that adds nothing to the proof is not cited: a planted passage could name it as its own.
    """
    if alone := [unit for unit in cited if not _problem(text, [unit], question, index)]:
        return alone
    needed = list(cited)
    for unit in cited:
        rest = [other for other in needed if other is not unit]
        if rest and not _problem(text, rest, question, index):
            needed = rest
    words = set(analyse(text))

    def adds(unit: Unit) -> float:
        others = "\n".join(other.text for other in needed if other is not unit)
        return len(words & (set(analyse(unit.text)) - set(analyse(others)))) / (len(words) or 1)

    return [unit for unit in needed if len(needed) == 1 or adds(unit) >= PART]


def _problem(text: str, cited: Sequence[Unit], question: Question, index: Index) -> str:
    context = [part for unit in cited for part in (unit.hit.section, unit.hit.title)]
    in_tables = (_wrong_cell(text, question.text, unit, index) for unit in cited if unit.kind == "row")
    return problem_with(text, [unit.text for unit in cited], question.text, context) or next(
        filter(None, in_tables), ""
    )


def _wrong_cell(text: str, question: str, row: Unit, index: Index) -> str:
    chunk = index.chunk(row.chunk_id)
    table = next((part for part in chunk.parts if part.start <= row.start < part.end), None) if chunk else None
    if chunk is None or table is None:
        return ""
    names = column_names(row, index)
    others = [line for line in chunk.text[table.start : table.end].split("\n")[1:] if line != row.text]
    return wrong_column(text, question, names, row.text.split(" | ")) or wrong_row(
        text, question, row.text, others, [*names, row.hit.section, row.hit.title]
    )


def _prover(text: str, question: Question, units: Sequence[Unit], index: Index) -> Unit | None:
    """The passage that proves a line for which the model named none that does: nearly every word of it is there."""
    words = set(analyse(text))
    for unit in units:
        held = len(words & set(analyse(unit.text)))
        if held >= ATTRIBUTED * len(words) and not _problem(text, [unit], question, index):
            return unit
    return None
