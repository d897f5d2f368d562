"""A cited source as it is shown: the page with the quoted words boxed, or the section's text with them marked."""

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from pathlib import Path

import pypdfium2
from PIL import Image

from ingest.chunk import Chunk, Part
from ingest.document import Span
from ingest.errors import ParseError

# pdfium keeps global state: two threads inside it at once corrupt it.
_PDFIUM = threading.Lock()
LONGEST_SIDE = 2400  # pixels; a page that declares itself metres wide must not ask for gigabytes
WORD_GAP = 0.012  # of the page's width; the columns of a table stand further apart
CELL = " | "


@dataclass(frozen=True, slots=True)
class Box:
    """The quoted characters `text` on a page; coordinates are fractions of the page as displayed."""

    page: int
    x0: float
    y0: float
    x1: float
    y1: float
    text: str


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of text, marked where it is part of the quote."""

    text: str
    marked: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One block of a section; for a table one row, its cells in `cells`."""

    kind: str
    cells: tuple[tuple[Run, ...], ...]


def quote_boxes(chunk: Chunk, start: int, end: int) -> tuple[Box, ...]:
    """Characters `start` to `end` of the chunk's text, a box for each stretch of words on one line.

    Words that a limit cuts are boxed in part. The boxes' texts, joined by blanks, are the quote's words.
    """
    boxes: list[Box] = []
    for span in chunk.spans:
        if span.start < end and start < span.end:
            box = _box(chunk.text, span, start, end)
            if boxes and _continues(boxes[-1], box):
                boxes[-1] = _joined(boxes[-1], box)
            else:
                boxes.append(box)
    return tuple(boxes)


def _box(text: str, span: Span, start: int, end: int) -> Box:
    first, last = max(span.start, start), min(span.end, end)
    per_character = (span.x1 - span.x0) / max(1, span.end - span.start)
    return Box(
        page=span.page,
        x0=span.x0 + (first - span.start) * per_character,
        y0=span.y0,
        x1=span.x0 + (last - span.start) * per_character,
        y1=span.y1,
        text=text[first:last],
    )


def _continues(left: Box, right: Box) -> bool:
    """Whether the words stand on one line with no more than a blank between them."""
    shared = min(left.y1, right.y1) - max(left.y0, right.y0)
    height = min(left.y1 - left.y0, right.y1 - right.y0)
    return left.page == right.page and shared > height / 2 and -WORD_GAP < right.x0 - left.x1 < WORD_GAP


def _joined(left: Box, right: Box) -> Box:
    return Box(
        page=left.page,
        x0=min(left.x0, right.x0),
        y0=min(left.y0, right.y0),
        x1=max(left.x1, right.x1),
        y1=max(left.y1, right.y1),
        text=f"{left.text} {right.text}",
    )


def section_lines(chunks: Iterable[Chunk], chunk_id: str, start: int, end: int) -> tuple[Line, ...]:
    """The text of a section, its chunks in order, with characters `start` to `end` of one chunk marked."""
    lines: list[Line] = []
    for chunk in chunks:
        limits = (start, end) if chunk.id == chunk_id else (0, 0)
        for part in chunk.parts or (Part(0, len(chunk.text), chunk.page, chunk.kind),):
            lines.extend(_part_lines(chunk.text, part, limits))
    return tuple(lines)


def _part_lines(text: str, part: Part, limits: tuple[int, int]) -> Iterable[Line]:
    at = part.start
    for row in text[part.start : part.end].split("\n"):
        if row.strip():
            yield Line(part.kind, tuple(_cells(row, at, limits, split=part.kind == "table")))
        at += len(row) + 1


def _cells(row: str, at: int, limits: tuple[int, int], *, split: bool) -> Iterable[tuple[Run, ...]]:
    for cell in row.split(CELL) if split else [row]:
        yield _runs(cell, limits[0] - at, limits[1] - at)
        at += len(cell) + len(CELL)


def _runs(text: str, start: int, end: int) -> tuple[Run, ...]:
    first = min(max(start, 0), len(text))
    last = max(first, min(end, len(text)))
    pieces = ((text[:first], False), (text[first:last], True), (text[last:], False))
    return tuple(Run(piece, marked) for piece, marked in pieces if piece)


def table_head(chunk: Chunk, offset: int) -> tuple[str, ...]:
    """The column names of the table in which the row at `offset` stands, or () if none does."""
    part = next((p for p in chunk.parts if p.kind == "table" and p.start <= offset < p.end), None)
    if part is None:
        return ()
    head, newline, _ = chunk.text[part.start : part.end].partition("\n")
    return tuple(head.split(CELL)) if newline and part.start + len(head) < offset else ()


def marked_text(lines: Sequence[Line]) -> str:
    """The marked words in reading order, for comparison with the quote."""
    return " ".join(run.text for line in lines for cell in line.cells for run in cell if run.marked)


def page_count(path: Path) -> int:
    """How many pages a PDF has; raises ParseError where it can't be read."""
    with _PDFIUM:
        try:
            with pypdfium2.PdfDocument(path) as pdf:
                return len(pdf)
        except (pypdfium2.PdfiumError, OSError) as error:
            raise ParseError(f"{path.name} can't be opened: {error}") from error


@lru_cache(maxsize=96)
def render_page(path: Path, fingerprint: str, page: int, width: int) -> tuple[bytes, int, int]:
    """Page `page` (1-based) of a PDF as (WebP bytes, width, height in pixels).

    `fingerprint` is the file's sha256, so that a changed file is never served from the cache. Raises ParseError.
    """
    with _PDFIUM:
        try:
            with pypdfium2.PdfDocument(path) as pdf:
                pdf.init_forms()  # what was filled into a form is part of the page
                sheet = pdf[page - 1]
                scale = width / sheet.get_width()
                scale = min(scale, LONGEST_SIDE / max(sheet.get_width(), sheet.get_height()))
                image = sheet.render(scale=scale).to_pil().convert("RGB")
        except (pypdfium2.PdfiumError, OSError, IndexError, ValueError, ZeroDivisionError) as error:
            raise ParseError(f"page {page} of {path.name} can't be shown: {error}") from error
    return _webp(image), image.width, image.height


def _webp(image: Image.Image) -> bytes:
    out = BytesIO()
    image.save(out, "WEBP", quality=82, method=2)
    return out.getvalue()
