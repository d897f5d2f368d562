"""Rows of different numbers are given back as they were put in, also when they are copied from place to place."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.ragged import Ragged, RaggedWriter, save_array

WIDTH = 3
COUNTS = st.lists(st.integers(0, 4), min_size=1, max_size=12)


def write(folder: Path, counts: list[int]) -> Ragged:
    writer = RaggedWriter(folder, "int8", WIDTH)
    for number, count in enumerate(counts):
        writer.add(np.full((count, WIDTH), number))
    writer.finish()
    return Ragged(folder)


@given(counts=COUNTS, data=st.data())
def test_what_is_copied_is_what_was_added(
    tmp_path_factory: pytest.TempPathFactory, counts: list[int], data: st.DataObject
) -> None:
    home = tmp_path_factory.mktemp("ragged")
    stored = write(home / "stored", counts)
    assert len(stored) == len(counts)
    first = data.draw(st.integers(0, len(counts)))
    last = data.draw(st.integers(first, len(counts)))
    writer = RaggedWriter(home / "copied", "int8", WIDTH)
    writer.add(np.full((2, WIDTH), 99))
    writer.copy(stored, first, last)
    writer.add(np.full((1, WIDTH), 98))
    writer.finish()
    copied = Ragged(home / "copied")
    assert copied.counts(0, len(copied)).tolist() == [2, *counts[first:last], 1]
    expected = [99] * 2 + [n for n in range(first, last) for _ in range(counts[n])] + [98]
    assert copied.rows.tolist() == [[value] * WIDTH for value in expected]


def test_a_file_that_lost_rows_is_noticed(tmp_path: Path) -> None:
    write(tmp_path / "r", [1, 2])
    save_array(tmp_path / "r" / "rows.npy", np.zeros((2, WIDTH), np.int8))
    with pytest.raises(ValueError, match="r holds 2 rows, not 3"):
        Ragged(tmp_path / "r")


def test_arrays_are_plain_npy_files(tmp_path: Path) -> None:
    for content in (np.arange(6, dtype=np.float32).reshape(2, 3), np.zeros(0, np.int64), np.zeros((0, 3), np.int8)):
        save_array(tmp_path / "a.npy", content)
        assert np.array_equal(np.load(tmp_path / "a.npy"), content)
