"""Who may read what, and which settings are accepted."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_library import DOCUMENTS, EMBEDDER, build

from app.abstain import why_not
from app.access import Reader, local_reader, may_read
from app.evidence import select_evidence
from app.question import read_question
from app.retrieve import Filters, Retriever
from app.settings import load_settings

GROUPS = st.frozensets(st.sampled_from(["ops", "sanctions", "audit", "treasury"]))


@given(GROUPS, GROUPS)
def test_one_common_group_opens_a_document(mine: frozenset[str], theirs: frozenset[str]) -> None:
    allowed = may_read(Reader("a", mine), tuple(theirs))
    assert allowed == (not theirs or bool(mine & theirs))


def test_a_document_for_nobody_in_particular_is_for_everyone() -> None:
    assert may_read(Reader("a"), ())


def test_the_person_at_this_machine_has_the_groups_of_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APP_READERS", "Ops, Sanctions-Desk,")
    reader = local_reader(load_settings())
    assert reader.groups == {"ops", "sanctions-desk"}
    assert may_read(reader, ("sanctions-desk",)) and not may_read(reader, ("audit",))
    assert may_read(reader, ("OPS",))
    assert reader.role == "analyst"


def test_each_role_may_do_what_those_before_it_may(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APP_READERS", "owners,ops")
    owner = local_reader(load_settings())
    assert owner.has_role("analyst") and owner.has_role("owner") and not owner.has_role("administrator")


@pytest.mark.parametrize(
    "question",
    [
        "Which queue for sanctions hits?",
        "When is the CHAPS cut-off?",
        "pacs.004 came back with AC04, what do I do?",
        "What do I do with queue OWL?",
    ],
)
def test_a_closed_document_changes_nothing_that_others_are_told(tmp_path: Path, question: str) -> None:
    public = [one for one in DOCUMENTS if not one.record.readers]
    told = [
        _told(Retriever(build(tmp_path / name, documents), EMBEDDER), question)
        for name, documents in (("with", DOCUMENTS), ("without", public))
    ]
    assert told[0] == told[1]


def _told(retriever: Retriever, question: str) -> tuple[object, ...]:
    found = retriever.search(read_question(question), Filters(as_of=date(2026, 11, 23)), Reader("ann"))
    asked = read_question(question)
    problem = why_not(asked, select_evidence(asked, found.hits, retriever.index, found.vector), found.known)
    return ({hit.doc_id for hit in found.hits}, found.documents_searched, found.out_of_force, problem)
