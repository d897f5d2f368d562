"""Each reader's own conversations: names, and the ids of the recorded answers. What was said stands in the ledger only.

Deleting takes a conversation off its owner's list; the answers stay in the ledger.
"""

import logging
import sqlite3
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from app.redact import mask
from ingest.errors import LedgerError

LONGEST_NAME = 120
_LOG = logging.getLogger(__name__)
_SCHEMA = """
CREATE TABLE IF NOT EXISTS conversations (
    id TEXT NOT NULL, owner TEXT NOT NULL, name TEXT NOT NULL, changed TEXT NOT NULL, PRIMARY KEY (owner, id)) STRICT;
CREATE TABLE IF NOT EXISTS answers (
    owner TEXT NOT NULL, conversation TEXT NOT NULL, answer TEXT NOT NULL, question TEXT NOT NULL,
    PRIMARY KEY (owner, conversation, answer),
    FOREIGN KEY (owner, conversation) REFERENCES conversations (owner, id) ON DELETE CASCADE) STRICT;
CREATE TABLE IF NOT EXISTS begun (
    owner TEXT NOT NULL, conversation TEXT NOT NULL, id TEXT NOT NULL, question TEXT NOT NULL, asked TEXT NOT NULL,
    PRIMARY KEY (owner, id),
    FOREIGN KEY (owner, conversation) REFERENCES conversations (owner, id) ON DELETE CASCADE) STRICT;
CREATE INDEX IF NOT EXISTS conversations_changed ON conversations (owner, changed);
"""
_LIST = """
WITH asked AS (SELECT owner, conversation, question FROM answers
    UNION ALL SELECT owner, conversation, question FROM begun)
SELECT id, name, changed, (SELECT count(*) FROM asked a WHERE a.owner = c.owner AND a.conversation = c.id)
FROM conversations c WHERE owner = ? AND (name LIKE ? ESCAPE '!' OR EXISTS (
    SELECT 1 FROM asked a WHERE a.owner = c.owner AND a.conversation = c.id AND a.question LIKE ? ESCAPE '!'))
ORDER BY changed DESC LIMIT ?
"""


@dataclass(frozen=True, slots=True)
class Listed:
    """A conversation as its owner's list shows it."""

    id: str
    name: str
    changed: datetime
    questions: int


@dataclass(frozen=True, slots=True)
class _Connection:
    """Used by one thread at a time; `with` gives the database, and commits."""

    db: sqlite3.Connection
    lock: threading.Lock

    @contextmanager
    def used(self) -> Iterator[sqlite3.Connection]:
        with self.lock, self.db:
            yield self.db


class History:
    """The conversations of all readers, each seen by its owner only; raises LedgerError where it can't be used.

    `owner` is the reader's pseudonym and questions are masked, as in the ledger.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / "history.sqlite"
        with self._reported():
            folder.mkdir(parents=True, exist_ok=True)
            # Kept open: closing the last connection would write everything to the disk each time. Two of them, so
            # that a page that lists conversations never waits for a disk that an answer waits for.
            self._writing, self._reading = self._open(), self._open()
            self._writing.db.execute("PRAGMA journal_mode=WAL")
            self._writing.db.executescript(_SCHEMA)

    def begin(self, owner: str, conversation: str, id_: str, question: str, at: datetime) -> None:
        """Add a question that is being answered; the first one names its conversation."""
        masked = " ".join(mask(question).split())
        with self._reported(), self._writing.used() as db:
            db.execute(
                "INSERT INTO conversations VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET changed = excluded.changed",
                (conversation, owner, masked[:LONGEST_NAME], at.isoformat()),
            )
            db.execute("INSERT INTO begun VALUES (?, ?, ?, ?, ?)", (owner, conversation, id_, masked, at.isoformat()))

    def finish(self, owner: str, id_: str, answer: str) -> None:
        """Put the recorded answer in the place of the question; nothing where the conversation was deleted since."""
        with self._reported(), self._writing.used() as db:
            db.execute(
                "INSERT INTO answers SELECT owner, conversation, ?, question FROM begun WHERE owner = ? AND id = ?",
                (answer, owner, id_),
            )
            db.execute("DELETE FROM begun WHERE owner = ? AND id = ?", (owner, id_))

    def unfinished(self, owner: str, conversation: str) -> list[tuple[str, datetime]]:
        """The questions of a conversation without an answer, and when they were asked: it goes on, or was cut off."""
        with self._reported(), self._reading.used() as db:
            query = "SELECT question, asked FROM begun WHERE owner = ? AND conversation = ? ORDER BY rowid"
            rows = db.execute(query, (owner, conversation)).fetchall()
        return [(str(question), datetime.fromisoformat(asked)) for question, asked in rows]

    def conversations(self, owner: str, search: str = "", limit: int = 60) -> list[Listed]:
        """The owner's conversations, newest first; `search` looks in names and questions."""
        pattern = f"%{_literal(search.strip())}%"
        with self._reported(), self._reading.used() as db:
            rows = db.execute(_LIST, (owner, pattern, pattern, limit)).fetchall()
        return [Listed(id_, name, datetime.fromisoformat(changed), count) for id_, name, changed, count in rows]

    def answers(self, owner: str, conversation: str) -> list[str]:
        """The ledger ids of a conversation's answers in order; empty for a conversation of somebody else."""
        with self._reported(), self._reading.used() as db:
            query = "SELECT answer FROM answers WHERE owner = ? AND conversation = ? ORDER BY rowid"
            return [str(row[0]) for row in db.execute(query, (owner, conversation))]

    def rename(self, owner: str, conversation: str, name: str) -> None:
        """Give a conversation another name; an empty one changes nothing."""
        name = " ".join(mask(name).split())[:LONGEST_NAME]
        if name:
            with self._reported(), self._writing.used() as db:
                db.execute("UPDATE conversations SET name = ? WHERE owner = ? AND id = ?", (name, owner, conversation))

    def delete(self, owner: str, conversation: str) -> None:
        """Take a conversation off the list."""
        with self._reported(), self._writing.used() as db:
            db.execute("DELETE FROM conversations WHERE owner = ? AND id = ?", (owner, conversation))

    def _open(self) -> "_Connection":
        db = sqlite3.connect(self._path, timeout=30, check_same_thread=False)
        weakref.finalize(self, db.close)
        db.execute("PRAGMA foreign_keys=ON")
        db.execute("PRAGMA synchronous=NORMAL")  # what counts stands in the ledger
        return _Connection(db, threading.Lock())

    @contextmanager
    def _reported(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            where = f"the history {self._path} can't be used: {error}"
            raise LedgerError(where, hint="check the folder APP_STATE and its disk") from error


@dataclass(frozen=True, slots=True)
class Note:
    """A question on its reader's list: put there when its answer is begun, whoever still looks at the page then."""

    history: History
    owner: str
    conversation: str
    id: str
    question: str
    at: datetime

    def begin(self) -> None:
        """Put it on the list, without an answer."""
        with _logged():
            self.history.begin(self.owner, self.conversation, self.id, self.question, self.at)

    def finish(self, answer: str) -> None:
        """Give it its answer, if that was recorded."""
        if answer:
            with _logged():
                self.history.finish(self.owner, self.id, answer)


@lru_cache(maxsize=4)
def open_history(folder: Path) -> History:
    """The history in the state folder, opened once."""
    return History(folder)


@contextmanager
def _logged() -> Iterator[None]:
    try:
        yield
    except LedgerError as error:  # the answer is worth more than its place on a list
        _LOG.warning("a question is not on its reader's list: %s", error)


def _literal(text: str) -> str:
    return "".join(f"!{letter}" if letter in "!%_" else letter for letter in text)
