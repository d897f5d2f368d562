"""Evidence -> statements with citations: verbatim, or in a model's words that are verified line by line."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from app.llm import LLM, Finish, Usage
from app.prompt import build_messages
from app.question import Question
from app.structured import SCHEMA, read_lines
from app.unit import Unit
from app.verify import problem_with, wrong_column
from ingest.index import Index
from ingest.lexical import analyse
from ingest.units import table_header


@dataclass(frozen=True, slots=True)
class Citation:
    """A verbatim quote: characters `start` to `end` of the chunk's stored text are exactly `quote`."""

    doc: str
    doc_id: str
    version: str
    title: str
    section: str
    page: int | None
    page_label: str
    quote: str
    chunk_id: str
    start: int
    end: int
    effective_from: date | None = None
    owner: str = ""


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence or step of an answer with the quotes that prove it.

    `problem` is empty for a verified statement; otherwise it says why the statement was withheld ("number not in
    the cited passage: 17:00"). A "check" is the program's own sentence about what the question supposes or compares;
    the citation is what it rests on. `disagrees` names the document that gives another value for the same thing.
    """

    text: str
    citations: tuple[Citation, ...]
    kind: Literal["statement", "step", "row", "check"] = "statement"
    problem: str = ""
    disagrees: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """Words of the model as they come, not verified yet; shown as such and replaced by what follows."""

    text: str


@dataclass(frozen=True, slots=True)
class Verified:
    """A finished statement of the model that passed (`problem` empty) or failed verification."""

    statement: Statement


def cite(unit: Unit, index: Index) -> Citation:
    """The citation of a unit, cut from the stored text."""
    hit = unit.hit
    document = index.document_of_chunk(unit.chunk_id)
    chunk = index.chunk(unit.chunk_id)
    page = chunk.page_at(unit.start) if chunk else hit.page
    quote = chunk.text[unit.start : unit.end] if chunk else unit.text
    return Citation(
        doc=hit.doc,
        doc_id=hit.doc_id,
        version=hit.version,
        title=hit.title,
        section=hit.section,
        page=page,
        page_label=document.page_label(page),
        quote=quote,
        chunk_id=unit.chunk_id,
        start=unit.start,
        end=unit.end,
        effective_from=document.record.effective_from,
        owner=document.record.owner,
    )


def extract(units: Sequence[Unit], index: Index) -> tuple[Statement, ...]:
    """The units themselves as statements: verbatim sentences and steps, table rows with their column names."""
    return tuple(
        Statement(_wording(unit, index), (cite(unit, index),), unit.kind, disagrees=unit.disagrees) for unit in units
    )


def _wording(unit: Unit, index: Index) -> str:
    header = column_names(unit, index)
    cells = unit.text.split(" | ")
    if len(header) != len(cells):
        return unit.text
    return "; ".join(f"{name}: {cell}" if name else cell for name, cell in zip(header, cells, strict=True) if cell)


def compose_with_model(
    llm: LLM, question: Question, units: Sequence[Unit], index: Index, *, structured: bool = False
) -> Iterator[Draft | Verified | Usage]:
    """The model's lines, each verified as soon as it is complete; raises LLMError if the model fails.

    `structured` binds the model to a JSON schema.
    """
    line = ""
    messages = build_messages(question.text, units, structured=structured)
    pieces = read_lines(llm.stream(messages, schema=SCHEMA)) if structured else llm.stream(messages)
    for piece in pieces:
        if isinstance(piece, Finish):
            yield piece.usage
            break
        line += piece
        *finished, line = line.split("\n")
        for text in finished:
            yield from _checked(text, question, units, index)
        if line:
            yield Draft(line)
    yield from _checked(line, question, units, index)


ATTRIBUTED = 0.8  # share of a line's terms that a passage must hold to be cited for it by the program
PART = 0.05  # share of a line's terms that a passage must add to those of the others it is cited with
_MARKS = re.compile(r"\s*[\[(](\d+(?:\s*[,;]\s*\d+)*)[\])]")
_BULLET = re.compile(r"^\s*(?:[-*•–]|\d+[.)])\s+")


def _checked(line: str, question: Question, units: Sequence[Unit], index: Index) -> Iterator[Verified]:
    text = _BULLET.sub("", _MARKS.sub("", line)).strip()
    if len(re.findall(r"\w+", text)) < 2 or text.endswith(":"):
        return  # a mark without words, or a line that only introduces the next ones
    numbers = [int(number) for mark in _MARKS.findall(line) for number in re.findall(r"\d+", mark)]
    cited = [units[number - 1] for number in dict.fromkeys(numbers) if 0 < number <= len(units)]
    cited = _needed(text, cited, question, index)
    problem = _problem(text, cited, question, index)
    if problem and not numbers and (proof := _prover(text, question, units, index)):
        cited, problem = [proof], ""
    citations = tuple(cite(unit, index) for unit in cited)
    kind: Literal["statement", "step"] = "step" if cited and all(u.kind == "step" for u in cited) else "statement"
    yield Verified(Statement(text, citations, kind, problem))


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
    columns = (
        wrong_column(text, question.text, column_names(unit, index), unit.text.split(" | "))
        for unit in cited
        if unit.kind == "row"
    )
    return problem_with(text, [unit.text for unit in cited], question.text, context) or next(filter(None, columns), "")


def column_names(unit: Unit, index: Index) -> list[str]:
    """The column names above a table row, or nothing for other units."""
    chunk = index.chunk(unit.chunk_id) if unit.kind == "row" else None
    return table_header(chunk, unit.start).split(" | ") if chunk else []


def _prover(text: str, question: Question, units: Sequence[Unit], index: Index) -> Unit | None:
    """The passage that proves a line whose number the model left out: nearly every word of the line is in it."""
    words = set(analyse(text))
    for unit in units:
        held = len(words & set(analyse(unit.text)))
        if held >= ATTRIBUTED * len(words) and not _problem(text, [unit], question, index):
            return unit
    return None
