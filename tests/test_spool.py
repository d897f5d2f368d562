"""Vectors made in the background: the right ones, whenever they are asked for, and no failure lost."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from ingest.embed import Passage, Progress
from ingest.embed_pool import Vectors
from ingest.embed_words import WordHashEmbedder
from ingest.errors import ModelError
from ingest.passages import packed
from ingest.spool import VectorSpool

PASSAGES = {
    f"{n}".encode(): Passage(f"payment {n} of {n % 7}", ((0, 7),) * (n % 3), ((8, 9),) * (n % 5)) for n in range(300)
}


def same(spool: VectorSpool, key: bytes) -> bool:
    expected = packed(PASSAGES[key], WordHashEmbedder().embed_passages([PASSAGES[key]])[0])
    found = spool.take(key)
    return np.array_equal(found.units, expected.units) and np.array_equal(found.words, expected.words)


@pytest.mark.parametrize("in_memory", [1 << 20, 1000])
def test_vectors_come_back_whatever_the_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, in_memory: int) -> None:
    monkeypatch.setattr("ingest.spool._IN_MEMORY", in_memory)
    monkeypatch.setattr("ingest.spool._MOST_WAITING", 10)
    with VectorSpool(WordHashEmbedder, tmp_path) as spool:
        for key, passage in PASSAGES.items():
            spool.put(key, passage)
            spool.put(key, passage)
            if len(spool) % 50 == 0:
                assert same(spool, key)
        assert len(spool) == len(PASSAGES)
        assert all(same(spool, key) for key in reversed(PASSAGES))
    assert list(tmp_path.iterdir()) == []


class BrokenEmbedder(WordHashEmbedder):
    """Its weights are damaged, say."""

    def embed_passages(self, passages: Sequence[Passage], *, progress: Progress = lambda _: None) -> list[Vectors]:
        raise ModelError("no weights")


def test_a_failure_in_the_background_reaches_the_run(tmp_path: Path) -> None:
    with VectorSpool(BrokenEmbedder, tmp_path) as spool:
        spool.put(b"1", PASSAGES[b"1"])
        with pytest.raises(ModelError, match="no weights"):
            spool.take(b"1")
        with pytest.raises(ModelError, match="no weights"):
            spool.put(b"2", PASSAGES[b"2"])


def test_a_full_disk_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full() -> tempfile.SpooledTemporaryFile[bytes]:
        raise OSError(28, "No space left on device")

    with VectorSpool(WordHashEmbedder, tmp_path) as spool:
        monkeypatch.setattr(spool._file, "write", lambda _: full())
        spool.put(b"1", PASSAGES[b"1"])
        with pytest.raises(OSError, match="No space left"):
            spool.take(b"1")


def test_leaving_does_not_wait_for_what_is_no_longer_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest.spool._BATCH", 1)
    made = 0

    class Counting(WordHashEmbedder):
        def embed_passages(self, passages: Sequence[Passage], *, progress: Progress = lambda _: None) -> list[Vectors]:
            nonlocal made
            made += 1
            return super().embed_passages(passages)

    with pytest.raises(KeyError), VectorSpool(Counting, tmp_path) as spool:
        for key, passage in PASSAGES.items():
            spool.put(key, passage)
        raise KeyError
    assert made < len(PASSAGES)
