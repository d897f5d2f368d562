"""Where the vectors of a new generation come from: the previous one, or the embedder for what is new.

Light as long as nothing is new: NumPy, the index and the embedder are imported with the first new passage.
"""

from collections.abc import Callable, Collection, Mapping
from contextlib import ExitStack
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.embed import Embedder

if TYPE_CHECKING:
    from ingest.index import Index
    from ingest.index_form import IndexedDocument, PassageVectors
    from ingest.spool import VectorSpool


class VectorSupply:
    """Use as a context manager; `previous` opens the index whose vectors can be taken over, or is None.

    `copied` are the documents of that index which are copied whole: nobody asks for their passages.
    """

    def __init__(
        self,
        load: Callable[[], Embedder],
        previous: "Callable[[], Index] | None",
        copied: Collection[int],
        folder: Path,
    ) -> None:
        self._load = load
        self._open_previous = previous
        self._copied = frozenset(copied)
        self._folder = folder
        self._stack = ExitStack()

    def __enter__(self) -> "VectorSupply":
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def embedded(self) -> int:
        """How many different passages had to be embedded."""
        return len(self._spool) if "_spool" in self.__dict__ else 0

    def prepare(self) -> None:
        """Have the embedder loaded in the background, because something new is about to be offered."""
        _ = self._spool

    def offer(self, document: "IndexedDocument") -> list[bytes]:
        """Start to embed what is new in a document; returns the keys of its passages."""
        from ingest.passages import passage_key, passage_of  # noqa: PLC0415 -- see above

        title = document.record.title
        keys = [passage_key(chunk, title) for chunk in document.chunks]
        for key, chunk in zip(keys, document.chunks, strict=True):
            if key not in self._known and key not in self._spool:
                self._spool.put(key, passage_of(chunk, title))
        return keys

    @property
    def previous(self) -> "Index | None":
        """The index whose vectors can be taken over."""
        return self._open_previous() if self._open_previous else None

    def vectors(self, key: bytes) -> "PassageVectors":
        """The vectors of a passage that was offered, as soon as they are there."""
        previous = self.previous
        if previous and key in self._known:
            return previous.passage_vectors(self._known[key])
        return self._spool.take(key)

    @cached_property
    def _spool(self) -> "VectorSpool":
        from ingest.spool import VectorSpool  # noqa: PLC0415 -- see above

        return self._stack.enter_context(VectorSpool(self._load, self._folder))

    @cached_property
    def _known(self) -> Mapping[bytes, int]:
        """The row of each passage of the previous index by its key, but for documents that are kept whole."""
        from ingest.passages import passage_key  # noqa: PLC0415 -- see above

        previous = self.previous
        known: dict[bytes, int] = {}
        if previous is None:
            return known
        for number, document in enumerate(previous.documents):
            if number not in self._copied:
                content = replace(document, chunks=previous.document_chunks(number))
                keys = (passage_key(chunk, document.record.title) for chunk in content.chunks)
                known.update(zip(keys, previous.rows_of(number), strict=True))
        return known
