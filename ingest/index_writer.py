"""Writes the index of one generation, document by document, so that memory doesn't grow with the vectors."""

import errno
import itertools
import sqlite3
from array import array
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import faiss
import numpy as np
from numpy.typing import NDArray

from ingest.chunk import Chunk
from ingest.errors import BrokenIndexError
from ingest.index import open_index
from ingest.index_form import SCHEMA, IndexedDocument, PassageVectors, Scores, chunk_row, document_row
from ingest.index_terms import write_terms
from ingest.lexical import analyse
from ingest.units import unit_texts
from ingest.words import WORD_DIM


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
    """Writes an index document by document; what has been added lies on disk, except the terms' numbers.

    Use as a context manager around `add`: the files are complete and can be opened when it ends without an error;
    OSError when they could not be written.
    """

    def __init__(self, folder: Path, dim: int) -> None:
        self._folder = folder
        self._dim = dim
        self._db = sqlite3.connect(folder / "chunks.sqlite")
        # A file that is thrown away unless it is complete, and synced when it is, needs no journal of its own.
        self._db.executescript(f"PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; BEGIN; {SCHEMA}")
        (folder / "units").mkdir()
        (folder / "words").mkdir()
        self._vectors = (folder / "vectors.raw").open("w+b")
        self._units = (folder / "units.raw").open("w+b")
        self._words = (folder / "words.raw").open("w+b")
        self._word_starts = [0]
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
            self._words.close()
        if kind is None:
            self._read_back()

    def _read_back(self) -> None:
        # NumPy does not report a disk that fails at a file's last bytes: it closes the file and goes on.
        try:
            open_index(self._folder).close()
        except BrokenIndexError as error:
            raise OSError(errno.EIO, "the index was not written whole") from error

    def add(self, document: IndexedDocument, vectors: Sequence[PassageVectors]) -> None:
        """Add a document; `vectors` holds one entry for each of its chunks."""
        row = document_row(self._documents, document)
        self._db.execute("INSERT INTO documents VALUES (?, ?, ?, ?, ?, ?)", row)
        # The row of a chunk is the position of its vector.
        rows = (chunk_row(row, self._documents, c) for row, c in enumerate(document.chunks, len(self._passages)))
        self._db.executemany("INSERT INTO chunks VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
        self._documents += 1
        for chunk, own in zip(document.chunks, vectors, strict=True):
            self._vectors.write(own.units[0].astype(np.float32).tobytes())
            self._add_units(own.units[1:])
            self._words.write(own.words.tobytes())
            self._word_starts.append(self._word_starts[-1] + len(own.words))
            terms = array("i", self._numbers(_passage_terms(chunk, document.record.title)))
            self._passages.append(terms)
            self._sections.setdefault(chunk.section_id, array("i")).extend(terms)
            self._unit_terms += [array("i", self._numbers(analyse(text))) for text in unit_texts(chunk)]

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
        _write_bytes(self._folder / "units" / "bytes.npy", self._units, (self._starts[-1], self._dim))
        _write_bytes(self._folder / "words" / "bytes.npy", self._words, (self._word_starts[-1], WORD_DIM))
        np.save(self._folder / "words" / "starts.npy", np.array(self._word_starts, dtype=np.int64))
        np.save(self._folder / "units" / "scales.npy", np.concatenate([np.zeros(0, np.float32), *self._scales]))
        np.save(self._folder / "units" / "starts.npy", np.array(self._starts, dtype=np.int64))
        (self._folder / "vectors.raw").unlink()
        (self._folder / "units.raw").unlink()
        (self._folder / "words.raw").unlink()
        write_terms(self._folder / "passages", self._passages, self._vocabulary)
        write_terms(self._folder / "sections", list(self._sections.values()), self._vocabulary)
        write_terms(self._folder / "units" / "terms", self._unit_terms, self._vocabulary)


def _write_bytes(path: Path, raw: BinaryIO, shape: tuple[int, int]) -> None:
    with path.open("wb") as stream:
        np.lib.format.write_array_header_1_0(stream, {"descr": "|i1", "fortran_order": False, "shape": shape})
        for block in _blocks(raw, np.dtype(np.int8), shape[1]):
            stream.write(block.tobytes())


def _blocks(stream: BinaryIO, kind: "np.dtype[Any]", dim: int) -> Iterator[NDArray[Any]]:
    """The rows in a file, some thousands at a time."""
    stream.flush()
    stream.seek(0)
    while data := stream.read(4096 * dim * kind.itemsize):
        yield np.frombuffer(data, dtype=kind).reshape(-1, dim)


def _passage_terms(chunk: Chunk, title: str) -> list[str]:
    """The terms of a passage for BM25: its text, its headings and its document's title."""
    return analyse(chunk.text) + analyse("\n".join(chunk.heading_path)) + analyse(title)
