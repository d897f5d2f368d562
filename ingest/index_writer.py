"""Writes the index of one generation, document by document, so that memory doesn't grow with the texts."""

import errno
import itertools
import sqlite3
from collections.abc import Sequence
from pathlib import Path

import faiss
import numpy as np

from ingest.errors import BrokenIndexError
from ingest.index import Index, open_index
from ingest.index_form import SCHEMA, IndexedDocument, PassageVectors, Scores, chunk_row, document_row
from ingest.ragged import Ragged, RaggedWriter, save_array
from ingest.term_lists import TermLists
from ingest.words import WORD_DIM

_ADD_CHUNK = "INSERT INTO chunks VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_COPY_CHUNKS = (
    "INSERT INTO chunks SELECT row + ?, id, ?, section_id, ordinal, kind, heading_path, text, page, parts, spans "
    "FROM previous.chunks WHERE row >= ? AND row < ? ORDER BY row"
)


def write_index(
    folder: Path, documents: Sequence[IndexedDocument], vectors: Sequence[PassageVectors], dim: int
) -> None:
    """Write all files of an index into the empty `folder`.

    `vectors` holds one entry for each chunk, in the documents' order.
    """
    count = sum(len(document.chunks) for document in documents)
    if count != len(vectors):
        raise BrokenIndexError(f"{count} chunks but {len(vectors)} vectors")
    rows = iter(vectors)
    with IndexWriter(folder, dim) as writer:
        for document in documents:
            writer.add(document, list(itertools.islice(rows, len(document.chunks))))


class IndexWriter:
    """Writes an index document by document: new ones, and ones of the `previous` index as they are stored there.

    Use as a context manager around `add` and `copy`: the files are complete and can be opened when it ends without an
    error; OSError when they could not be written.
    """

    def __init__(self, folder: Path, dim: int, previous: Index | None = None) -> None:
        self._folder = folder
        self._stored = _Stored(previous) if previous else None
        self._vectors = faiss.IndexFlatIP(dim)
        self._units = RaggedWriter(folder / "units", "int8", dim)
        self._scales = [np.zeros(0, np.float32)]
        self._words = RaggedWriter(folder / "words", "int8", WORD_DIM)
        self._terms = TermLists(previous.folder if previous else None)
        self._documents = 0
        self._db = sqlite3.connect(folder / "chunks.sqlite", uri=True)
        if previous:
            self._db.execute("ATTACH ? AS previous", (previous.database,))
        # A file that is thrown away unless it is complete, and synced when it is, needs no journal of its own.
        self._db.executescript(f"PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; BEGIN; {SCHEMA}")

    def __enter__(self) -> "IndexWriter":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                self._finish()
        finally:
            self._db.close()
            self._units.close()
            self._words.close()
        if kind is None:
            self._read_back()

    def _read_back(self) -> None:
        # Nothing is published that readers can't open, whatever a library may have failed to report.
        try:
            open_index(self._folder).close()
        except BrokenIndexError as error:
            raise OSError(errno.EIO, "the index was not written whole") from error

    def _add_row(self, document: IndexedDocument) -> None:
        row = document_row(self._documents, document)
        self._db.execute("INSERT INTO documents VALUES (?, ?, ?, ?, ?, ?)", row)
        self._documents += 1

    def add(self, document: IndexedDocument, vectors: Sequence[PassageVectors]) -> None:
        """Add a document; `vectors` holds one entry for each of its chunks."""
        # The row of a chunk is the position of its vector.
        chunks = enumerate(document.chunks, self._vectors.ntotal)
        self._db.executemany(_ADD_CHUNK, (chunk_row(row, self._documents, chunk) for row, chunk in chunks))
        self._add_row(document)
        self._terms.add(document)
        for _, own in zip(document.chunks, vectors, strict=True):
            self._vectors.add(np.ascontiguousarray(own.units[:1], dtype=np.float32))
            self._add_units(own.units[1:])
            self._words.add(own.words)

    def _add_units(self, units: Scores) -> None:
        """Unit vectors as bytes with one scale each: a quarter of the memory, and the ranking stays the same."""
        scales = np.maximum(np.abs(units).max(axis=1, initial=0), 1e-9) / 127
        self._units.add(np.round(units / scales[:, None]))
        self._scales.append(scales.astype(np.float32))

    def copy(self, number: int, document: IndexedDocument) -> None:
        """Take over all chunks of the previous index's document of that number; `document` is what it is now."""
        assert self._stored  # noqa: S101 -- there is nothing to copy otherwise
        rows = self._stored.index.rows_of(number)
        places = (self._vectors.ntotal - rows.start, self._documents, rows.start, rows.stop)
        self._db.execute(_COPY_CHUNKS, places)
        self._add_row(document)
        if rows:
            self._vectors.add(self._stored.index.vectors(rows))
        units = self._stored.units.range_of(rows.start, rows.stop)
        self._units.copy(self._stored.units, rows.start, rows.stop)
        self._scales.append(self._stored.scales[units.start : units.stop])
        self._words.copy(self._stored.words, rows.start, rows.stop)
        self._terms.copy(rows, units, self._stored.index.section_of[rows.start : rows.stop])

    def _finish(self) -> None:
        self._db.commit()
        (self._folder / "vectors.faiss").write_bytes(faiss.serialize_index(self._vectors).data)
        self._units.finish()
        save_array(self._folder / "units" / "scales.npy", np.concatenate(self._scales))
        self._words.finish()
        self._terms.write(self._folder)


class _Stored:
    """The arrays of an index from which documents are taken over."""

    def __init__(self, index: Index) -> None:
        self.index = index
        self.units = Ragged(index.folder / "units")
        self.scales = np.load(index.folder / "units" / "scales.npy")
        self.words = Ragged(index.folder / "words")
