"""Cuts blocks that are longer than a passage may be."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from ingest.document import Block
from ingest.sentences import split_sentences


def pieces(blocks: Iterable[Block], max_chars: int, max_table_chars: int) -> Iterator[Block]:
    """The blocks, those beyond their limit in pieces: text cut at sentences, tables between rows."""
    for block in blocks:
        limit = max_table_chars if block.kind == "table" else max_chars
        if len(block.text) <= limit:
            yield block
        elif block.kind == "table":
            yield from _row_groups(block, limit)
        else:
            yield from _cut(block, _runs(block.text, split_sentences(block.text), limit))


def _row_groups(block: Block, limit: int) -> Iterator[Block]:
    """A long table as groups of rows, each under the table's header row unless that fills half a passage itself."""
    lines = _line_offsets(block.text)
    header_end = lines[0][1]
    if header_end > limit // 2:
        yield from _cut(block, _runs(block.text, lines, limit))
        return
    header = block.text[:header_end]
    for piece in _cut(block, _runs(block.text, lines[1:], limit - header_end - 1)):
        shift = header_end + 1
        top = [span for span in block.spans if span.end <= header_end]
        body = [replace(s, start=s.start + shift, end=s.end + shift) for s in piece.spans]
        yield replace(piece, text=f"{header}\n{piece.text}", spans=(*top, *body))


def _line_offsets(text: str) -> list[tuple[int, int]]:
    offsets = []
    start = 0
    for line in text.split("\n"):
        offsets.append((start, start + len(line)))
        start += len(line) + 1
    return offsets


def _runs(text: str, spans: Sequence[tuple[int, int]], limit: int) -> Iterator[tuple[int, int]]:
    """Neighbouring spans joined while they fit; a single span beyond the limit is cut at blanks."""
    start = end = -1
    for a, b in (piece for span in spans for piece in _bounded(text, *span, limit)):
        if start >= 0 and b - start <= limit:
            end = b
            continue
        if start >= 0:
            yield start, end
        start, end = a, b
    if start >= 0:
        yield start, end


def _bounded(text: str, start: int, end: int, limit: int) -> Iterator[tuple[int, int]]:
    while end - start > limit:
        blank = text.rfind(" ", start + 1, start + limit + 1)
        cut = blank if blank > 0 else start + limit
        yield start, cut
        start = cut + (blank > 0)
    yield start, end


def _cut(block: Block, runs: Iterable[tuple[int, int]]) -> Iterator[Block]:
    for start, end in runs:
        spans = tuple(
            replace(span, start=span.start - start, end=span.end - start)
            for span in block.spans
            if span.start >= start and span.end <= end
        )
        page = spans[0].page if spans else block.page
        yield replace(block, text=block.text[start:end], spans=spans, page=page)
