"""The rows of a chain in one SQLite file."""

import json
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from app.chain import COLUMNS, START, Row, row_id
from ingest.errors import LedgerError

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


class SqliteStore:
    """See app.chain.Store."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with self.reported():
            path.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(path.with_suffix(".lock"), timeout=30), self._connect() as db:
                db.execute("PRAGMA journal_mode=WAL")
                db.executescript(_SCHEMA)
            # Never used: as long as one connection is open, closing another does not write the whole log back.
            self._open = sqlite3.connect(path, check_same_thread=False)
            self._open.execute("SELECT 1 FROM chain").close()

    def append(self, follow: Callable[[int, str], Row]) -> Row:
        """See Store."""
        with self.reported(), self._connect() as db:
            db.execute("BEGIN IMMEDIATE")
            last = db.execute("SELECT number, hash FROM chain ORDER BY number DESC LIMIT 1").fetchone()
            row = follow(*(last or (0, START)))
            db.execute(
                "INSERT INTO chain VALUES (?, ?, ?, ?, ?, ?)",
                (row.number, row.kind, row.about, row.body, row.previous, row.hash),
            )
            db.execute("COMMIT")
        return row

    def rows(self, clause: str, values: Sequence[object]) -> Iterator[Row]:
        """See Store."""
        with self.reported(), self._connect() as db:
            query = f"SELECT {COLUMNS} FROM chain {clause}"  # noqa: S608  # no caller passes what people type
            for found in db.execute(query, tuple(values)):
                yield Row(*found)

    def extract(self, kind: str, paths: Sequence[str], count: int) -> list[tuple[str, list[Any]]]:
        """See Store."""
        # One array a row: json_extract of several paths parses the body once.
        query = (
            f"SELECT number, hash, json_extract(body, {', '.join('?' * len(paths))}) "  # noqa: S608  # only marks
            "FROM chain WHERE kind = ? ORDER BY number DESC LIMIT ?"
        )
        with self.reported(), self._connect() as db:
            rows = db.execute(query, (*paths, kind, count)).fetchall()
        return [(row_id(number, digest), json.loads(values)) for number, digest, values in rows]

    @contextmanager
    def reported(self) -> Iterator[None]:
        """See Store."""
        try:
            yield
        except (sqlite3.Error, OSError, Timeout) as error:
            where = f"the ledger {self._path} can't be used: {error}"
            raise LedgerError(where, hint="check the folder APP_STATE and its disk") from error

    @contextmanager
    def _connect(self) -> Iterator[sqlite3.Connection]:
        # A connection for each use: nothing is shared between threads or across a fork.
        with closing(sqlite3.connect(self._path, timeout=30, isolation_level=None)) as db:
            db.execute("PRAGMA synchronous=FULL")
            yield db
