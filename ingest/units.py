"""The sentences, steps, list items and table rows of a passage: what answers are made of."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from ingest.chunk import Chunk, Part
from ingest.sentences import split_sentences

UNITS_VERSION = "2"
LONG_STEP = 420  # characters; a longer step is cut into sentences

UnitKind = Literal["statement", "step", "row"]


@dataclass(frozen=True, slots=True)
class UnitSpan:
    """Characters `start` to `end` of a chunk's text are one unit."""

    kind: UnitKind
    start: int
    end: int


def unit_spans(chunk: Chunk) -> tuple[UnitSpan, ...]:
    """All units of a chunk in reading order; a table's header row and captions are none."""
    return tuple(span for part in chunk.parts if part.kind != "caption" for span in _part_units(chunk.text, part))


def _part_units(text: str, part: Part) -> Iterator[UnitSpan]:
    piece = text[part.start : part.end]
    if part.kind == "table":
        start = part.start
        for number, line in enumerate(piece.split("\n")):
            if (number or "\n" not in piece) and line.strip():
                yield UnitSpan("row", start, start + len(line))
            start += len(line) + 1
    elif part.kind in ("step", "list") and len(piece) <= LONG_STEP:
        yield UnitSpan("step" if part.kind == "step" else "statement", part.start, part.end)
    else:
        kind: UnitKind = "step" if part.kind == "step" else "statement"
        for start, end in split_sentences(piece):
            yield UnitSpan(kind, part.start + start, part.start + end)


def unit_texts(chunk: Chunk) -> list[str]:
    """The words by which each unit is found: its own and, for a table row, its column names."""
    return [
        f"{table_header(chunk, span.start)} {chunk.text[span.start : span.end]}"
        if span.kind == "row"
        else chunk.text[span.start : span.end]
        for span in unit_spans(chunk)
    ]


def table_header(chunk: Chunk, offset: int) -> str:
    """The header row of the table that the character at `offset` stands in."""
    part = next(part for part in chunk.parts if part.start <= offset < part.end)
    return chunk.text[part.start : part.end].split("\n")[0]
