"""Embeds passages in the background, while documents are parsed and written; their vectors wait in a file."""

import tempfile
import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path

import numpy as np

from ingest.embed import Embedder, Passage
from ingest.index_form import PassageVectors
from ingest.passages import packed
from ingest.words import WORD_DIM

_BATCH = 64
_MOST_WAITING = 2048  # passages: parsing must not run away from embedding
_IN_MEMORY = 32 << 20  # bytes of vectors; what is more lies in the folder


class VectorSpool:
    """Use as a context manager, which ends the embedding thread; what the thread fails with is raised by the next call.

    Passages are known by keys: those with the same key have the same vectors.
    """

    def __init__(self, load: Callable[[], Embedder], folder: Path) -> None:
        self._load = load
        self._turn = threading.Condition()
        self._waiting: deque[tuple[bytes, Passage]] = deque()
        self._places: dict[bytes, tuple[int, int, int] | None] = {}  # where, how many vectors and words; None: not yet
        self._error: BaseException | None = None
        self._closed = False
        self._dim = 0
        self._size = 0
        self._file = tempfile.SpooledTemporaryFile(_IN_MEMORY, dir=str(folder))  # noqa: SIM115 -- __exit__ closes it
        self._thread = threading.Thread(target=self._run, name="embed", daemon=True)

    def __enter__(self) -> "VectorSpool":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with self._turn:
            self._closed = True
            self._turn.notify_all()
        self._thread.join()
        self._file.close()

    def __contains__(self, key: bytes) -> bool:
        return key in self._places

    def __len__(self) -> int:
        return len(self._places)

    def put(self, key: bytes, passage: Passage) -> None:
        """Have a passage embedded, unless one with its key was put before; waits while too many are waiting."""
        with self._turn:
            self._wait_for(lambda: len(self._waiting) < _MOST_WAITING)
            if key not in self._places:
                self._places[key] = None
                self._waiting.append((key, passage))
                self._turn.notify_all()

    def take(self, key: bytes) -> PassageVectors:
        """The vectors of a passage that was put, as soon as they are there."""
        with self._turn:
            self._wait_for(lambda: self._places[key] is not None)
            place = self._places[key]
            assert place  # noqa: S101 -- it was waited for
            start, vectors, words = place
            self._file.seek(start)
            units = np.frombuffer(self._file.read(4 * vectors * self._dim), dtype=np.float32)
            stored = np.frombuffer(self._file.read(words * WORD_DIM), dtype=np.int8)
        return PassageVectors(units.reshape(vectors, self._dim), stored.reshape(words, WORD_DIM))

    def _wait_for(self, ready: Callable[[], bool]) -> None:
        self._turn.wait_for(lambda: self._error or ready())
        if self._error:
            raise self._error

    def _run(self) -> None:
        try:
            embedder = self._load()
            embedder.embed_query("ready")  # loads its model, while the first document is still being parsed
            while batch := self._next_batch():
                self._embed(embedder, batch)
        except BaseException as error:  # noqa: BLE001 -- it is raised where the vectors are waited for
            with self._turn:
                self._error = error
                self._turn.notify_all()

    def _next_batch(self) -> list[tuple[bytes, Passage]]:
        """What waits, as soon as something does; nothing once the spool is closed."""
        with self._turn:
            self._turn.wait_for(lambda: self._waiting or self._closed)
            if self._closed:
                return []
            batch = [self._waiting.popleft() for _ in range(min(_BATCH, len(self._waiting)))]
            self._turn.notify_all()
            return batch

    def _embed(self, embedder: Embedder, batch: list[tuple[bytes, Passage]]) -> None:
        self._dim = embedder.info.dim
        found = embedder.embed_passages([passage for _, passage in batch])
        made = [(key, packed(passage, own)) for (key, passage), own in zip(batch, found, strict=True)]
        with self._turn:
            self._file.seek(self._size)
            for key, vectors in made:
                self._file.write(vectors.units.astype(np.float32).tobytes() + vectors.words.tobytes())
                self._places[key] = (self._size, len(vectors.units), len(vectors.words))
                self._size += vectors.units.size * 4 + vectors.words.size
            self._turn.notify_all()
