"""A table that only grows: each row's hash covers the hash before it, and an anchor file holds the last one.

A changed, removed or reordered row breaks the chain. Rows cut off at the end leave a chain that is sound in
itself: the anchor shows them. Kept on another disk, it also shows a chain that was rewritten as a whole. Where the
rows are kept is a store's matter: chain_sqlite.py or chain_postgres.py.
"""

import hashlib
import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from filelock import FileLock

START = "0" * 64
COLUMNS = "number, kind, about, body, previous, hash"


@dataclass(frozen=True, slots=True)
class Row:
    """One link: `body` is canonical JSON, `about` the id of the row it speaks of, if any."""

    number: int
    kind: str
    about: str
    body: str
    previous: str
    hash: str = ""

    @property
    def id(self) -> str:
        """Number and beginning of the hash: a row that took another's place has another id."""
        return row_id(self.number, self.hash)

    def digest(self) -> str:
        """What `hash` must be."""
        covered = "\n".join((self.previous, str(self.number), self.kind, self.about, self.body))
        return hashlib.sha256(covered.encode()).hexdigest()


def row_id(number: int, digest: str) -> str:
    """The id of the row with that number and hash."""
    return f"{number:06d}-{digest[:10]}"


class Store(Protocol):
    """Where the rows are kept; safe between threads and processes, raises LedgerError."""

    def append(self, follow: Callable[[int, str], Row]) -> Row:
        """Add the row that `follow` makes from the last row's number and hash (0 and START where there is none).

        No other row comes in between; it is on disk when this returns.
        """

    def rows(self, clause: str, values: Sequence[object]) -> Iterator[Row]:
        """The rows that an SQL clause selects, `?` for each value; `clause` is a literal of the caller's code."""

    def extract(self, kind: str, paths: Sequence[str], count: int) -> list[tuple[str, list[Any]]]:
        """Of the last `count` rows of a kind, newest first: the id, and what stands at each JSON path of the body."""

    def reported(self) -> AbstractContextManager[None]:
        """Turns the errors of the database and its files into LedgerError."""


@dataclass(frozen=True, slots=True)
class Audit:
    """What `verify` found: how many rows, what is wrong, and how many rows came after the last anchor."""

    rows: int
    problems: tuple[str, ...]
    unanchored: int = 0


class Chain:
    """The chain over the rows of one store, appended by any number of threads and processes; raises LedgerError."""

    def __init__(self, store: Store, anchor: Path) -> None:
        self._store = store
        self._anchor = anchor
        # The file's lock is polled for (every 50 ms): the threads of a process take turns before it.
        self._turn = threading.Lock()
        # Two processes must not write the anchor at once, nor an older one after a newer.
        self._lock = FileLock(anchor.with_name(anchor.name + ".lock"), timeout=30)

    def append(self, kind: str, about: str, body: str) -> Row:
        """Add a row after the last one, on disk when this returns."""

        def follow(number: int, last: str) -> Row:
            row = Row(number + 1, kind, about, body, last)
            return replace(row, hash=row.digest())

        with self._store.reported(), self._turn, self._locked():
            row = self._store.append(follow)
            # After the commit: a crash in between leaves a row that is not anchored yet, never a false alarm.
            self._write_anchor(row)
        return row

    def rows(self, clause: str = "ORDER BY number", *values: object) -> Iterator[Row]:
        """The rows that an SQL clause selects; `clause` is a literal of the caller's code."""
        return self._store.rows(clause, values)

    def extract(self, kind: str, paths: Sequence[str], count: int) -> list[tuple[str, list[Any]]]:
        """See Store."""
        return self._store.extract(kind, paths, count)

    def verify(self) -> Audit:
        """Read every row and the anchor, and say what does not fit."""
        anchored, expected, problem = self._read_anchor()
        problems = [problem] if problem else []
        before = Row(0, "", "", "", "", START)
        for row in self.rows():
            if row.number != before.number + 1:
                problems.append(f"{row.number - before.number - 1} rows are missing before row {row.number}")
            elif row.previous != before.hash:
                problems.append(f"row {row.number} does not follow the row before it")
            if row.hash != row.digest():
                problems.append(f"row {row.number} was changed")
            if row.number == anchored and row.hash != expected:
                problems.append(f"row {row.number} is not the one that the anchor names")
            before = row
        if before.number < anchored:
            problems.append(f"the anchor names row {anchored}, the ledger ends at row {before.number}")
        if before.number and not anchored and not problem:
            problems.append(f"the anchor {self._anchor} is missing")
        return Audit(before.number, tuple(problems), unanchored=max(0, before.number - anchored))

    def _locked(self) -> FileLock:
        self._anchor.parent.mkdir(parents=True, exist_ok=True)
        return self._lock

    def _write_anchor(self, row: Row) -> None:
        fresh = self._anchor.with_name(self._anchor.name + ".new")
        fresh.write_text(json.dumps({"number": row.number, "hash": row.hash}) + "\n", encoding="utf-8")
        fresh.replace(self._anchor)

    def _read_anchor(self) -> tuple[int, str, str]:
        """Number and hash, and a problem if the file is not an anchor; 0 if there is none."""
        try:
            anchor = json.loads(self._anchor.read_text(encoding="utf-8"))
            return int(anchor["number"]), str(anchor["hash"]), ""
        except FileNotFoundError:
            return 0, "", ""
        except (OSError, ValueError, KeyError, TypeError):
            return 0, "", f"the anchor {self._anchor} can't be read"
