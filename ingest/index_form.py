"""The stored form of an index: plain data only, nothing pickled.

`chunks.sqlite` (documents and chunks), `vectors.faiss`, vectors of units and words (`units/`, `words/`), terms of
passages and units with their BM25 scores (`passages/`, `unit-terms/`), scores of sections (`sections/`), all as .npy,
and `vocabulary.json`, the terms in the order of their numbers. Dense search works on passages, units and words;
lexical search also on whole sections, because BM25 likes long texts and a small embedding model short ones.
"""

import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from ingest.chunk import Chunk, Part
from ingest.document import Page, Span
from ingest.register import Record
from ingest.words import WordBytes

SCHEMA = """
CREATE TABLE documents (
  id INTEGER PRIMARY KEY, record TEXT NOT NULL, pages TEXT NOT NULL, warnings TEXT NOT NULL,
  content_hash TEXT NOT NULL, stale INTEGER NOT NULL) STRICT;
CREATE TABLE chunks (
  row INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, document INTEGER NOT NULL REFERENCES documents,
  section_id TEXT NOT NULL, ordinal INTEGER NOT NULL, kind TEXT NOT NULL, heading_path TEXT NOT NULL,
  text TEXT NOT NULL, page INTEGER, parts TEXT NOT NULL, spans BLOB NOT NULL) STRICT;
CREATE INDEX chunks_section ON chunks (section_id, ordinal);
"""
# What `read_chunk_row` reads.
SELECT_CHUNKS = (
    "SELECT chunks.id, json_extract(record, '$.doc_id'), section_id, ordinal, kind, heading_path, text, page, "
    "parts, spans FROM chunks JOIN documents ON documents.id = document"
)
Rows = NDArray[np.int64]
Scores = NDArray[np.float32]
Mask = NDArray[np.bool_]
Vocabulary = Mapping[str, int]
Alternatives = tuple[str, ...]
"""A term of a question and its synonyms: any of them counts, none counts twice."""


@dataclass(frozen=True, slots=True)
class PassageVectors:
    """What a chunk is found by: its vector and its units', (1 + units, dim), and its words', (words, WORD_DIM)."""

    units: Scores
    words: WordBytes


@dataclass(frozen=True, slots=True)
class IndexedDocument:
    """One document version in the index; `stale` means a newer file failed and this is its last good version."""

    record: Record
    content_hash: str
    pages: tuple[Page, ...] = ()
    warnings: tuple[str, ...] = ()
    stale: bool = False
    chunks: tuple[Chunk, ...] = field(default=(), repr=False)

    def page_label(self, page: int | None) -> str:
        """The label printed on the page with this 1-based index, or ""."""
        return next((p.label for p in self.pages if p.index == page), "")


def document_row(number: int, document: IndexedDocument) -> tuple[object, ...]:
    """The row of a document in the table `documents`; its chunks are rows of their own."""
    return (
        number,
        json.dumps(asdict(document.record), default=str),
        json.dumps([asdict(page) for page in document.pages]),
        json.dumps(document.warnings),
        document.content_hash,
        int(document.stale),
    )


def read_document_row(row: tuple[Any, ...]) -> IndexedDocument:
    """A document, without its chunks, from its row without the number."""
    record, pages, warnings, content_hash, stale = row
    return IndexedDocument(
        record=_record(record),
        content_hash=content_hash,
        pages=tuple(Page(**page) for page in json.loads(pages)),
        warnings=tuple(json.loads(warnings)),
        stale=bool(stale),
    )


def _record(text: str) -> Record:
    data: dict[str, Any] = json.loads(text)
    for name in ("effective_from", "effective_to", "approved_on"):
        data[name] = date.fromisoformat(data[name]) if data[name] else None
    for name in ("rails", "regions", "readers"):
        data[name] = tuple(data[name])
    return Record(**data)


def chunk_row(row: int, document: int, chunk: Chunk) -> tuple[object, ...]:
    """The row of a chunk in the table `chunks`; `row` is also the position of its vector."""
    parts = [(p.start, p.end, p.page, p.kind, p.anchor) for p in chunk.parts]
    return (
        row,
        chunk.id,
        document,
        chunk.section_id,
        chunk.ordinal,
        chunk.kind,
        json.dumps(chunk.heading_path),
        chunk.text,
        chunk.page,
        json.dumps(parts),
        zlib.compress(json.dumps(plain_spans(chunk)).encode()),
    )


def plain_spans(chunk: Chunk) -> list[tuple[object, ...]]:
    """The places of a chunk's text on its pages, to 1e-5 of the page."""
    return [
        (s.start, s.end, s.page, round(s.x0, 5), round(s.y0, 5), round(s.x1, 5), round(s.y1, 5)) for s in chunk.spans
    ]


class StoredSpans(Sequence[Span]):
    """The places of a passage on its pages, unpacked when somebody looks: a search reads many more than are shown."""

    __slots__ = ("_packed", "_spans")

    def __init__(self, packed: bytes) -> None:
        self._packed = packed
        self._spans: tuple[Span, ...] | None = None

    def _all(self) -> tuple[Span, ...]:
        if self._spans is None:
            self._spans = tuple(Span(*span) for span in json.loads(zlib.decompress(self._packed)))
        return self._spans

    def __len__(self) -> int:
        return len(self._all())

    @overload
    def __getitem__(self, at: int) -> Span: ...

    @overload
    def __getitem__(self, at: slice) -> tuple[Span, ...]: ...

    def __getitem__(self, at: int | slice) -> Span | tuple[Span, ...]:
        return self._all()[at]

    def __eq__(self, other: object) -> bool:
        return self._all() == (other._all() if isinstance(other, StoredSpans) else other)

    def __hash__(self) -> int:
        return hash(self._all())


def read_chunk_row(row: tuple[Any, ...]) -> Chunk:
    """A chunk from its row, with the document's id in place of its number and without the row's own."""
    chunk_id, doc_id, section_id, ordinal, kind, heading_path, text, page, parts, spans = row
    return Chunk(
        id=chunk_id,
        doc_id=doc_id,
        section_id=section_id,
        ordinal=ordinal,
        kind=kind,
        heading_path=tuple(json.loads(heading_path)),
        text=text,
        page=page,
        parts=tuple(Part(*part) for part in json.loads(parts)),
        spans=StoredSpans(spans),
    )
