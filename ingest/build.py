"""Builds a generation's content: parse what changed, chunk it, embed the texts that were never embedded."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from ingest.chunk import Chunk, ChunkSettings, chunk_document, context
from ingest.embed import Embedder, Passage
from ingest.embed_pool import Vectors
from ingest.failpoint import reach
from ingest.index import Index, IndexedDocument
from ingest.index_form import PassageVectors
from ingest.index_writer import IndexWriter
from ingest.manifest import Entry
from ingest.parsed import read_document, with_name
from ingest.plan import Kept, Wanted
from ingest.units import unit_spans
from ingest.words import content_words, pack

_GROUP = 1024  # passages; the vectors of their words are held at once


class Watcher(Protocol):
    """Is told how long work goes on (a progress bar, or nothing)."""

    def begin(self, stage: str, total: int) -> None:
        """A stage begins; `total` counts its documents or texts."""

    def advance(self, count: int = 1) -> None:
        """So many more are done."""


@dataclass(frozen=True, slots=True)
class Built:
    """One document version of the new generation: its entry and how to come by its content.

    `number` is that of a document of the previous index whose vectors are taken over whole, or None.
    """

    entry: Entry
    load: Callable[[], IndexedDocument]
    number: int | None = None


def keep_document(kept: Kept, open_previous: Callable[[], Index]) -> Built:
    """A document whose chunks are taken over from the previous index."""

    def load() -> IndexedDocument:
        previous, entry = open_previous(), kept.entry
        chunks = previous.document_chunks(kept.number)
        return replace(previous.documents[kept.number], record=entry.record, stale=entry.stale, chunks=chunks)

    same_title = kept.entry.record.title == kept.before.record.title
    return Built(kept.entry, load, kept.number if same_title else None)


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


@dataclass(slots=True)
class Counts:
    """How many passages were embedded, and how many took their vectors over."""

    embedded: int = 0
    reused: int = 0


def build_index(
    folder: Path, built: Sequence[Built], embedder: Embedder, previous: Index | None, watcher: Watcher
) -> Counts:
    """Embed what has no vectors yet and write the index of all documents into `folder`.

    Documents go through in groups of some thousand passages: memory depends on the group, not on the library.
    """
    watcher.begin("indexing", sum(item.entry.chunks for item in built))
    with IndexWriter(folder, embedder.info.dim) as writer:
        filling = _Filling(writer, embedder, previous, {item.number for item in built})
        for group in _groups(built):
            filling.add(group, watcher)
        reach("embedded")
        watcher.begin("writing", 0)
    reach("built")
    return filling.counts


def _groups(built: Sequence[Built]) -> Iterator[list[Built]]:
    group: list[Built] = []
    for item in built:
        group.append(item)
        if sum(member.entry.chunks for member in group) >= _GROUP:
            yield group
            group = []
    yield group


class _Filling:
    """An index in the making and where its passages' vectors may come from instead of the embedder."""

    def __init__(self, writer: IndexWriter, embedder: Embedder, previous: Index | None, kept: Set[int | None]) -> None:
        self.counts = Counts()
        self._writer = writer
        self._embedder = embedder
        self._previous = previous
        self._known = _known_rows(previous, kept) if previous else {}
        self._written: dict[bytes, int] = {}
        self._rows = 0

    def add(self, group: Sequence[Built], watcher: Watcher) -> None:
        """Add some documents, embedding their new passages together."""
        documents = [(item, item.load()) for item in group]
        keyed = [[] if self._is_taken(item) else _keyed(document) for item, document in documents]
        new = {
            key: passage
            for passages in keyed
            for key, passage in passages
            if key not in self._known and key not in self._written
        }
        passages_of = list(new.values())
        vectors_of = self._embedder.embed_passages(passages_of, progress=watcher.advance)
        fresh = {key: packed(p, v) for key, p, v in zip(new, passages_of, vectors_of, strict=True)}
        self.counts.embedded += len(new)
        for (item, document), passages in zip(documents, keyed, strict=True):
            vectors = self._taken(item) or [self._vectors(key, fresh) for key, _ in passages]
            self._writer.add(document, vectors)
            for offset, (key, _) in enumerate(passages):
                self._written.setdefault(key, self._rows + offset)
            self._rows += len(vectors)
        total = sum(item.entry.chunks for item in group)
        self.counts.reused += total - len(new)
        watcher.advance(total - len(new))

    def _is_taken(self, item: Built) -> bool:
        return self._previous is not None and item.number is not None

    def _taken(self, item: Built) -> list[PassageVectors]:
        """The vectors that a kept document has in the previous index; none for others."""
        if self._previous is None or item.number is None:
            return []
        return [self._previous.passage_vectors(row) for row in self._previous.rows_of(item.number)]

    def _vectors(self, key: bytes, fresh: Mapping[bytes, PassageVectors]) -> PassageVectors:
        if key in fresh:
            return fresh[key]
        if self._previous and key in self._known:
            return self._previous.passage_vectors(self._known[key])
        return self._writer.vectors_of(self._written[key])


def passage_of(chunk: Chunk, title: str) -> Passage:
    """What is embedded for a chunk: its text in context, and its units' and words' places in that."""
    text = context(chunk, title)
    shift = len(text) - len(chunk.text)
    units = tuple((span.start + shift, span.end + shift) for span in unit_spans(chunk))
    return Passage(text, units, tuple((start + shift, end + shift) for start, end in content_words(chunk.text)))


def packed(passage: Passage, vectors: Vectors) -> PassageVectors:
    """The vectors of a passage (1 + spans, dim) as the index stores them."""
    count = 1 + len(passage.units)
    return PassageVectors(vectors[:count], pack(vectors[count:]))


def _key(passage: Passage) -> bytes:
    return hashlib.sha256(json.dumps([passage.text, passage.spans]).encode()).digest()


def _keyed(document: IndexedDocument) -> list[tuple[bytes, Passage]]:
    passages = [passage_of(chunk, document.record.title) for chunk in document.chunks]
    return [(_key(passage), passage) for passage in passages]


def _known_rows(previous: Index, kept: Set[int | None]) -> dict[bytes, int]:
    """The row of each passage of the previous index by its key, but for documents that are kept whole."""
    known: dict[bytes, int] = {}
    for number, document in enumerate(previous.documents):
        if number not in kept:
            content = replace(document, chunks=previous.document_chunks(number))
            keys = (key for key, _ in _keyed(content))
            known.update(zip(keys, previous.rows_of(number), strict=True))
    return known
