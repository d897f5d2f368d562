"""The index of one generation: write it, open it, search it (the only importer of faiss and bm25s).

Plain data only: `chunks.sqlite` (documents and chunks), `vectors.faiss`, unit vectors (`units/`) and BM25 arrays
(`passages/`, `sections/`) as .npy without pickle. Dense search works on passages; lexical search on passages and on
whole sections, because BM25 likes long texts and a small embedding model short ones.
"""

import itertools
import json
import sqlite3
import threading
import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import bm25s
import faiss
import numpy as np
from numpy.typing import NDArray

from ingest.chunk import Chunk, Part
from ingest.document import Page, Span
from ingest.errors import BrokenIndexError
from ingest.lexical import analyse
from ingest.register import Record

INDEX_VERSION = "2"
_python_faiss: Any = faiss  # its type stubs describe the C++ signatures, not the Python ones patched over them
_SCHEMA = """
CREATE TABLE documents (
  id INTEGER PRIMARY KEY, record TEXT NOT NULL, pages TEXT NOT NULL, warnings TEXT NOT NULL,
  content_hash TEXT NOT NULL, stale INTEGER NOT NULL) STRICT;
CREATE TABLE chunks (
  row INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, document INTEGER NOT NULL REFERENCES documents,
  section_id TEXT NOT NULL, ordinal INTEGER NOT NULL, kind TEXT NOT NULL, heading_path TEXT NOT NULL,
  text TEXT NOT NULL, page INTEGER, parts TEXT NOT NULL, spans BLOB NOT NULL) STRICT;
CREATE INDEX chunks_section ON chunks (section_id, ordinal);
"""
_CHUNK_COLUMNS = (
    "SELECT chunks.id, json_extract(record, '$.doc_id'), section_id, ordinal, kind, heading_path, text, page, "
    "parts, spans FROM chunks JOIN documents ON documents.id = document "
)
_SELECT_CHUNKS = {
    column: f"{_CHUNK_COLUMNS} WHERE chunks.{column} = ? ORDER BY chunks.row"
    for column in ("row", "id", "section_id", "document")
}
Rows = NDArray[np.int64]
Scores = NDArray[np.float32]
Mask = NDArray[np.bool_]


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


def write_index(folder: Path, documents: Sequence[IndexedDocument], vectors: Sequence[Scores], dim: int) -> None:
    """Write all files of an index into the empty `folder`.

    `vectors` holds for each chunk, in the documents' order, (1 + units, dim): its vector and its units'.
    """
    chunks = [chunk for document in documents for chunk in document.chunks]
    if len(chunks) != len(vectors):
        raise BrokenIndexError(f"{len(chunks)} chunks but {len(vectors)} vectors")
    _write_chunks(folder / "chunks.sqlite", documents)
    index = faiss.IndexFlatIP(dim)
    index.add(np.array([rows[0] for rows in vectors], dtype=np.float32).reshape(-1, dim))
    (folder / "vectors.faiss").write_bytes(faiss.serialize_index(index).tobytes())
    _write_units(folder / "units", [rows[1:] for rows in vectors], dim)
    titles = [document.record.title for document in documents for _ in document.chunks]
    terms = [passage_terms(chunk, title) for chunk, title in zip(chunks, titles, strict=True)]
    _write_bm25(folder / "passages", terms)
    _write_bm25(folder / "sections", _section_terms(chunks, terms))


def _write_units(folder: Path, units: Sequence[Scores], dim: int) -> None:
    """Unit vectors as bytes with one scale each: a quarter of the memory, and the ranking stays the same."""
    folder.mkdir()
    rows = np.concatenate([np.zeros((0, dim), dtype=np.float32), *units])
    scales = np.maximum(np.abs(rows).max(axis=1, initial=0), 1e-9) / 127
    np.save(folder / "bytes.npy", np.round(rows / scales[:, None]).astype(np.int8))
    np.save(folder / "scales.npy", scales.astype(np.float32))
    np.save(folder / "starts.npy", np.cumsum([0, *(len(own) for own in units)], dtype=np.int64))


def passage_terms(chunk: Chunk, title: str) -> list[str]:
    """The terms of a passage for BM25: its text, its headings and its document's title."""
    return analyse(chunk.text) + analyse("\n".join(chunk.heading_path)) + analyse(title)


def _section_terms(chunks: Sequence[Chunk], terms: Sequence[list[str]]) -> list[list[str]]:
    sections: dict[str, list[str]] = {}
    for chunk, words in zip(chunks, terms, strict=True):
        sections.setdefault(chunk.section_id, []).extend(words)
    return list(sections.values())


def _write_bm25(folder: Path, terms: list[list[str]]) -> None:
    # The sorted vocabulary keeps the files independent of the interpreter's hash seed.
    model = bm25s.BM25(k1=1.2, b=0.75)
    vocabulary = {word: i for i, word in enumerate(sorted({word for words in terms for word in words}))}
    ids = [[vocabulary[word] for word in words] for words in terms]
    model.index((ids if vocabulary else [[0]], vocabulary or {"": 0}), show_progress=False)
    model.save(str(folder), show_progress=False)


def _write_chunks(path: Path, documents: Sequence[IndexedDocument]) -> None:
    with sqlite3.connect(path) as db:
        db.executescript(_SCHEMA)
        row = itertools.count()  # the row of a chunk is the position of its vector
        for number, document in enumerate(documents):
            values = (
                number,
                json.dumps(asdict(document.record), default=str),
                json.dumps([asdict(page) for page in document.pages]),
                json.dumps(document.warnings),
                document.content_hash,
                int(document.stale),
            )
            db.execute("INSERT INTO documents VALUES (?, ?, ?, ?, ?, ?)", values)
            rows = (_chunk_row(next(row), number, chunk) for chunk in document.chunks)
            db.executemany("INSERT INTO chunks VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
    db.close()


def _chunk_row(row: int, document: int, chunk: Chunk) -> tuple[object, ...]:
    parts = [(p.start, p.end, p.page, p.kind, p.anchor) for p in chunk.parts]
    spans = [(s.start, s.end, s.page, *(round(v, 5) for v in (s.x0, s.y0, s.x1, s.y1))) for s in chunk.spans]
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
        zlib.compress(json.dumps(spans).encode()),
    )


def _record(text: str) -> Record:
    data: dict[str, Any] = json.loads(text)
    for name in ("effective_from", "effective_to", "approved_on"):
        data[name] = date.fromisoformat(data[name]) if data[name] else None
    for name in ("rails", "regions", "readers"):
        data[name] = tuple(data[name])
    return Record(**data)


def open_index(folder: Path) -> "Index":
    """Open a complete generation folder; BrokenIndexError says which file can't be read."""
    try:
        return Index(folder)
    except (OSError, sqlite3.Error, ValueError, KeyError, TypeError, RuntimeError) as error:
        raise BrokenIndexError(
            f"the index in {folder} can't be read: {error}", hint="run: python -m ingest verify"
        ) from error


class Index:
    """An opened generation: read-only, safe to share between threads."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.generation = folder.name
        self._lock = threading.Lock()
        uri = f"{(folder / 'chunks.sqlite').resolve().as_uri()}?mode=ro&immutable=1"
        self._db = sqlite3.connect(uri, uri=True, check_same_thread=False)
        self.documents = tuple(
            IndexedDocument(
                record=_record(record),
                content_hash=content_hash,
                pages=tuple(Page(**page) for page in json.loads(pages)),
                warnings=tuple(json.loads(warnings)),
                stale=bool(stale),
            )
            for record, pages, warnings, content_hash, stale in self._db.execute(
                "SELECT record, pages, warnings, content_hash, stale FROM documents ORDER BY id"
            )
        )
        keys = self._db.execute("SELECT id, document, section_id FROM chunks ORDER BY row").fetchall()
        self.chunk_ids: tuple[str, ...] = tuple(key[0] for key in keys)
        self._row_of = {chunk_id: row for row, chunk_id in enumerate(self.chunk_ids)}
        self.document_of: Rows = np.array([key[1] for key in keys], dtype=np.int64)
        sections: dict[str, int] = {}
        self.section_of: Rows = np.array([sections.setdefault(key[2], len(sections)) for key in keys], dtype=np.int64)
        self._faiss = faiss.deserialize_index(np.fromfile(folder / "vectors.faiss", dtype=np.uint8))
        self._passages = bm25s.BM25.load(str(folder / "passages"), mmap=True)
        self._sections = bm25s.BM25.load(str(folder / "sections"), mmap=True)
        self._unit_bytes = np.load(folder / "units" / "bytes.npy", mmap_mode="r")
        self._unit_scales = np.load(folder / "units" / "scales.npy")
        self._unit_starts = np.load(folder / "units" / "starts.npy")
        if len(self._unit_starts) != len(keys) + 1 or self._unit_starts[-1] != len(self._unit_bytes):
            raise ValueError("the unit vectors do not belong to the chunks")
        if self._faiss.ntotal != len(keys):
            raise ValueError(f"{self._faiss.ntotal} vectors for {len(keys)} chunks")

    def __len__(self) -> int:
        return len(self.chunk_ids)

    @property
    def dim(self) -> int:
        """Length of the vectors."""
        return int(self._faiss.d)

    def rows_where(self, permitted: Callable[[IndexedDocument], bool]) -> Mask:
        """A mask over all chunks, true where the chunk's document is permitted."""
        documents = np.array([permitted(document) for document in self.documents], dtype=bool)
        return documents[self.document_of] if len(self.document_of) else np.zeros(0, dtype=bool)

    def search_dense(self, vector: Scores, allowed: Mask, k: int) -> tuple[Rows, Scores]:
        """The k permitted rows nearest to `vector` (dim,), best first, with their cosine similarities."""
        k = min(k, int(allowed.sum()))
        if k == 0:
            return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.float32)
        bitmap = np.packbits(allowed, bitorder="little")
        selector = _python_faiss.IDSelectorBitmap(bitmap)
        query = vector.reshape(1, -1).astype(np.float32)
        scores, rows = self._faiss.search(query, k, params=_python_faiss.SearchParameters(sel=selector))
        return rows[0], scores[0]

    def score_passages(self, terms: Sequence[str]) -> Scores:
        """BM25 of every passage (chunks,)."""
        return _bm25_scores(self._passages, terms, len(self))

    def score_sections(self, terms: Sequence[str]) -> Scores:
        """BM25 of every passage's whole section (chunks,)."""
        scores = _bm25_scores(self._sections, terms, int(self.section_of.max(initial=-1)) + 1)
        return scores[self.section_of]

    def document_frequency(self, term: str) -> int:
        """In how many passages the term stands."""
        return _postings(self._passages, term)

    def vectors(self, rows: Iterable[int]) -> Scores:
        """The stored vectors of the given rows, (n, dim)."""
        return np.stack([self._faiss.reconstruct(int(row)) for row in rows])

    def unit_vectors(self, row: int) -> Scores:
        """The vectors of the units of one chunk, (units, dim), as `ingest.units.unit_spans` orders them."""
        start, end = self._unit_starts[row], self._unit_starts[row + 1]
        return np.asarray(self._unit_bytes[start:end] * self._unit_scales[start:end, None], dtype=np.float32)

    def row(self, chunk_id: str) -> int | None:
        """The row of a chunk id, or None where this generation has no such chunk."""
        return self._row_of.get(chunk_id)

    def chunks(self, rows: Iterable[int]) -> list[Chunk]:
        """The chunks of the given rows, in that order."""
        return [self._fetch("row", int(row))[0] for row in rows]

    def chunk(self, chunk_id: str) -> Chunk | None:
        """The chunk with this id, or None where this generation has no such chunk."""
        return next(iter(self._fetch("id", chunk_id)), None)

    def section(self, section_id: str) -> tuple[Chunk, ...]:
        """All chunks of a section, in reading order."""
        return tuple(self._fetch("section_id", section_id))

    def document_chunks(self, document: int) -> tuple[Chunk, ...]:
        """All chunks of the document with this number, in reading order."""
        return tuple(self._fetch("document", document))

    def document_of_chunk(self, chunk_id: str) -> IndexedDocument:
        """The document that holds the chunk; KeyError where this generation has no such chunk."""
        return self.documents[int(self.document_of[self._row_of[chunk_id]])]

    def _fetch(self, column: str, value: object) -> list[Chunk]:
        sql = _SELECT_CHUNKS[column]
        with self._lock:
            rows = self._db.execute(sql, (value,)).fetchall()
        return [_chunk(row) for row in rows]

    def facets(self) -> dict[str, list[str]]:
        """The rails, regions and document types that the register names, each sorted."""
        records = [document.record for document in self.documents]
        return {
            "rails": sorted({rail for record in records for rail in record.rails}),
            "regions": sorted({region for record in records for region in record.regions}),
            "doc_types": sorted({record.doc_type for record in records if record.doc_type}),
        }

    def close(self) -> None:
        """Release the database."""
        with self._lock:
            self._db.close()


def _chunk(row: tuple[Any, ...]) -> Chunk:
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
        spans=tuple(Span(*span) for span in json.loads(zlib.decompress(spans))),
    )


def _bm25_scores(model: bm25s.BM25, terms: Sequence[str], size: int) -> Scores:
    known = [model.vocab_dict[term] for term in terms if term in model.vocab_dict]
    if not known:
        return np.zeros(size, dtype=np.float32)
    return np.asarray(model.get_scores_from_ids(known), dtype=np.float32)[:size]


def _postings(model: bm25s.BM25, term: str) -> int:
    column = model.vocab_dict.get(term)
    if column is None:
        return 0
    indptr = model.scores["indptr"]
    return int(indptr[column + 1] - indptr[column])
