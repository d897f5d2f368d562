"""The rows of a chain in a PostgreSQL database; the only importer of psycopg.

The tables belong to whoever opens the ledger first. Give the assistant a role that may only INSERT and SELECT, and it
can't change a row even with its triggers gone (docs/answers.md).
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import psycopg
from filelock import Timeout

from app.chain import COLUMNS, START, Row, row_id
from ingest.errors import LedgerError

_KEY = 7_301_994_401  # of the advisory lock that orders appends and the making of the table
_SCHEMA = """
CREATE TABLE chain (
    number BIGINT PRIMARY KEY, kind TEXT NOT NULL, about TEXT NOT NULL, body TEXT NOT NULL,
    previous TEXT NOT NULL, hash TEXT NOT NULL UNIQUE);
CREATE INDEX chain_about ON chain (about);
CREATE FUNCTION chain_refuse() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'the ledger is append-only'; END $$;
CREATE TRIGGER chain_no_change BEFORE UPDATE OR DELETE ON chain FOR EACH ROW EXECUTE FUNCTION chain_refuse();
CREATE TRIGGER chain_no_truncate BEFORE TRUNCATE ON chain FOR EACH STATEMENT EXECUTE FUNCTION chain_refuse();
"""
Connection = psycopg.Connection[tuple[Any, ...]]


class PostgresStore:
    """See app.chain.Store; `url` is postgresql://user:password@host:port/database."""

    def __init__(self, url: str) -> None:
        self._url = url
        parts = urlsplit(url)
        self._name = f"{parts.hostname or 'PostgreSQL'}{parts.path}"  # without the password
        with self.reported(), self._connect() as db:
            _lock(db)
            if db.execute("SELECT to_regclass('chain')").fetchone() == (None,):
                db.execute(_SCHEMA)

    def append(self, follow: Callable[[int, str], Row]) -> Row:
        """See Store."""
        with self.reported(), self._connect() as db:
            _lock(db)
            last = db.execute("SELECT number, hash FROM chain ORDER BY number DESC LIMIT 1").fetchone()
            row = follow(*(last or (0, START)))
            db.execute(
                "INSERT INTO chain VALUES (%s, %s, %s, %s, %s, %s)",
                (row.number, row.kind, row.about, row.body, row.previous, row.hash),
            )
        return row

    def rows(self, clause: str, values: Sequence[object]) -> Iterator[Row]:
        """See Store."""
        query = f"SELECT {COLUMNS} FROM chain {clause}".replace("?", "%s")  # noqa: S608  # a literal of the caller
        with self.reported(), self._connect() as db, db.cursor(name="chain_rows") as cursor:
            cursor.itersize = 500
            for found in cursor.execute(query.encode(), tuple(values)):
                yield Row(*found)

    def extract(self, kind: str, paths: Sequence[str], count: int) -> list[tuple[str, list[Any]]]:
        """See Store."""
        found = ", ".join(["jsonb_path_query_first(parsed, %s::jsonpath)"] * len(paths))
        query = (
            f"SELECT number, hash, jsonb_build_array({found}) "  # noqa: S608  # only marks
            "FROM (SELECT number, hash, body::jsonb AS parsed FROM chain WHERE kind = %s "
            "ORDER BY number DESC LIMIT %s) AS latest ORDER BY number DESC"
        )
        with self.reported(), self._connect() as db:
            rows = db.execute(query.encode(), (*paths, kind, count)).fetchall()
        return [(row_id(number, digest), values) for number, digest, values in rows]

    @contextmanager
    def reported(self) -> Iterator[None]:
        """See Store."""
        try:
            yield
        except (psycopg.Error, OSError, Timeout) as error:
            what = f"the ledger {self._name} can't be used: {error}"
            raise LedgerError(what, hint="check APP_LEDGER_URL and the database") from error

    def _connect(self) -> Connection:
        # A connection for each use: nothing is shared between threads or across a fork, and none goes stale. As a
        # context manager it commits at the end and closes; an append waits until the row is on the server's disk.
        return psycopg.connect(self._url, connect_timeout=5, application_name="payments-procedures-assistant")


def _lock(db: Connection) -> None:
    """Until the end of the transaction, one process at a time."""
    db.execute("SELECT pg_advisory_xact_lock(%s)", (_KEY,))
