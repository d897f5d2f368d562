"""Document -> Chunk: by heading and step, tables whole, stable ids, heading path as context."""

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from ingest.cutting import pieces
from ingest.document import Block, Document, Span
from ingest.register import Record

CHUNKER_VERSION = "2"


@dataclass(frozen=True, slots=True)
class ChunkSettings:
    """Sizes in characters. MiniLM reads 256 word pieces, about 1,100 characters of this kind of text."""

    max_chars: int = 1000
    max_table_chars: int = 1400


@dataclass(frozen=True, slots=True)
class Part:
    """The characters `start` to `end` of a chunk come from one block on `page`, `anchor` (HTML id or "")."""

    start: int
    end: int
    page: int | None
    kind: str
    anchor: str = ""


@dataclass(frozen=True, slots=True)
class Chunk:
    """A passage that is embedded and retrieved whole; `text` is verbatim, blocks joined by a line break.

    `id` depends on the document id, version, section and text only. `section_id` names the parent section,
    whose chunks in order of `ordinal` (position in the document) give the section's text.
    """

    id: str
    doc_id: str
    section_id: str
    ordinal: int
    kind: str
    heading_path: tuple[str, ...]
    text: str
    page: int | None
    parts: tuple[Part, ...]
    spans: Sequence[Span]

    def page_at(self, offset: int) -> int | None:
        """The page (1-based index) on which the character at `offset` stands."""
        for span in self.spans:
            if offset < span.end:
                return span.page
        return next((part.page for part in self.parts if offset < part.end), self.page)

    def anchor_at(self, offset: int) -> str:
        """The nearest HTML id before the character at `offset`, or ""."""
        return next((part.anchor for part in reversed(self.parts) if part.start <= offset), "")


def chunk_document(document: Document, record: Record, settings: ChunkSettings) -> tuple[Chunk, ...]:
    """All chunks of a document, in reading order; every block's text stands in at least one of them."""
    seen: Counter[str] = Counter()
    chunks: list[Chunk] = []
    for path, blocks in _sections(document.blocks):
        section_id = _unique(seen, record.doc_id, record.version, *path)
        for group in _groups(blocks, settings):
            text, parts, spans = _join(group)
            chunks.append(
                Chunk(
                    id=_unique(seen, section_id, text),
                    doc_id=record.doc_id,
                    section_id=section_id,
                    ordinal=len(chunks),
                    kind=group[0].kind if len({b.kind for b in group}) == 1 else "mixed",
                    heading_path=path,
                    text=text,
                    page=group[0].page,
                    parts=parts,
                    spans=spans,
                )
            )
    return tuple(chunks)


def context(chunk: Chunk, title: str) -> str:
    """What is embedded: title and heading path before the text, so that a passage says what it is about."""
    path = " > ".join(chunk.heading_path)
    return "\n".join(line for line in (title, path, chunk.text) if line)


def _unique(seen: Counter[str], *words: str) -> str:
    digest = hashlib.sha256("\x1f".join(words).encode()).hexdigest()[:16]
    seen[digest] += 1
    return digest if seen[digest] == 1 else f"{digest}-{seen[digest]}"


def _sections(blocks: Sequence[Block]) -> Iterator[tuple[tuple[str, ...], list[Block]]]:
    """Runs of blocks under one heading; a heading stays in only if nothing else would carry its words."""
    parents = {path[:depth] for path in {block.heading_path for block in blocks} for depth in range(len(path))}
    for path, run in groupby(blocks, key=lambda block: block.heading_path):
        members = list(run)
        body = [block for block in members if block.kind != "heading"]
        if body:
            yield path, body
        elif path not in parents:
            yield path, members


def _groups(blocks: Sequence[Block], settings: ChunkSettings) -> Iterator[list[Block]]:
    """Blocks packed up to the size limit; tables stand alone, long blocks are cut at sentences or rows."""
    group: list[Block] = []
    size = 0
    for block in pieces(blocks, settings.max_chars, settings.max_table_chars):
        alone = block.kind == "table"
        if group and (alone or group[-1].kind == "table" or size + len(block.text) > settings.max_chars):
            # A line that introduces a list or table ("The following apply:") goes with what it introduces.
            introduces = group[-1].text.endswith(":") and len(group[-1].text) + len(block.text) < settings.max_chars
            carry = group.pop() if introduces and len(group) > 1 else None
            if not (alone and size + len(block.text) <= settings.max_chars and group[-1].kind != "table"):
                yield group
                group = []
            if carry:
                group.append(carry)
            size = sum(len(member.text) + 1 for member in group)
        group.append(block)
        size += len(block.text) + 1
    if group:
        yield group


def _join(group: Sequence[Block]) -> tuple[str, tuple[Part, ...], tuple[Span, ...]]:
    parts: list[Part] = []
    spans: list[Span] = []
    offset = 0
    for block in group:
        end = offset + len(block.text)
        parts.append(Part(offset, end, block.page, block.kind, block.anchor))
        spans.extend(replace(span, start=span.start + offset, end=span.end + offset) for span in block.spans)
        offset = end + 1
    return "\n".join(block.text for block in group), tuple(parts), tuple(spans)
