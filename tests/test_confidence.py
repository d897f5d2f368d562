"""How sure an answer is of its first passage, and what is said where it is not."""

from dataclasses import replace
from datetime import UTC, date, datetime
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console
from small_library import CUTOFFS, EMBEDDER, block, build, indexed

from app.abstain import why_not
from app.access import Reader
from app.answer import Answer
from app.confidence import GROUNDLESS, LIKELY, confidence, grounds
from app.evidence import Selection, select_evidence
from app.question import Question, read_question
from app.record import Recorded
from app.retrieve import Filters, Retriever
from app.terminal import print_answer
from app.views.export import as_markdown, as_text
from app.wording import answer_verbatim

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
ANSWER = Answer("7-ab", "q", False, "", "", (), (), "000001-x", "none")
SURE, UNSURE = replace(ANSWER, confidence=LIKELY), replace(ANSWER, confidence=LIKELY - 0.01)
HEDGE = "may not answer"


OTHERS = ("Tea is served at noon.", "Kites fly high.", "Maps hang in the hall.", "Bells ring at six.")


def _select(folder: Path, question: str, *paragraphs: str) -> tuple[Question, Selection]:
    named = [(f"Part {number}", text) for number, text in enumerate(paragraphs)]
    parts = [one for name, text in named for one in (block("heading", name, name), block("paragraph", text, name))]
    index = build(folder, [indexed(CUTOFFS, *parts)])
    read = read_question(question)
    found = Retriever(index, EMBEDDER).search(read, Filters(as_of=date(2026, 11, 23)), Reader("x"), 10)
    return read, select_evidence(read, found.hits, index, found.vector)


def _confidence(folder: Path, question: str, *paragraphs: str) -> float:
    stated = confidence(_select(folder, question, *paragraphs)[1])
    assert stated is not None
    return stated


def test_a_passage_that_leads_is_surer_than_one_among_equals(tmp_path: Path) -> None:
    said = "Gilts are settled at the old counter."
    leads = _confidence(tmp_path / "a", "where are gilts settled", said, *OTHERS)
    equal = _confidence(tmp_path / "b", "where are gilts settled", said, *[f"{said[:-1]} {n}." for n in "wxyz"])
    assert 0 < equal < leads < 1


def test_a_passage_with_the_questions_words_is_surer_than_one_without(tmp_path: Path) -> None:
    asked = "where are gilts settled"
    near = _confidence(tmp_path / "a", asked, "Gilts are settled at the old counter.", *OTHERS)
    far = _confidence(tmp_path / "b", asked, "Gilts are printed on green paper.", *OTHERS)
    assert far < near


def test_what_nothing_comes_near_has_no_grounds_and_is_refused(tmp_path: Path) -> None:
    asked = "how long is parental leave"
    question, selection = _select(tmp_path / "a", asked, "Gilts are settled within two days.", *OTHERS)
    assert grounds(question, selection) < GROUNDLESS
    assert why_not(question, selection, frozenset(question.terms))


def test_a_library_of_a_few_passages_tells_nothing_by_comparison(tmp_path: Path) -> None:
    question, selection = _select(tmp_path / "a", "where are gilts settled", "Gilts are settled at the old counter.")
    assert (confidence(selection), grounds(question, selection)) == (None, 1.0)
    assert not why_not(question, selection, frozenset(question.terms))


def test_who_is_likely_wrong_says_so_wherever_the_answer_is_read() -> None:
    for answer in (SURE, UNSURE):
        screen = StringIO()
        print_answer(answer, Console(file=screen, width=200))
        markdown = as_markdown([Recorded(answer, Filters(), NOW, "p")], NOW)
        said = [HEDGE in text for text in (screen.getvalue(), markdown, as_text(answer))]
        assert said == [answer is UNSURE] * 3


@pytest.mark.parametrize("answer", [replace(UNSURE, composed_by="model"), replace(UNSURE, abstained=True), ANSWER])
def test_only_passages_can_be_beside_the_point(answer: Answer) -> None:
    assert UNSURE.uncertain
    assert not answer.uncertain


STEPS = ("1. Take the gilts to the old counter.", "2. Sign the book there.")


@pytest.mark.parametrize(("bar", "kind"), [(0.0, "step"), (1.0, "statement")])
def test_only_what_likely_answers_is_a_checklist(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bar: float, kind: str
) -> None:
    monkeypatch.setattr("app.confidence.LIKELY", bar)
    named = [(f"Part {number}", text) for number, text in enumerate(OTHERS)]
    parts = [one for name, text in named for one in (block("heading", name, name), block("paragraph", text, name))]
    index = build(tmp_path / "g", [indexed(CUTOFFS, *parts, *(block("step", step, "Counter") for step in STEPS))])
    question, filters = read_question("take gilts to old counter, sign book"), Filters(as_of=date(2026, 11, 23))
    found = Retriever(index, EMBEDDER).search(question, filters, Reader("x"), 10)
    selection = select_evidence(question, found.hits, index, found.vector)
    answer = answer_verbatim(question, found, selection, index, filters)
    assert answer.uncertain is (kind == "statement")
    assert [(one.kind, one.text) for one in answer.statements] == [(kind, step) for step in STEPS]
