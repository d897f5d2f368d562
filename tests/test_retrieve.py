"""Filters and validity act inside the search; hits are windows of a section."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from small_library import DOCUMENTS, EMBEDDER, RETURNS, block, build, indexed

from app.access import Reader
from app.langchain import ProceduresRetriever
from app.question import Turn, read_question
from app.retrieve import Filters, Retriever

TODAY = Filters(as_of=date(2026, 11, 23))
ANYONE = Reader("ann")


@pytest.fixture(scope="module")
def retriever(tmp_path_factory: pytest.TempPathFactory) -> Retriever:
    return Retriever(build(tmp_path_factory.mktemp("index") / "g"), EMBEDDER)


def docs(retriever: Retriever, question: str, filters: Filters = TODAY, reader: Reader = ANYONE) -> list[str]:
    return [hit.doc for hit in retriever.search(read_question(question), filters, reader).hits]


def test_the_passage_comes_first_and_once(retriever: Retriever) -> None:
    hits = retriever.search(read_question("pacs.004 came back AC04, what now?"), TODAY, ANYONE).hits
    assert hits[0].doc == "returns.md"
    assert "Match the return" in hits[0].text
    assert "second person" in hits[0].text
    shown = [chunk for hit in hits for chunk in hit.chunk_ids]
    assert len(shown) == len(set(shown))


def test_only_versions_in_force_are_found(retriever: Retriever) -> None:
    question = "book the returned funds within how many hours"
    assert "old/returns.md" not in docs(retriever, question)
    assert docs(retriever, question, Filters(as_of=date(2025, 6, 1)))[0] == "old/returns.md"
    assert "returns.md" not in docs(retriever, question, Filters(as_of=date(2025, 6, 1)))


def test_a_closer_match_in_another_version_is_told_apart(retriever: Retriever) -> None:
    found = retriever.search(read_question("booking of returned funds within 4 hours"), TODAY, ANYONE)
    assert found.out_of_force is not None
    assert found.out_of_force.version == "1.0"
    assert all(hit.version != "1.0" or hit.doc_id != "SOP-1" for hit in found.hits)


def test_restricted_documents_need_the_group(retriever: Retriever) -> None:
    question = "hold the payment in queue OWL"
    assert "sanctions.md" not in docs(retriever, question)
    assert docs(retriever, question, reader=Reader("sam", frozenset({"sanctions"})))[0] == "sanctions.md"


def test_rail_region_and_type_limit_the_search(retriever: Retriever) -> None:
    assert docs(retriever, "cut-off", Filters(TODAY.as_of, rails=("fedwire",)))[0] == "cutoffs.md"
    assert "returns.md" not in docs(retriever, "closed account", Filters(TODAY.as_of, rails=("chaps",)))
    assert "returns.md" not in docs(retriever, "closed account", Filters(TODAY.as_of, regions=("uk",)))
    assert set(docs(retriever, "account", Filters(TODAY.as_of, doc_types=("reference",)))) == {"cutoffs.md"}


def test_nothing_permitted_gives_nothing(retriever: Retriever) -> None:
    assert docs(retriever, "anything", Filters(as_of=date(1999, 1, 1), doc_types=("none",))) == []


def test_langchain_gets_the_same_passages(retriever: Retriever) -> None:
    langchain = ProceduresRetriever(retriever=retriever, filters=TODAY, reader=ANYONE, k=2)
    documents = langchain.invoke("pacs.004 came back AC04")
    assert [d.metadata["doc"] for d in documents] == docs(retriever, "pacs.004 came back AC04")[:2]
    assert documents[0].metadata["page"] == 1


def test_a_follow_up_takes_the_earlier_question_along() -> None:
    history = [Turn("user", "pacs.004 came back with AC04"), Turn("assistant", "Match it.")]
    assert "AC04" in read_question("and who approves it?", history).text
    assert read_question("RR04, what does it mean?", history).text == "RR04, what does it mean?"
    assert read_question("What is the CHAPS cut-off for customer payments?", history).text.startswith(
        "What is the CHAPS"
    )


def test_an_index_without_documents(tmp_path: Path) -> None:
    empty = Retriever(build(tmp_path / "g", ()), EMBEDDER)
    assert empty.search(read_question("anything"), TODAY, ANYONE).hits == ()


def test_what_a_document_says_about_itself_comes_after_what_it_rules(tmp_path: Path) -> None:
    record = replace(RETURNS, doc_id="SOP-9", file="limits.md", title="Limits")
    text = "The Team Lead releases up to USD 25,000,000."
    history, rule = block("paragraph", text, "11 Change history"), block("paragraph", text, "11 Extra history")
    index = build(tmp_path / "g", (*DOCUMENTS, indexed(record, history, rule)))
    found = Retriever(index, EMBEDDER).search(read_question("Team Lead USD 25,000,000"), TODAY, ANYONE)
    first, second = found.hits[:2]
    assert (first.section, second.section) == ("11 Extra history", "11 Change history")
    assert second.score < 0.9 * first.score
