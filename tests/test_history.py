"""Each reader's list of conversations is theirs alone, and holds nothing personal."""

import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.history import History
from ingest.errors import LedgerError

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture
def history(tmp_path: Path) -> History:
    history = History(tmp_path)
    history.note("ann", "a", "000001-x", "AC04 came back, what now?", NOON)
    history.note("ann", "b", "000002-x", "When is the 100% CHAPS cut-off?", NOON + timedelta(minutes=1))
    history.note("ann", "a", "000003-x", "And who approves it?", NOON + timedelta(minutes=2))
    history.note("bob", "c", "000004-x", "AC04 from Bob", NOON)
    return history


def test_the_newest_stands_first_named_by_its_first_question(history: History) -> None:
    listed = [(one.id, one.name, one.questions) for one in history.conversations("ann")]
    assert listed == [("a", "AC04 came back, what now?", 2), ("b", "When is the 100% CHAPS cut-off?", 1)]
    assert history.answers("ann", "a") == ["000001-x", "000003-x"]


@pytest.mark.parametrize(
    ("search", "found"), [("approves", ["a"]), ("chaps", ["b"]), ("100%", ["b"]), ("%", ["b"]), ("_", []), ("Bob", [])]
)
def test_names_and_questions_are_searched(history: History, search: str, found: list[str]) -> None:
    assert [one.id for one in history.conversations("ann", search)] == found


def test_nobody_reads_renames_or_deletes_for_others(history: History) -> None:
    assert history.answers("bob", "a") == []
    history.rename("bob", "a", "mine")
    history.delete("bob", "a")
    assert history.conversations("ann")[0].name == "AC04 came back, what now?"


def test_a_conversation_is_renamed_and_deleted(history: History) -> None:
    history.rename("ann", "a", "  Case\n4711 ")
    history.rename("ann", "a", "   ")
    assert history.conversations("ann", "case 4711")[0].id == "a"
    history.delete("ann", "a")
    assert [one.id for one in history.conversations("ann")] == ["b"]
    assert history.answers("ann", "a") == []


def test_nothing_personal_is_kept(tmp_path: Path) -> None:
    history = History(tmp_path)
    history.note("ann", "a", "000001-x", "IBAN DE89370400440532013000 came back", NOON)
    history.rename("ann", "a", "Case of DE89370400440532013000")
    with sqlite3.connect(tmp_path / "history.sqlite") as db:
        kept = "\n".join(db.iterdump())
    assert "DE8937" not in kept
    assert "[IBAN]" in kept


def test_a_folder_that_can_not_be_used_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    with pytest.raises(LedgerError, match=r"history\.sqlite"):
        History(tmp_path / "file")
