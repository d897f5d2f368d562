"""Statements of an answer, each with the verbatim quotes that prove it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from app.procedure import procedures
from app.unit import Unit
from ingest.index import Index
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

    @property
    def place(self) -> tuple[str, str]:
        """The document and section of the first quote; empty without one."""
        first = next(iter(self.citations), None)
        return (first.doc, first.section) if first else ("", "")


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
    """The units themselves as statements: verbatim sentences and steps, table rows with their column names.

    Steps are to be ticked off only where the whole procedure stands here: taken out of it they are sentences.
    """
    whole = {unit.span for steps in procedures(units, index) if steps.whole for unit in steps.quoted}
    return tuple(
        Statement(
            _wording(unit, index),
            (cite(unit, index),),
            "statement" if unit.kind == "step" and unit.span not in whole else unit.kind,
            disagrees=unit.disagrees,
        )
        for unit in units
    )


def _wording(unit: Unit, index: Index) -> str:
    header = column_names(unit, index)
    cells = unit.text.split(" | ")
    if len(header) != len(cells):
        return unit.text
    return "; ".join(f"{name}: {cell}" if name else cell for name, cell in zip(header, cells, strict=True) if cell)


def column_names(unit: Unit, index: Index) -> list[str]:
    """The column names above a table row, or nothing for other units."""
    chunk = index.chunk(unit.chunk_id) if unit.kind == "row" else None
    return table_header(chunk, unit.start).split(" | ") if chunk else []
