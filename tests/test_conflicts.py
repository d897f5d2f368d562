"""Procedures that contradict each other are found at ingest and shown together in an answer."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from small_library import CUTOFFS, EMBEDDER, RETURNS, block, build, indexed

from app.access import Reader
from app.evidence import select_evidence
from app.question import read_question
from app.retrieve import Filters, Retriever
from app.statement import extract
from ingest.conflicts import claim_of, disagree, find_conflicts
from ingest.index import IndexedDocument

ON = date(2026, 11, 23)
RULE = "The originator of a returned payment is told within {} of the verified return."
GUIDE = replace(RETURNS, doc_id="GDE-7", file="guide.md", title="Desk guide", owner="Client Service")


def told(record: object, value: str) -> IndexedDocument:
    return indexed(record, block("paragraph", RULE.format(value), "Telling the originator"))  # type: ignore[arg-type] # a Record


def alike(first: str, second: str) -> str:
    return disagree(claim_of(first), claim_of(second), lambda term: 1.0, 0.9)[0]


@pytest.mark.parametrize(
    ("first", "second", "kind"),
    [
        (RULE.format("2 hours"), RULE.format("4 hours"), "period"),
        (RULE.format("2 hours"), RULE.format("2 Hours"), ""),
        ("Customer cut-off of the desk | 17:00", "Customer cut-off of the desk | 17:30", "time"),
        ("Customer cut-off of the desk, USD | 17:00", "Customer cut-off of the desk, GBP | 17:30", ""),
        ("AC04 is answered by the desk within 2 days", "AM04 is answered by the desk within 3 days", ""),
        ("Call back from USD 50,000 before release", "Call back from USD 100,000 before release", "amount"),
        ("Late payments | after 18:15 the manager decides", "Opening hours | after 21:00 the manager decides", ""),
        ("After 2 hours", "After 4 hours", ""),
        ("Our final answer to a recall is due on the 10th business day", "Final answer to a recall: by day 15", "day"),
        ("Our final answer to a recall is due on the 15th business day", "Final answer to a recall: by day 15", ""),
        (
            "Manual instruction (mail, letter, scanned form) | USD 50 or more | call back before release",
            "A manual instruction of USD 90 or more: call back before release",
            "amount",
        ),
    ],
)
def test_claims_disagree_only_about_the_same_thing(first: str, second: str, kind: str) -> None:
    assert alike(first, second) == kind


def test_the_report_names_both_documents_but_not_versions_of_one(tmp_path: Path) -> None:
    older = replace(RETURNS, file="copy.md", version="2.1")
    index = build(tmp_path / "g", (told(RETURNS, "2 hours"), told(GUIDE, "4 hours"), told(older, "6 hours")))
    found = find_conflicts(index, ON, lambda document: document.record.version != "2.1")
    assert [{c.first.record.doc_id, c.second.record.doc_id} for c in found] == [{"SOP-1", "GDE-7"}]
    for side in (found[0].first, found[0].second):
        chunk = index.chunk(side.chunk_id)
        assert chunk is not None
        assert chunk.text[side.start :].startswith(side.text)
    same = find_conflicts(index, ON, lambda document: document.record.doc_id == "SOP-1")
    assert same == []


def test_documents_not_in_force_or_not_permitted_contradict_nobody(tmp_path: Path) -> None:
    ended = replace(GUIDE, effective_to=date(2026, 1, 1))
    index = build(tmp_path / "g", (told(RETURNS, "2 hours"), told(ended, "4 hours")))
    assert find_conflicts(index, ON, lambda document: True) == []


def test_an_answer_shows_both_sides_and_says_who_disagrees(tmp_path: Path) -> None:
    other = indexed(CUTOFFS, block("paragraph", "The system closes at 17:00 London.", "Hours"))
    index = build(tmp_path / "g", (told(RETURNS, "2 hours"), told(GUIDE, "4 hours"), other))
    question = read_question("within how many hours is the originator of a returned payment told?")
    found = Retriever(index, EMBEDDER).search(question, Filters(as_of=ON), Reader("x"), 10)
    statements = extract(select_evidence(question, found.hits, index, found.vector).chosen, index)
    assert {s.citations[0].doc_id: s.disagrees for s in statements} == {"SOP-1": "GDE-7", "GDE-7": "SOP-1"}
