"""The terms of all passages and units of an index in the making, stored as numbers: the next one copies them."""

from array import array
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ingest.chunk import Chunk
from ingest.index_form import IndexedDocument
from ingest.index_terms import read_vocabulary, write_terms, write_vocabulary
from ingest.lexical import analyse
from ingest.ragged import Ragged, write_ragged
from ingest.units import unit_texts

Numbers = NDArray[np.int64]


class _Texts:
    """The terms of texts, one text after another."""

    def __init__(self, stored: Path | None) -> None:
        self._terms = array("i")
        self._lengths = array("q")
        self._stored = Ragged(stored / "terms") if stored else None

    def add(self, terms: Iterable[int]) -> None:
        before = len(self._terms)
        self._terms.extend(terms)
        self._lengths.append(len(self._terms) - before)

    def copy(self, texts: range) -> None:
        assert self._stored  # noqa: S101 -- only what is stored is copied
        self._terms.frombytes(self._stored.between(texts.start, texts.stop).tobytes())
        self._lengths.frombytes(self._stored.counts(texts.start, texts.stop).tobytes())

    @property
    def terms(self) -> NDArray[np.int32]:
        return np.frombuffer(self._terms, dtype=np.int32)

    @property
    def lengths(self) -> Numbers:
        return np.frombuffer(self._lengths, dtype=np.int64)

    def write(self, folder: Path, numbers: NDArray[np.int32], size: int) -> None:
        """The terms, renumbered by `numbers`, and their scores."""
        terms, count = numbers[self.terms], len(self._lengths)
        write_terms(folder, terms, np.repeat(np.arange(count), self.lengths), count, size)
        write_ragged(folder / "terms", terms, self.lengths)


class TermLists:
    """Collects the terms of documents, new ones or ones of the index in the folder `previous`."""

    def __init__(self, previous: Path | None = None) -> None:
        self._vocabulary = read_vocabulary(previous) if previous else {}
        self._passages = _Texts(previous / "passages" if previous else None)
        self._units = _Texts(previous / "unit-terms" if previous else None)
        self._sections = array("q")  # the number of each passage's section
        self._section_count = 0

    def add(self, document: IndexedDocument) -> None:
        """Analyse the chunks of a document."""
        sections: dict[str, int] = {}
        for chunk in document.chunks:
            self._sections.append(self._section_count + sections.setdefault(chunk.section_id, len(sections)))
            self._passages.add(map(self._number, _passage_terms(chunk, document.record.title)))
            for text in unit_texts(chunk):
                self._units.add(map(self._number, analyse(text)))
        self._section_count += len(sections)

    def _number(self, term: str) -> int:
        return self._vocabulary.setdefault(term, len(self._vocabulary))

    def copy(self, passages: range, units: range, sections: Numbers) -> None:
        """Take over a document's passages and units from the previous index; `sections` are its passages' there."""
        self._passages.copy(passages)
        self._units.copy(units)
        if len(sections):
            own = sections - sections.min() + self._section_count
            self._sections.frombytes(own.tobytes())
            self._section_count = int(own.max()) + 1

    def write(self, folder: Path) -> None:
        """Write the terms in alphabetical order, which depends on nothing but the content, and all scores."""
        used = np.zeros(len(self._vocabulary), dtype=bool)
        used[self._passages.terms] = used[self._units.terms] = True
        terms = sorted(term for term, number in self._vocabulary.items() if used[number])
        numbers = np.zeros(len(self._vocabulary), dtype=np.int32)
        numbers[[self._vocabulary[term] for term in terms]] = np.arange(len(terms), dtype=np.int32)
        write_vocabulary(folder, terms)
        self._passages.write(folder / "passages", numbers, len(terms))
        self._units.write(folder / "unit-terms", numbers, len(terms))
        sections = np.repeat(np.frombuffer(self._sections, dtype=np.int64), self._passages.lengths)
        write_terms(folder / "sections", numbers[self._passages.terms], sections, self._section_count, len(terms))


def _passage_terms(chunk: Chunk, title: str) -> list[str]:
    """The terms of a passage for BM25: its text, its headings and its document's title."""
    return analyse(chunk.text) + analyse("\n".join(chunk.heading_path)) + analyse(title)
