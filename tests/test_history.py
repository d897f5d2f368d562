"""Each reader's list of conversations is theirs alone, and holds nothing personal."""

import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.history import History, Note
from ingest.errors import LedgerError

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def add(one: Note, answer: str) -> None:
    one.begin()
    one.finish(answer)


@pytest.fixture
def history(tmp_path: Path) -> History:
    history = History(tmp_path)
    add(Note(history, "ann", "a", "000001-x", "AC04 came back, what now?", NOON), "000001-x")
    add(
        Note(history, "ann", "b", "000002-x", "When is the 100% CHAPS cut-off?", NOON + timedelta(minutes=1)),
        "000002-x",
    )
    add(Note(history, "ann", "a", "000003-x", "And who approves it?", NOON + timedelta(minutes=2)), "000003-x")
    add(Note(history, "bob", "c", "000004-x", "AC04 from Bob", NOON), "000004-x")
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


def test_a_question_stands_on_the_list_before_its_answer_does(history: History) -> None:
    cut = Note(history, "ann", "d", "e-9", "And AC06?", NOON + timedelta(minutes=5))
    cut.begin()
    assert [(one.id, one.questions) for one in history.conversations("ann", "ac06")] == [("d", 1)]
    assert history.unfinished("ann", "d") == [("And AC06?", cut.at)]
    assert history.unfinished("bob", "d") == history.answers("ann", "d") == []
    cut.finish("")  # an answer that could not be recorded
    assert len(history.unfinished("ann", "d")) == 1
    cut.finish("000009-x")
    assert history.unfinished("ann", "d") == []
    assert history.answers("ann", "d") == ["000009-x"]


def test_an_answer_to_a_deleted_conversation_does_not_bring_it_back(history: History) -> None:
    late = Note(history, "ann", "d", "e-9", "And AC06?", NOON)
    late.begin()
    history.delete("ann", "d")
    late.finish("000009-x")
    assert [one.id for one in history.conversations("ann")] == ["a", "b"]


def test_nothing_personal_is_kept(tmp_path: Path) -> None:
    history = History(tmp_path)
    add(Note(history, "ann", "a", "000001-x", "IBAN DE89370400440532013000 came back", NOON), "000001-x")
    history.rename("ann", "a", "Case of DE89370400440532013000")
    with sqlite3.connect(tmp_path / "history.sqlite") as db:
        kept = "\n".join(db.iterdump())
    assert "DE8937" not in kept
    assert "[IBAN]" in kept


def test_a_folder_that_can_not_be_used_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    with pytest.raises(LedgerError, match=r"history\.sqlite"):
        History(tmp_path / "file")
