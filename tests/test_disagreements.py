"""Contradictions are shown with both sides, to those who may read both."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from small_library import RETURNS, block, build, indexed

from app.access import Reader
from app.disagreements import Disagreements
from ingest.index import Index

ON = date(2026, 11, 23)
RULE = "The originator of a returned payment is told within {} of the verified return."


@pytest.fixture
def index(tmp_path: Path) -> Index:
    guide = replace(RETURNS, doc_id="GDE-7", file="guide.md", title="Desk guide", owner="Clients", readers=("desk",))
    sides = ((RETURNS, "2 hours"), (guide, "4 hours"))
    return build(
        tmp_path / "g", tuple(indexed(record, block("paragraph", RULE.format(v), "Telling")) for record, v in sides)
    )


def test_both_sides_stand_with_owner_and_place(index: Index) -> None:
    found = Disagreements().find(index, Reader("ann", frozenset({"desk"})), ON)
    assert found is not None
    (one,) = found
    assert one.kind == "period"
    assert {side.owner for side in (one.first, one.second)} == {RETURNS.owner, "Clients"}
    for side in (one.first, one.second):
        chunk = index.chunk(side.chunk_id)
        assert chunk is not None
        assert chunk.text[side.start : side.end] == side.quote


def test_who_may_not_read_one_side_learns_of_neither(index: Index) -> None:
    disagreements = Disagreements()
    assert len(disagreements.find(index, Reader("ann", frozenset({"desk"})), ON) or ()) == 1
    assert disagreements.find(index, Reader("bob"), ON) == ()


def test_too_large_a_library_is_left_to_the_command(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.disagreements.MOST_PASSAGES", 1)
    assert Disagreements().find(index, Reader("ann"), ON) is None
