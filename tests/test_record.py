"""Recorded answers come back as they were, for those who may read them, and say what has changed since."""

from dataclasses import asdict, replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from small_library import DOCUMENTS, OLD_RETURNS, RETURNS, block, build, indexed

from app.access import Reader
from app.answer import Answer, Citation, Filters, Statement
from app.ledger import Ledger
from app.record import find_answer, outdated, read_record
from ingest.errors import LedgerError
from ingest.index import Index

ANN, SAM = Reader("ann"), Reader("sam", frozenset({"sanctions"}))
TODAY = date(2026, 11, 23)
QUOTE = Citation(
    "a", "SOP-1", "2.0", "Returned payments", "4 Steps", 2, "1", "Book.", "c", 0, 5, date(2026, 1, 1), "Ops"
)
FILTERS = Filters(as_of=date(2026, 3, 1), rails=("swift",))


def answer(*citations: Citation, notes: tuple[str, ...] = ()) -> Answer:
    statements = tuple(Statement("Book.", (citation,), "step") for citation in citations)
    return Answer(
        "", "What?", False, "", "Book.", statements, (), "000001-x", "none", notes=notes, timings={"total": 1.0}
    )


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Index:
    return build(tmp_path_factory.mktemp("index") / "g", DOCUMENTS)


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path, now=lambda: datetime(2026, 11, 23, 12, tzinfo=UTC))


def record(ledger: Ledger, given: Answer) -> str:
    return ledger.append({"reader": "ann", "question": given.question, "filters": FILTERS, "answer": asdict(given)})


def test_an_answer_comes_back_as_it_was(ledger: Ledger, index: Index) -> None:
    given = answer(QUOTE, notes=("A note.",))
    id_ = record(ledger, given)
    found = find_answer(ledger, id_, index, ANN)
    assert found.answer == replace(given, id=id_)
    assert (found.filters, found.asked_at.hour) == (FILTERS, 12)


def test_unknown_and_closed_are_told_in_the_same_words(ledger: Ledger, index: Index) -> None:
    closed = replace(QUOTE, doc_id="SAN-1", version="1.0")
    gone = replace(QUOTE, doc_id="GONE-1")
    said = set()
    for id_ in (record(ledger, answer(QUOTE, closed)), record(ledger, answer(gone)), "000099-0123456789", "x"):
        with pytest.raises(LedgerError) as refused:
            find_answer(ledger, id_, index, ANN)
        said.add(str(refused.value))
    assert len(said) == 1
    assert find_answer(ledger, "000001-" + ledger.latest(9)[-1].id[7:], index, SAM)


def test_feedback_is_no_answer(ledger: Ledger, index: Index) -> None:
    note = ledger.add_feedback(record(ledger, answer(QUOTE)), thumb="up")
    with pytest.raises(LedgerError, match="no such answer"):
        find_answer(ledger, note, index, ANN)


def test_notes_that_name_closed_documents_are_left_out(ledger: Ledger, index: Index) -> None:
    id_ = record(ledger, answer(QUOTE, notes=("A closer match stands in SAN-1.", "Mind the gap.")))
    assert find_answer(ledger, id_, index, ANN).answer.notes == ("Mind the gap.",)
    assert len(find_answer(ledger, id_, index, SAM).answer.notes) == 2


def test_another_form_is_an_error_of_ours(ledger: Ledger) -> None:
    with pytest.raises(LedgerError, match="form"):
        read_record(ledger.get(ledger.append({"answer": {"id": ""}, "filters": {}})))


def test_versions_that_were_replaced_are_named(index: Index, tmp_path: Path) -> None:
    old = replace(QUOTE, version=OLD_RETURNS.version)
    assert outdated(answer(QUOTE), index, TODAY) == []
    assert outdated(answer(old, old), index, TODAY) == [
        "SOP-1 v1.0 has been superseded by v2.0, in force since 1 Jan 2026."
    ]
    assert outdated(answer(replace(QUOTE, doc_id="GONE")), index, TODAY) == ["GONE v2.0 is no longer in the library."]
    ended = replace(RETURNS, effective_to=date(2026, 2, 1))
    later = build(tmp_path / "g", (indexed(ended, block("paragraph", "Book it.", "Steps")),))
    assert outdated(answer(QUOTE), later, TODAY) == ["SOP-1 v2.0 is not in force today."]
