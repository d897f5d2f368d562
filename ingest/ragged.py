"""Arrays that hold a few rows for each of many things, one after another: written as they come, read in place."""

from array import array
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray


def save_array(path: Path, content: NDArray[Any]) -> None:
    """Write a .npy file; OSError when it could not be written, which np.save does not always tell."""
    with path.open("wb") as stream:
        _write_header(stream, content.dtype, content.shape)
        stream.write(np.ascontiguousarray(content).data)


def _write_header(stream: BinaryIO, kind: "np.dtype[Any]", shape: tuple[int, ...]) -> None:
    header = {"descr": np.lib.format.dtype_to_descr(kind), "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(stream, header)


class Ragged:
    """What a RaggedWriter has written: the rows of thing `n` are rows[starts[n]:starts[n + 1]]."""

    def __init__(self, folder: Path) -> None:
        self.rows: NDArray[Any] = np.asarray(np.load(folder / "rows.npy", mmap_mode="r"))
        self.starts: NDArray[np.int64] = np.load(folder / "starts.npy")
        if self.starts[-1] != len(self.rows):
            raise ValueError(f"{folder.name} holds {len(self.rows)} rows, not {self.starts[-1]}")

    def __len__(self) -> int:
        return len(self.starts) - 1

    def range_of(self, first: int, last: int) -> range:
        """Where the rows of things `first` to `last` (not included) stand."""
        return range(int(self.starts[first]), int(self.starts[last]))

    def between(self, first: int, last: int) -> NDArray[Any]:
        """The rows of things `first` to `last` (not included)."""
        return self.rows[self.starts[first] : self.starts[last]]

    def counts(self, first: int, last: int) -> NDArray[np.int64]:
        """How many rows each of these things has."""
        return np.diff(self.starts[first : last + 1])


class RaggedWriter:
    """Writes rows of `width` numbers into the new `folder` as they come."""

    def __init__(self, folder: Path, kind: str, width: int) -> None:
        folder.mkdir()
        self._folder = folder
        self._kind = np.dtype(kind)
        self._width = width
        self._counts = array("q")
        self._stream = (folder / "rows.npy").open("wb")
        self._write_header(0)

    def _write_header(self, count: int) -> None:
        # NumPy leaves room in a header for the number of rows to grow, so it can be written again at the end.
        _write_header(self._stream, self._kind, (count, self._width))

    def add(self, rows: NDArray[Any]) -> None:
        """The rows of the next thing, (n, width)."""
        self._stream.write(np.ascontiguousarray(rows, dtype=self._kind).data)
        self._counts.append(len(rows))

    def copy(self, stored: Ragged, first: int, last: int) -> None:
        """The rows of things `first` to `last` (not included) as they are stored elsewhere."""
        self._stream.write(stored.between(first, last).data)
        self._counts.frombytes(stored.counts(first, last).tobytes())

    def finish(self) -> None:
        """Complete the files; OSError when they could not be written."""
        starts = starts_of(np.frombuffer(self._counts, dtype=np.int64))
        self._stream.seek(0)
        self._write_header(int(starts[-1]))
        self.close()
        save_array(self._folder / "starts.npy", starts)

    def close(self) -> None:
        """Give the file up."""
        self._stream.close()


def starts_of(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where each of so many rows begin, and where the last ones end."""
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)])


def write_ragged(folder: Path, rows: NDArray[Any], counts: NDArray[np.int64]) -> None:
    """Write rows that are all at hand into the new `folder`."""
    folder.mkdir(parents=True)
    save_array(folder / "rows.npy", rows)
    save_array(folder / "starts.npy", starts_of(counts))
