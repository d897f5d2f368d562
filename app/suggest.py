"""What the library offers a reader: example questions on its procedures, codes and times, and values to filter by."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from app.access import Reader, may_read
from app.source_page import CELL
from ingest.chunk import Chunk, Part
from ingest.index import Index

FEWEST_STEPS = 4
FEWEST_ROWS = 3
LONGEST = 70  # characters of a heading that still reads as a question
_CODE = re.compile(r"[A-Z]{1,3}\d{2}")
_TIME = re.compile(r"\b\d{1,2}[:.]\d\d\b")
_NUMBER = re.compile(r"^(?:(?:section|chapter|part|table|figure|annex)\s+)?\d[\d.]*[.):]?\s*[-–—:]?\s+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A question to offer, and the title of the document that answers it."""

    question: str
    title: str


@lru_cache(maxsize=4)
def suggest_questions(index: Index, reader: Reader, on: date, each: int = 2) -> list[Suggestion]:
    """At most `each` questions of a kind, from documents in force on the day that `reader` may read."""
    kinds: tuple[list[Suggestion], ...] = ([], [], [])
    for number, document in enumerate(index.documents):
        record = document.record
        if record.in_force(on) and may_read(reader, record.readers):
            chunks = index.document_chunks(number)
            for found, questions in zip(kinds, (_on_steps, _on_codes, _on_times), strict=True):
                found.extend(Suggestion(question, record.title) for question in questions(record.title, chunks))
    return [suggestion for found in kinds for suggestion in _spread(found, each)]


def filter_values(index: Index, reader: Reader) -> dict[str, list[str]]:
    """Rails, regions and document types of what `reader` may read, each sorted."""
    records = [d.record for d in index.documents if may_read(reader, d.record.readers)]
    return {
        "rails": sorted({rail for record in records for rail in record.rails}),
        "regions": sorted({region for record in records for region in record.regions}),
        "doc_types": sorted({record.doc_type for record in records if record.doc_type}),
    }


def _on_steps(title: str, chunks: Sequence[Chunk]) -> Iterator[str]:
    if len(title) <= LONGEST and sum(part.kind == "step" for chunk in chunks for part in chunk.parts) >= FEWEST_STEPS:
        yield f"{title}: what are the steps?"


def _on_codes(_title: str, chunks: Sequence[Chunk]) -> Iterator[str]:
    for chunk, part in _tables(chunks):
        codes = [code for code in _column(chunk, part) if _CODE.fullmatch(code)]
        if len(codes) >= FEWEST_ROWS:
            yield f"What does {codes[len(codes) // 2]} mean, and what do I do?"
            return


def _on_times(_title: str, chunks: Sequence[Chunk]) -> Iterator[str]:
    for chunk, part in _tables(chunks):
        heading = _NUMBER.sub("", chunk.heading_path[-1]).strip(" .:") if chunk.heading_path else ""
        timed = sum(bool(_TIME.search(row)) for row in chunk.text[part.start : part.end].split("\n"))
        if timed >= FEWEST_ROWS and " " in heading and len(heading) <= LONGEST and not heading.isupper():
            yield f"{heading}: which times apply?"
            return


def _tables(chunks: Sequence[Chunk]) -> Iterator[tuple[Chunk, Part]]:
    return ((chunk, part) for chunk in chunks for part in chunk.parts if part.kind == "table")


def _column(chunk: Chunk, part: Part) -> list[str]:
    rows = chunk.text[part.start : part.end].split("\n")[1:]
    return [row.split(CELL)[0].strip() for row in rows]


def _spread(items: Sequence[Suggestion], limit: int) -> list[Suggestion]:
    """At most `limit` of the items, from all over the list."""
    return [items[i * len(items) // limit] for i in range(limit)] if len(items) > limit else list(items)
