"""A table that only grows: each row's hash covers the hash before it, and an anchor file holds the last one.

A changed, removed or reordered row breaks the chain. Rows cut off at the end leave a chain that is sound in
itself: the anchor shows them. Kept on another disk, it also shows a chain that was rewritten as a whole.
"""

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from filelock import FileLock, Timeout

from ingest.errors import LedgerError

START = "0" * 64
_COLUMNS = "number, kind, about, body, previous, hash"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS chain (
    number INTEGER PRIMARY KEY, kind TEXT NOT NULL, about TEXT NOT NULL, body TEXT NOT NULL,
    previous TEXT NOT NULL, hash TEXT NOT NULL UNIQUE);
CREATE INDEX IF NOT EXISTS chain_about ON chain (about);
CREATE TRIGGER IF NOT EXISTS chain_no_update BEFORE UPDATE ON chain
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER IF NOT EXISTS chain_no_delete BEFORE DELETE ON chain
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
"""


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
        return f"{self.number:06d}-{self.hash[:10]}"

    def digest(self) -> str:
        """What `hash` must be."""
        covered = "\n".join((self.previous, str(self.number), self.kind, self.about, self.body))
        return hashlib.sha256(covered.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Audit:
    """What `verify` found: how many rows, what is wrong, and how many rows came after the last anchor."""

    rows: int
    problems: tuple[str, ...]
    unanchored: int = 0


class Chain:
    """The rows of one SQLite file, appended by any number of threads and processes; raises LedgerError."""

    def __init__(self, path: Path, anchor: Path) -> None:
        self._path = path
        self._anchor = anchor
        with self._reported():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._lock = FileLock(path.with_suffix(".lock"), timeout=30)
            with self._lock, self._connect() as db:
                db.execute("PRAGMA journal_mode=WAL")
                db.executescript(_SCHEMA)

    def append(self, kind: str, about: str, body: str) -> Row:
        """Add a row after the last one, on disk when this returns."""
        with self._reported(), self._lock, self._connect() as db:
            db.execute("BEGIN IMMEDIATE")
            number, last = db.execute("SELECT number, hash FROM chain ORDER BY number DESC LIMIT 1").fetchone() or (
                0,
                START,
            )
            row = Row(number + 1, kind, about, body, last)
            row = replace(row, hash=row.digest())
            db.execute(
                "INSERT INTO chain VALUES (?, ?, ?, ?, ?, ?)",
                (row.number, row.kind, row.about, row.body, row.previous, row.hash),
            )
            db.execute("COMMIT")
            # After the commit: a crash in between leaves a row that is not anchored yet, never a false alarm.
            self._write_anchor(row)
        return row

    def rows(self, clause: str = "ORDER BY number", *values: object) -> Iterator[Row]:
        """The rows that an SQL clause selects; `clause` is a literal of the caller's code."""
        with self._reported(), self._connect() as db:
            query = f"SELECT {_COLUMNS} FROM chain {clause}"  # noqa: S608  # no caller passes what people type
            for found in db.execute(query, values):
                yield Row(*found)

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

    @contextmanager
    def _connect(self) -> Iterator[sqlite3.Connection]:
        # A connection for each use: nothing is shared between threads or across a fork.
        with closing(sqlite3.connect(self._path, timeout=30, isolation_level=None)) as db:
            db.execute("PRAGMA synchronous=FULL")
            yield db

    @contextmanager
    def _reported(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError, Timeout) as error:
            where = f"the ledger {self._path} can't be used: {error}"
            raise LedgerError(where, hint="check the folder APP_STATE and its disk") from error

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
