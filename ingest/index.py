"""The index of one generation: write it, open it, search it (the only importer of faiss and bm25s).

Plain data only: `chunks.sqlite` (documents and chunks), `vectors.faiss`, unit vectors (`units/`) and BM25 arrays
(`passages/`, `sections/`) as .npy without pickle. Dense search works on passages; lexical search on passages and on
whole sections, because BM25 likes long texts and a small embedding model short ones.
"""

import itertools
import json
import os
import sqlite3
import threading
import zlib
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, BinaryIO

import bm25s
import faiss
import numpy as np
from numpy.typing import NDArray

from ingest.chunk import Chunk, Part
from ingest.document import Page, Span
from ingest.errors import BrokenIndexError
from ingest.lexical import LEXICAL_VERSION, analyse
from ingest.register import Record
from ingest.units import UNITS_VERSION, unit_texts

INDEX_VERSION = f"3.{LEXICAL_VERSION}.{UNITS_VERSION}"
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
    column: f"{_CHUNK_COLUMNS} WHERE chunks.{column} = ? ORDER BY chunks.row" for column in ("row", "id", "section_id")
}
_SELECT_ROWS = f"{_CHUNK_COLUMNS} WHERE chunks.row >= ? AND chunks.row < ? ORDER BY chunks.row"
Rows = NDArray[np.int64]
Scores = NDArray[np.float32]
Mask = NDArray[np.bool_]
Alternatives = tuple[str, ...]
"""A term of a question and its synonyms: any of them counts, none counts twice."""


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
    count = sum(len(document.chunks) for document in documents)
    if count != len(vectors):
        raise BrokenIndexError(f"{count} chunks but {len(vectors)} vectors")
    rows = iter(vectors)
    with IndexWriter(folder, dim) as writer:
        for document in documents:
            writer.add(document, list(itertools.islice(rows, len(document.chunks))))


class IndexWriter:
    """Writes an index document by document; what has been added lies on disk, except the terms' numbers.

    Use as a context manager around `add`: the files are complete when it ends without an error.
    """

    def __init__(self, folder: Path, dim: int) -> None:
        self._folder = folder
        self._dim = dim
        self._db = sqlite3.connect(folder / "chunks.sqlite")
        self._db.executescript(_SCHEMA)
        (folder / "units").mkdir()
        self._vectors = (folder / "vectors.raw").open("w+b")
        self._units = (folder / "units.raw").open("w+b")
        self._scales: list[NDArray[np.float32]] = []
        self._starts = [0]
        self._documents = 0
        self._vocabulary: dict[str, int] = {}
        self._passages: list[array[int]] = []
        self._sections: dict[str, array[int]] = {}
        self._unit_terms: list[array[int]] = []

    def __enter__(self) -> "IndexWriter":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                self._finish()
        finally:
            self._db.close()
            self._vectors.close()
            self._units.close()

    def add(self, document: IndexedDocument, vectors: Sequence[Scores]) -> None:
        """Add a document; `vectors` holds for each of its chunks (1 + units, dim)."""
        values = (
            self._documents,
            json.dumps(asdict(document.record), default=str),
            json.dumps([asdict(page) for page in document.pages]),
            json.dumps(document.warnings),
            document.content_hash,
            int(document.stale),
        )
        self._db.execute("INSERT INTO documents VALUES (?, ?, ?, ?, ?, ?)", values)
        # The row of a chunk is the position of its vector.
        rows = (_chunk_row(row, self._documents, c) for row, c in enumerate(document.chunks, len(self._passages)))
        self._db.executemany("INSERT INTO chunks VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
        self._documents += 1
        for chunk, own in zip(document.chunks, vectors, strict=True):
            self._vectors.write(own[0].astype(np.float32).tobytes())
            self._add_units(own[1:])
            terms = array("i", self._numbers(passage_terms(chunk, document.record.title)))
            self._passages.append(terms)
            self._sections.setdefault(chunk.section_id, array("i")).extend(terms)
            self._unit_terms += [array("i", self._numbers(analyse(text))) for text in unit_texts(chunk)]

    def vectors_of(self, row: int) -> Scores:
        """The vectors (1 + units, dim) of a chunk that was added before, by its row."""
        size, (start, end) = 4 * self._dim, self._starts[row : row + 2]
        vector = np.frombuffer(_read_at(self._vectors, row * size, size), dtype=np.float32)
        units = np.frombuffer(_read_at(self._units, start * self._dim, (end - start) * self._dim), dtype=np.int8)
        return np.vstack([vector, units.reshape(-1, self._dim) * self._scales[row][:, None]]).astype(np.float32)

    def _add_units(self, units: Scores) -> None:
        """Unit vectors as bytes with one scale each: a quarter of the memory, and the ranking stays the same."""
        scales = np.maximum(np.abs(units).max(axis=1, initial=0), 1e-9) / 127
        self._units.write(np.round(units / scales[:, None]).astype(np.int8).tobytes())
        self._scales.append(scales.astype(np.float32))
        self._starts.append(self._starts[-1] + len(units))

    def _numbers(self, terms: Iterable[str]) -> Iterator[int]:
        # Numbered as they come, which does not depend on the interpreter's hash seed.
        return (self._vocabulary.setdefault(term, len(self._vocabulary)) for term in terms)

    def _finish(self) -> None:
        self._db.commit()
        index = faiss.IndexFlatIP(self._dim)
        for block in _blocks(self._vectors, np.dtype(np.float32), self._dim):
            index.add(block)
        with (self._folder / "vectors.faiss").open("wb") as stream:
            faiss.serialize_index(index).tofile(stream)
        with (self._folder / "units" / "bytes.npy").open("wb") as stream:
            shape = (self._starts[-1], self._dim)
            np.lib.format.write_array_header_1_0(stream, {"descr": "|i1", "fortran_order": False, "shape": shape})
            for block in _blocks(self._units, np.dtype(np.int8), self._dim):
                stream.write(block.tobytes())
        np.save(self._folder / "units" / "scales.npy", np.concatenate([np.zeros(0, np.float32), *self._scales]))
        np.save(self._folder / "units" / "starts.npy", np.array(self._starts, dtype=np.int64))
        (self._folder / "vectors.raw").unlink()
        (self._folder / "units.raw").unlink()
        _write_bm25(self._folder / "passages", self._passages, self._vocabulary)
        _write_bm25(self._folder / "sections", list(self._sections.values()), self._vocabulary)
        _write_bm25(self._folder / "units" / "terms", self._unit_terms, self._vocabulary)


def _read_at(stream: BinaryIO, place: int, size: int) -> bytes:
    stream.seek(place)
    try:
        return stream.read(size)
    finally:
        stream.seek(0, os.SEEK_END)


def _blocks(stream: BinaryIO, kind: "np.dtype[Any]", dim: int) -> Iterator[NDArray[Any]]:
    """The rows in a file, some thousands at a time."""
    stream.flush()
    stream.seek(0)
    while data := stream.read(4096 * dim * kind.itemsize):
        yield np.frombuffer(data, dtype=kind).reshape(-1, dim)


def passage_terms(chunk: Chunk, title: str) -> list[str]:
    """The terms of a passage for BM25: its text, its headings and its document's title."""
    return analyse(chunk.text) + analyse("\n".join(chunk.heading_path)) + analyse(title)


def _write_bm25(folder: Path, terms: "Sequence[array[int]]", vocabulary: dict[str, int]) -> None:
    model = bm25s.BM25(k1=1.2, b=0.75)
    model.index((terms if len(terms) and vocabulary else [[0]], vocabulary or {"": 0}), show_progress=False)
    model.save(str(folder), show_progress=False)


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
        self._unit_terms = bm25s.BM25.load(str(folder / "units" / "terms"), mmap=True)
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

    def score_passages(self, terms: Sequence[Alternatives]) -> Scores:
        """BM25 of every passage (chunks,)."""
        return _bm25_scores(self._passages, terms, len(self))

    def term_scores(self, terms: Sequence[Alternatives], rows: Rows) -> Scores:
        """BM25 of each term in each of the given passages, (terms, rows)."""
        scores = [_bm25_scores(self._passages, [group], len(self))[rows] for group in terms]
        return np.stack(scores) if scores else np.zeros((0, len(rows)), dtype=np.float32)

    def score_sections(self, terms: Sequence[Alternatives]) -> Scores:
        """BM25 of every passage's whole section (chunks,)."""
        scores = _bm25_scores(self._sections, terms, int(self.section_of.max(initial=-1)) + 1)
        return scores[self.section_of]

    def score_units(self, terms: Sequence[Alternatives]) -> Scores:
        """BM25 of every unit (units,); those of a chunk are at `unit_range`."""
        return _bm25_scores(self._unit_terms, terms, len(self._unit_scales))

    def document_frequency(self, term: str) -> int:
        """In how many passages the term stands."""
        return _postings(self._passages, term)

    def rows_of(self, document: int) -> range:
        """The rows of a document's chunks."""
        start, end = np.searchsorted(self.document_of, [document, document + 1])
        return range(int(start), int(end))

    def vectors(self, rows: Iterable[int]) -> Scores:
        """The stored vectors of the given rows, (n, dim)."""
        return np.stack([self._faiss.reconstruct(int(row)) for row in rows])

    def unit_range(self, row: int) -> tuple[int, int]:
        """Where the units of a chunk begin and end among all units, as `ingest.units.unit_spans` orders them."""
        return int(self._unit_starts[row]), int(self._unit_starts[row + 1])

    def unit_vectors(self, row: int) -> Scores:
        """The vectors of the units of one chunk, (units, dim)."""
        start, end = self.unit_range(row)
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
        rows = self.rows_of(document)
        with self._lock:
            found = self._db.execute(_SELECT_ROWS, (rows.start, rows.stop)).fetchall()
        return tuple(_chunk(row) for row in found)

    def document_of_chunk(self, chunk_id: str) -> IndexedDocument:
        """The document that holds the chunk; KeyError where this generation has no such chunk."""
        return self.documents[int(self.document_of[self._row_of[chunk_id]])]

    def _fetch(self, column: str, value: object) -> list[Chunk]:
        sql = _SELECT_CHUNKS[column]
        with self._lock:
            rows = self._db.execute(sql, (value,)).fetchall()
        return [_chunk(row) for row in rows]

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


def _bm25_scores(model: bm25s.BM25, terms: Sequence[Alternatives], size: int) -> Scores:
    """The sum over the terms of the best score among each term's alternatives."""
    total = np.zeros(size, dtype=np.float32)
    for alternatives in terms:
        columns = [model.vocab_dict[term] for term in alternatives if term in model.vocab_dict]
        if columns:
            scores = [np.asarray(model.get_scores_from_ids([column]), dtype=np.float32)[:size] for column in columns]
            total += scores[0] if len(scores) == 1 else np.maximum.reduce(scores)
    return total


def _postings(model: bm25s.BM25, term: str) -> int:
    column = model.vocab_dict.get(term)
    if column is None:
        return 0
    indptr = model.scores["indptr"]
    return int(indptr[column + 1] - indptr[column])
