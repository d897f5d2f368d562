"""The answer ledger: every answer and every feedback, recorded so that nothing can be changed unseen.

What people typed is masked, and who they are is replaced by a pseudonym, before anything is written.
"""

import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, is_dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Literal, cast

from app.chain import Audit, Chain, Row, Store
from app.chain_sqlite import SqliteStore
from app.redact import mask_entry
from app.settings import Settings
from ingest.errors import LedgerError

__all__ = ["Audit", "Entry", "Ledger", "open_ledger", "plain"]

Kind = Literal["answer", "feedback", "action"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One row: an answer, feedback `about` the id of an answer, or what an owner or administrator did.

    `body` is what was recorded, and `at` (UTC).
    """

    id: str
    number: int
    kind: Kind
    about: str
    body: Mapping[str, Any]


class Ledger:
    """Answers and feedback of one installation; safe between threads and processes, raises LedgerError.

    They are kept in SQLite in `folder`, or at the PostgreSQL `url`; the key of the pseudonyms is always in `folder`.
    """

    def __init__(
        self,
        folder: Path,
        *,
        url: str = "",
        anchor: Path | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._chain = Chain(_open_store(folder, url), anchor or folder / "ledger.anchor")
        self._key = _pseudonym_key(folder / "pseudonym.key")
        self._now = now

    def append(self, entry: Mapping[str, Any]) -> str:
        """Record an answer and return its id.

        What was typed (`question`, `history`) is masked wherever it stands in the entry; `reader` becomes a
        pseudonym.
        """
        body = mask_entry(plain(entry), ("question", "history"))
        if "reader" in body:
            body["reader"] = self.pseudonym(str(body["reader"]))
        return self._append("answer", "", body)

    def add_feedback(self, answer_id: str, *, thumb: Literal["up", "down"], reason: str = "", comment: str = "") -> str:
        """Record what a reader says about a recorded answer, masked; raises LedgerError for an unknown id."""
        self.get(answer_id)
        body = {"thumb": thumb, "reason": reason, "comment": comment}
        return self._append("feedback", answer_id, mask_entry(body, ("reason", "comment")))

    def add_action(self, action: str, *, reader: str, about: str = "", detail: str = "") -> str:
        """Record what an owner or administrator did (review, rollback...), `about` an answer where it is on one."""
        body = {"action": action, "reader": self.pseudonym(reader), "detail": detail}
        return self._append("action", about, mask_entry(body, ("detail",)))

    def get(self, entry_id: str) -> Entry:
        """The entry with that id; raises LedgerError if there is none."""
        number = entry_id.partition("-")[0]
        if number.isdecimal() and len(number) < 16:
            for row in self._chain.rows("WHERE number = ?", int(number)):
                if row.id == entry_id:
                    return _entry(row)
        raise LedgerError(f"the ledger has no entry {entry_id!r}", hint="the id stands under the answer")

    def feedback(self, answer_id: str) -> tuple[Entry, ...]:
        """What readers said about an answer, oldest first."""
        clause = "WHERE about = ? AND kind = 'feedback' ORDER BY number"
        return tuple(map(_entry, self._chain.rows(clause, answer_id)))

    def latest(self, count: int = 50, kind: Kind = "answer") -> tuple[Entry, ...]:
        """The last `count` entries of a kind, newest first."""
        clause = "WHERE kind = ? ORDER BY number DESC LIMIT ?"
        return tuple(map(_entry, self._chain.rows(clause, kind, count)))

    def extract(self, paths: Sequence[str], count: int, kind: Kind = "answer") -> list[tuple[str, list[Any]]]:
        """Of the last `count` entries, newest first: the id, and what stands at two or more JSON paths of the body."""
        return self._chain.extract(kind, paths, count)

    def pseudonym(self, name: str) -> str:
        """The same for the same person on this installation; nobody without its key can turn it back."""
        return "reader-" + hmac.new(self._key, name.encode(), hashlib.sha256).hexdigest()[:16]

    def verify(self) -> Audit:
        """Read the whole chain and the anchor and say what does not fit."""
        return self._chain.verify()

    def _append(self, kind: Kind, about: str, body: dict[str, Any]) -> str:
        stamped = {**body, "at": self._now().isoformat(timespec="milliseconds")}
        return self._chain.append(kind, about, _canonical(stamped)).id


def open_ledger(settings: Settings) -> Ledger:
    """The ledger in the settings' state folder; raises LedgerError if it can't be opened."""
    return Ledger(settings.state, url=settings.ledger_url.get_secret_value(), anchor=settings.ledger_anchor)


def _open_store(folder: Path, url: str) -> Store:
    if not url:
        return SqliteStore(folder / "ledger.sqlite")
    try:
        from app.chain_postgres import PostgresStore  # noqa: PLC0415  # the driver loads only where it is chosen
    except ImportError:
        raise LedgerError("APP_LEDGER_URL needs the package psycopg", hint="pip install 'psycopg[binary]'") from None
    return PostgresStore(url)


def plain(value: Any) -> Any:
    """`value` as JSON has it: dataclasses become objects, dates ISO text, sets sorted arrays."""
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, set | frozenset):
        return sorted(plain(item) for item in value)
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, date):
        return value.isoformat()
    return _storable(str(value)) if isinstance(value, str | Path) else value


def _storable(text: str) -> str:
    # Half characters have no bytes, and PostgreSQL has no place for NUL.
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode()


def _canonical(value: Any) -> str:
    # One spelling for one content: sorted keys, no spaces; NaN has none and is refused.
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def _entry(row: Row) -> Entry:
    return Entry(row.id, row.number, cast(Kind, row.kind), row.about, json.loads(row.body))


def _pseudonym_key(path: Path) -> bytes:
    try:
        if not path.exists():
            fresh = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
            with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(secrets.token_bytes(32))
            try:
                os.link(fresh, path)
            except FileExistsError:
                pass  # another process was first: its key counts
            finally:
                fresh.unlink()
        return path.read_bytes()
    except OSError as error:
        raise LedgerError(f"{path} can't be used: {error}", hint="check the folder APP_STATE") from error
