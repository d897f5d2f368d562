"""Example questions come from what the reader may read and what is in force."""

from datetime import date
from pathlib import Path

import pytest
from small_library import SANCTIONS, block, build, indexed

from app.access import Reader
from app.suggest import filter_values, suggest_questions
from ingest.index import Index
from ingest.register import Record

TODAY = date(2026, 11, 23)
STEPS = [block("step", f"{n}. Do the thing number {n}.", "Steps") for n in range(1, 6)]
CODES = block("table", "Code | Meaning\nAC01 | a\nAC04 | b\nAC06 | c", "Codes")
TIMES = block("table", "System | Cut-off\nCHAPS | 17:00\nFedwire | 18:15\nTARGET | 16:30", "3 Cut-offs by system")


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Index:
    documents = (
        indexed(Record("SOP-1", "a.md", "Recalls", readers=()), *STEPS),
        indexed(Record("SOP-2", "b.md", "Old recalls", effective_to=date(2025, 1, 1)), *STEPS),
        indexed(SANCTIONS, *STEPS),
        indexed(Record("REF-1", "c.md", "Codes"), CODES, TIMES),
    )
    return build(tmp_path_factory.mktemp("index") / "g", documents)


def test_each_kind_of_content_gives_a_question(index: Index) -> None:
    offered = [(one.question, one.title) for one in suggest_questions(index, Reader("ann"), TODAY)]
    assert offered == [
        ("Recalls: what are the steps?", "Recalls"),
        ("What does AC04 mean, and what do I do?", "Codes"),
        ("Codes, Cut-offs by system: which times apply?", "Codes"),
    ]


def test_only_readers_see_what_is_theirs(index: Index) -> None:
    offered = suggest_questions(index, Reader("sam", frozenset({"sanctions"})), TODAY)
    assert any(one.title == SANCTIONS.title for one in offered)


def test_filters_offer_nothing_of_documents_for_others(tmp_path: Path) -> None:
    secret = Record("X-1", "x.md", "X", rails=("owl",), regions=("moon",), doc_type="secret", readers=("few",))
    known = Record("Y-1", "y.md", "Y", rails=("chaps",), regions=("uk",), doc_type="sop")
    index = build(tmp_path / "g", (indexed(secret, *STEPS), indexed(known, *STEPS)))
    assert filter_values(index, Reader("ann")) == {"rails": ["chaps"], "regions": ["uk"], "doc_types": ["sop"]}
    assert filter_values(index, Reader("few", frozenset({"few"})))["rails"] == ["chaps", "owl"]
