"""The index of one generation, opened: its documents, its passages, and search among them.

What reads an index stands here; its files are described in ingest/index_form.py, made by ingest/index_writer.py.
"""

import sqlite3
import threading
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import faiss
import numpy as np

from ingest.chunk import Chunk
from ingest.errors import BrokenIndexError
from ingest.index_form import (
    SELECT_CHUNKS,
    Alternatives,
    IndexedDocument,
    Mask,
    PassageVectors,
    Rows,
    Scores,
    read_chunk_row,
    read_document_row,
)
from ingest.index_terms import count_postings, open_terms, read_vocabulary, score_terms, score_terms_in, stands_in
from ingest.ragged import Ragged
from ingest.words import WordBytes

__all__ = ["Alternatives", "Index", "IndexedDocument", "Mask", "Rows", "Scores", "open_index"]

_python_faiss: Any = faiss  # its type stubs describe the C++ signatures, not the Python ones patched over them
_SELECT_DOCUMENTS = "SELECT record, pages, warnings, content_hash, stale FROM documents ORDER BY id"
_SELECT_CHUNK = f"{SELECT_CHUNKS} WHERE chunks.row = ?"
_SELECT_SECTION = "SELECT row FROM chunks WHERE section_id = ? ORDER BY row"
_REMEMBERED = 4096  # passages; one takes a few KB
_SELECT_ROWS = f"{SELECT_CHUNKS} WHERE chunks.row >= ? AND chunks.row < ? ORDER BY chunks.row"


def open_index(folder: Path) -> "Index":
    """Open a complete generation folder; BrokenIndexError says which file can't be read."""
    try:
        return Index(folder)
    except FileNotFoundError as error:
        reason = f"{error.filename} is missing; it may be of another version of this program"
        raise BrokenIndexError(
            f"the index in {folder} can't be read: {reason}", hint="run: python -m ingest run"
        ) from error
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
        self.database = f"{(folder / 'chunks.sqlite').resolve().as_uri()}?mode=ro&immutable=1"
        self._db = sqlite3.connect(self.database, uri=True, check_same_thread=False)
        self.documents = tuple(read_document_row(row) for row in self._db.execute(_SELECT_DOCUMENTS))
        keys = self._db.execute("SELECT id, document, section_id FROM chunks ORDER BY row").fetchall()
        self.chunk_ids: tuple[str, ...] = tuple(key[0] for key in keys)
        self._row_of = {chunk_id: row for row, chunk_id in enumerate(self.chunk_ids)}
        self.document_of: Rows = np.array([key[1] for key in keys], dtype=np.int64)
        sections: dict[str, int] = {}
        self.section_of: Rows = np.array([sections.setdefault(key[2], len(sections)) for key in keys], dtype=np.int64)
        self._section_count = len(sections)
        # Reading a passage's row takes longer than all else in a search, and the same passages come again and again.
        self._chunk = lru_cache(_REMEMBERED)(self._read_chunk)
        self._faiss = faiss.deserialize_index(np.fromfile(folder / "vectors.faiss", dtype=np.uint8))
        vocabulary = read_vocabulary(folder)
        self._passages = open_terms(folder / "passages", vocabulary)
        self._sections = open_terms(folder / "sections", vocabulary)
        self._unit_terms = open_terms(folder / "unit-terms", vocabulary)
        self._units = Ragged(folder / "units")
        self._unit_scales = np.load(folder / "units" / "scales.npy")
        self._words = Ragged(folder / "words")
        if not len(keys) == len(self._units) == len(self._words) == self._faiss.ntotal:
            raise ValueError(f"{self._faiss.ntotal} vectors for {len(keys)} chunks")

    def __len__(self) -> int:
        return len(self.chunk_ids)

    @property
    def dim(self) -> int:
        """Length of the vectors."""
        return int(self._faiss.d)

    def rows_where(self, permitted: Callable[[IndexedDocument], bool]) -> Mask:
        """A mask over all chunks, true where the chunk's document is permitted."""
        return np.array([permitted(document) for document in self.documents], dtype=bool)[self.document_of]

    def count_documents(self, allowed: Mask) -> int:
        """How many documents the rows of the mask belong to."""
        return int(np.count_nonzero(np.bincount(self.document_of[allowed])))

    def search_dense(self, vector: Scores, allowed: Mask, k: int) -> tuple[Rows, Scores]:
        """The k permitted rows nearest to `vector` (dim,), best first, with their cosine similarities."""
        k = min(k, int(allowed.sum()))
        if k == 0:
            return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.float32)
        only = _python_faiss.IDSelectorBitmap(np.packbits(allowed, bitorder="little"))
        query = vector.reshape(1, -1).astype(np.float32)
        scores, rows = self._faiss.search(query, k, params=_python_faiss.SearchParameters(sel=only))
        return rows[0], scores[0]

    def score_passages(self, terms: Sequence[Alternatives]) -> Scores:
        """BM25 of every passage (chunks,)."""
        return score_terms(self._passages, terms, len(self))

    def term_scores(self, terms: Sequence[Alternatives], rows: Rows) -> Scores:
        """BM25 of each term in each of the given passages, (terms, rows)."""
        return score_terms_in(self._passages, terms, rows)

    def stands_in(self, term: Alternatives, allowed: Mask) -> bool:
        """Whether the term or a synonym stands in a passage that is allowed."""
        return stands_in(self._passages, term, allowed)

    def score_sections(self, terms: Sequence[Alternatives]) -> Scores:
        """BM25 of every passage's whole section (chunks,)."""
        return score_terms(self._sections, terms, self._section_count)[self.section_of]

    def score_units(self, terms: Sequence[Alternatives]) -> Scores:
        """BM25 of every unit (units,); those of a chunk are at `unit_range`."""
        return score_terms(self._unit_terms, terms, len(self._unit_scales))

    def document_frequency(self, term: str) -> int:
        """In how many passages the term stands."""
        return count_postings(self._passages, term)

    def rows_of(self, document: int) -> range:
        """The rows of a document's chunks."""
        start, end = np.searchsorted(self.document_of, [document, document + 1])
        return range(int(start), int(end))

    def vectors(self, rows: Iterable[int]) -> Scores:
        """The stored vectors of the given rows, (n, dim)."""
        return np.asarray(self._faiss.reconstruct_batch(np.fromiter(rows, dtype=np.int64)), dtype=np.float32)

    def unit_range(self, row: int) -> tuple[int, int]:
        """Where the units of a chunk begin and end among all units, as `ingest.units.unit_spans` orders them."""
        return int(self._units.starts[row]), int(self._units.starts[row + 1])

    def unit_vectors(self, row: int) -> Scores:
        """The vectors of the units of one chunk, (units, dim)."""
        own = slice(*self.unit_range(row))
        return np.asarray(self._units.rows[own] * self._unit_scales[own, None], dtype=np.float32)

    def word_vectors(self, row: int) -> WordBytes:
        """The folded vectors of the content words of one chunk, in their order: (words, WORD_DIM)."""
        return self._words.between(row, row + 1)

    def passage_vectors(self, row: int) -> PassageVectors:
        """All that one chunk is found by."""
        return PassageVectors(np.vstack([self.vectors([row]), self.unit_vectors(row)]), self.word_vectors(row))

    def row(self, chunk_id: str) -> int | None:
        """The row of a chunk id, or None where this generation has no such chunk."""
        return self._row_of.get(chunk_id)

    def chunks(self, rows: Iterable[int]) -> list[Chunk]:
        """The chunks of the given rows, in that order."""
        return [self._chunk(int(row)) for row in rows]

    def chunk(self, chunk_id: str) -> Chunk | None:
        """The chunk with this id, or None where this generation has no such chunk."""
        row = self.row(chunk_id)
        return None if row is None else self._chunk(row)

    def section(self, section_id: str) -> tuple[Chunk, ...]:
        """All chunks of a section, in reading order."""
        with self._lock:
            rows = self._db.execute(_SELECT_SECTION, (section_id,)).fetchall()
        return tuple(self._chunk(row) for (row,) in rows)

    def document_chunks(self, document: int) -> tuple[Chunk, ...]:
        """All chunks of the document with this number, in reading order."""
        rows = self.rows_of(document)
        with self._lock:
            return tuple(read_chunk_row(row) for row in self._db.execute(_SELECT_ROWS, (rows.start, rows.stop)))

    def document_of_chunk(self, chunk_id: str) -> IndexedDocument:
        """The document that holds the chunk; KeyError where this generation has no such chunk."""
        return self.documents[int(self.document_of[self._row_of[chunk_id]])]

    def _read_chunk(self, row: int) -> Chunk:
        with self._lock:
            return read_chunk_row(self._db.execute(_SELECT_CHUNK, (row,)).fetchone())

    def close(self) -> None:
        """Release the database."""
        with self._lock:
            self._db.close()
