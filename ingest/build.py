"""Builds a generation's content: each document from its parsed form or the previous index, then the index of all."""

import hashlib
import json
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from ingest.chunk import Chunk, ChunkSettings, chunk_document
from ingest.failpoint import reach
from ingest.manifest import Entry
from ingest.parsed import read_document, with_name
from ingest.plan import Kept, Wanted
from ingest.supply import VectorSupply

if TYPE_CHECKING:
    from ingest.index import Index
    from ingest.index_form import IndexedDocument

_AHEAD = 512  # passages


class Watcher(Protocol):
    """Is told how long work goes on (a progress bar, or nothing)."""

    def begin(self, stage: str, total: int) -> None:
        """A stage begins; `total` counts its documents or texts."""

    def advance(self, count: int = 1) -> None:
        """So many more are done."""


@dataclass(frozen=True, slots=True)
class Built:
    """One document version of the new generation: its entry and how to come by its content.

    `number` is that of a document of the previous index whose chunks are copied as they are stored (then `load` gives
    the document without them), or None.
    """

    entry: Entry
    load: "Callable[[], IndexedDocument]"
    number: int | None = None


def keep_document(kept: Kept, open_previous: "Callable[[], Index]", *, copied: bool) -> Built:
    """A document whose chunks are taken over from the previous index, `copied` as they are stored or made anew."""

    def load() -> "IndexedDocument":
        previous, entry = open_previous(), kept.entry
        chunks = () if copied else previous.document_chunks(kept.number)
        return replace(previous.documents[kept.number], record=entry.record, stale=entry.stale, chunks=chunks)

    return Built(kept.entry, load, kept.number if copied else None)


def build_document(
    item: Wanted, cached: Path, settings: ChunkSettings, made_by: str, supply: VectorSupply
) -> Built | None:
    """A document from the parse cache, offered for embedding; None where the cache has no readable copy."""

    from ingest.index_form import IndexedDocument  # noqa: PLC0415 -- a run that finds nothing changed builds none

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
    supply.offer(built)
    entry = Entry(
        record=built.record,
        content_hash=item.content_hash,
        made_by=made_by,
        pages=len(built.pages),
        chunks=len(built.chunks),
        chunks_hash=hash_chunks(built.chunks),
        warnings=built.warnings,
        hint=item.file.hint,
        store_version=item.file.version,
    )

    def reload() -> IndexedDocument:
        again = load()
        assert again is not None  # noqa: S101 -- it was there a moment ago, under the same lock
        return again

    return Built(entry, reload)


def hash_chunks(chunks: Sequence[Chunk]) -> str:
    """sha256 over everything in the chunks, positions to 1e-5 of the page."""
    from ingest.index_form import plain_spans  # noqa: PLC0415 -- a run that finds nothing changed has no chunks

    digest = hashlib.sha256()
    for chunk in chunks:
        plain = [chunk.id, chunk.section_id, chunk.kind, chunk.heading_path, chunk.text, chunk.page]
        parts = [(p.start, p.end, p.page, p.kind, p.anchor) for p in chunk.parts]
        digest.update(json.dumps([plain, parts, plain_spans(chunk)]).encode())
    return digest.hexdigest()


def build_index(folder: Path, built: Sequence[Built], dim: int, supply: VectorSupply, watcher: Watcher) -> None:
    """Write the index of all documents into `folder`, as their vectors come."""
    from ingest.index_writer import IndexWriter  # noqa: PLC0415 -- a run that finds nothing changed writes none

    watcher.begin("indexing", sum(item.entry.chunks for item in built))
    copies = any(item.number is not None for item in built)
    with IndexWriter(folder, dim, supply.previous if copies else None) as writer:
        for item, document, keys in _offered(built, supply):
            if item.number is None:
                writer.add(document, [supply.vectors(key) for key in keys])
            else:
                writer.copy(item.number, document)
            watcher.advance(item.entry.chunks)
        reach("embedded")
        watcher.begin("writing", 0)
    reach("built")


def _offered(
    built: Sequence[Built], supply: VectorSupply
) -> "Iterator[tuple[Built, IndexedDocument, Sequence[bytes]]]":
    """The documents in order, each offered for embedding some time before its vectors are needed.

    Memory depends on the passages that are waited for at a time, not on the library.
    """
    ahead: deque[tuple[Built, IndexedDocument, Sequence[bytes]]] = deque()
    waiting = 0
    for item in built:
        document = item.load()
        ahead.append((item, document, supply.offer(document)))
        waiting += len(document.chunks)
        while waiting > _AHEAD:
            waiting -= len(ahead[0][1].chunks)
            yield ahead.popleft()
    yield from ahead
