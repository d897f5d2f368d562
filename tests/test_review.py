"""Figures and reviews come from the ledger, and show owners only what they may read."""

import json
from dataclasses import asdict, replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from small_library import DOCUMENTS, EMBEDDER, SANCTIONS, build
from test_record import ANN, FILTERS, QUOTE, SAM, answer

from app.figures import measure
from app.ledger import Ledger
from app.record import read_record
from app.review import DRAFTS, add_draft, complaints, draft_case, finish_review, gaps, use_of
from app.views.status import quarantined_for
from eval.cases import parse_case
from ingest.embed import EmbedderInfo
from ingest.index import Index
from ingest.manifest import Entry, Making, Manifest, Quarantined

TODAY = date(2026, 11, 23)


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Index:
    return build(tmp_path_factory.mktemp("index") / "g", DOCUMENTS)


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path)


def ask(ledger: Ledger, question: str, *, doc: str = "SOP-1", answered: bool = True, seconds: float = 1.0) -> str:
    given = answer(replace(QUOTE, doc_id=doc, version="2.0" if doc == "SOP-1" else "1.0")) if answered else answer()
    timings = {"retrieve": seconds / 4, "select": seconds / 4, "total": seconds}
    given = replace(given, question=question, abstained=not answered, timings=timings)
    usage = {"input_tokens": 100, "output_tokens": 10, "cost": 0.01, "cached_tokens": 0}
    entry = {"reader": "ann", "question": question, "filters": FILTERS, "usage": usage, "answer": asdict(given)}
    return ledger.append(entry)


def test_figures_are_nearest_ranks_and_sums(ledger: Ledger) -> None:
    assert measure(ledger).search is None
    for seconds in range(1, 21):
        ask(ledger, f"question {seconds}", seconds=float(seconds), answered=seconds != 20)
    figures = measure(ledger)
    assert (figures.answers, figures.abstained) == (20, 1)
    assert figures.whole == (10.0, 19.0)
    assert figures.search == (5.0, 9.5)
    assert figures.whole_model is None
    assert (figures.input_tokens, figures.output_tokens, figures.cost) == (2000, 200, 0.2)


def test_questions_alike_stand_together(ledger: Ledger, index: Index) -> None:
    for question in ("What does the dental plan cover?", "Who waters plants", "What does our dental plan cover?"):
        ask(ledger, question, answered=False)
    found = gaps(ledger, index, ANN, EMBEDDER)
    assert [len(gap.questions) for gap in found] == [2, 1]
    finish_review(ledger, ANN, [one.answer.id for one in found[0].questions], "done")
    assert [gap.questions[0].answer.question for gap in gaps(ledger, index, ANN, EMBEDDER)] == ["Who waters plants"]


def test_owners_see_complaints_on_what_they_may_read(ledger: Ledger, index: Index) -> None:
    for doc in ("SOP-1", "SAN-1"):
        ledger.add_feedback(ask(ledger, f"about {doc}", doc=doc), thumb="down", reason="wrong", comment=f"no {doc}")
    ledger.add_feedback(ask(ledger, "good"), thumb="up")
    assert [one.comment for one in complaints(ledger, index, ANN)] == ["no SOP-1"]
    assert [one.comment for one in complaints(ledger, index, SAM)] == ["no SAN-1", "no SOP-1"]


def test_use_counts_answers_and_names_what_was_never_cited(ledger: Ledger, index: Index) -> None:
    for _ in range(2):
        ask(ledger, "AC04?")
    use = use_of(ledger, index, ANN, TODAY)
    assert [(record.doc_id, count) for record, count in use.cited] == [("SOP-1", 2)]
    assert [record.doc_id for record in use.never] == ["REF-1"]
    assert [record.doc_id for record in use_of(ledger, index, SAM, TODAY).never] == ["REF-1", "SAN-1"]


def test_a_draft_is_a_case_once_reviewed_and_stands_once(ledger: Ledger, tmp_path: Path) -> None:
    recorded = read_record(ledger.get(ask(ledger, "AC04?")))
    case = draft_case(recorded, "outdated")
    for _ in range(2):
        add_draft(tmp_path, case)
    [line] = (tmp_path / DRAFTS).read_text("utf-8").splitlines()
    assert parse_case(json.loads(line)) is None
    done = parse_case({**json.loads(line), "status": "reviewed"})
    assert done is not None
    assert (done.as_of, done.rails, done.gold[0].quote) == (FILTERS.as_of, ("swift",), "Book.")


def test_what_was_left_out_is_named_only_to_who_may_know() -> None:
    left_out = (
        Quarantined("sanctions.md", "h", "broken", "a", serving=True),
        Quarantined("new.pdf", "h", "broken", "a"),
    )
    manifest = Manifest(
        published_at=datetime(2026, 11, 23, tzinfo=UTC),
        source="corpus",
        registered=True,
        making=Making(EmbedderInfo("x", "y", 3), "1", "2"),
        documents=(Entry(SANCTIONS, "h", "m", 1, 1, "c", stale=True),),
        quarantine=left_out,
    )
    assert quarantined_for(ANN, manifest) == []
    assert [item.file for item in quarantined_for(SAM, manifest)] == ["sanctions.md"]
    assert [item.file for item in quarantined_for(replace(ANN, role="owner"), manifest)] == ["new.pdf"]
