"""Builds a generation's content: parse what changed, chunk it, embed the texts that were never embedded."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import numpy as np

from ingest.chunk import Chunk, ChunkSettings, chunk_document, context
from ingest.embed import Embedder, Passage, Vectors
from ingest.failpoint import reach
from ingest.index import Index, IndexedDocument, write_index
from ingest.manifest import Entry
from ingest.parsed import read_document, with_name
from ingest.plan import Kept, Wanted
from ingest.units import unit_spans


class Watcher(Protocol):
    """Is told how long work goes on (a progress bar, or nothing)."""

    def begin(self, stage: str, total: int) -> None:
        """A stage begins; `total` counts its documents or texts."""

    def advance(self, count: int = 1) -> None:
        """So many more are done."""


@dataclass(frozen=True, slots=True)
class Built:
    """One document version of the new generation: its entry and how to come by its content."""

    entry: Entry
    load: Callable[[], IndexedDocument]


def keep_document(kept: Kept, open_previous: Callable[[], Index]) -> Built:
    """A document whose chunks are taken over from the previous index."""

    def load() -> IndexedDocument:
        previous, entry = open_previous(), kept.entry
        chunks = previous.document_chunks(kept.number)
        return replace(previous.documents[kept.number], record=entry.record, stale=entry.stale, chunks=chunks)

    return Built(kept.entry, load)


def build_document(item: Wanted, cached: Path, settings: ChunkSettings, made_by: str) -> Built | None:
    """A document from the parse cache; None where the cache has no readable copy."""

    def load() -> IndexedDocument | None:
        parsed = read_document(cached)
        if parsed is None:
            return None
        document = with_name(parsed, item.stem)
        record = replace(item.record, title=item.record.title or document.title)
        chunks = chunk_document(document, record, settings)
        return IndexedDocument(record, item.content_hash, document.pages, document.warnings, chunks=chunks)

    built = load()
    if built is None:
        return None
    entry = Entry(
        record=built.record,
        content_hash=item.content_hash,
        made_by=made_by,
        pages=len(built.pages),
        chunks=len(built.chunks),
        chunks_hash=hash_chunks(built.chunks),
        warnings=built.warnings,
        hint=item.file.hint,
    )

    def reload() -> IndexedDocument:
        again = load()
        assert again is not None  # noqa: S101 -- it was there a moment ago, under the same lock
        return again

    return Built(entry, reload)


def hash_chunks(chunks: Sequence[Chunk]) -> str:
    """sha256 over everything in the chunks, positions to 1e-5 of the page."""
    digest = hashlib.sha256()
    for chunk in chunks:
        plain = [chunk.id, chunk.section_id, chunk.kind, chunk.heading_path, chunk.text, chunk.page]
        parts = [(p.start, p.end, p.page, p.kind, p.anchor) for p in chunk.parts]
        spans = [(s.start, s.end, s.page, *(round(v, 5) for v in (s.x0, s.y0, s.x1, s.y1))) for s in chunk.spans]
        digest.update(json.dumps([plain, parts, spans]).encode())
    return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class Counts:
    """How many texts were embedded, and how many vectors were taken over."""

    embedded: int
    reused: int


def build_index(
    folder: Path, built: Sequence[Built], embedder: Embedder, previous: Index | None, watcher: Watcher
) -> Counts:
    """Embed what has no vector yet and write the index of all documents into `folder`."""
    documents = [item.load() for item in built]
    passages = [passage_of(chunk, document.record.title) for document in documents for chunk in document.chunks]
    keys = [_key(passage) for passage in passages]
    known = _known_rows(previous) if previous else {}
    new = {key: passage for key, passage in zip(keys, passages, strict=True) if key not in known}
    watcher.begin("embedding", len(new))
    fresh = dict(zip(new, embedder.embed_passages(list(new.values()), progress=watcher.advance), strict=True))
    reach("embedded")
    vectors = [fresh[key] if key in fresh else _taken_over(previous, known[key]) for key in keys]
    watcher.begin("writing", 0)
    write_index(folder, documents, vectors, embedder.info.dim)
    reach("built")
    return Counts(embedded=len(new), reused=sum(key in known for key in keys))


def passage_of(chunk: Chunk, title: str) -> Passage:
    """What is embedded for a chunk: its text in context, and its units' places in that."""
    text = context(chunk, title)
    shift = len(text) - len(chunk.text)
    return Passage(text, tuple((span.start + shift, span.end + shift) for span in unit_spans(chunk)))


def _key(passage: Passage) -> bytes:
    return hashlib.sha256(json.dumps([passage.text, passage.units]).encode()).digest()


def _taken_over(previous: Index | None, row: int) -> Vectors:
    assert previous is not None  # noqa: S101 -- a row is known from it
    return np.vstack([previous.vectors([row]), previous.unit_vectors(row)])


def _known_rows(previous: Index) -> dict[bytes, int]:
    """The row of each passage that has vectors in the previous index, by its key."""
    known: dict[bytes, int] = {}
    row = 0
    for number, document in enumerate(previous.documents):
        for chunk in previous.document_chunks(number):
            known[_key(passage_of(chunk, document.record.title))] = row
            row += 1
    return known
