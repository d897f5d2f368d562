"""What the chosen evidence leaves open is looked for in other passages."""

from datetime import date
from pathlib import Path

import pytest
from small_library import EMBEDDER, build

from app.access import Reader
from app.evidence import select_evidence
from app.question import read_question
from app.rest import answer_the_rest
from app.retrieve import Filters, Retriever


@pytest.mark.parametrize(
    ("text", "added"),
    [
        ("the CHAPS cut-off, and the escalation of questions to the Investigations manager?", ["SOP-1"]),
        ("what is the CHAPS cut-off?", []),
        ("the CHAPS cut-off on a unicorn?", []),
    ],
)
def test_only_words_that_another_passage_holds_bring_it_in(tmp_path: Path, text: str, added: list[str]) -> None:
    index = build(tmp_path / "g")
    question = read_question(text)
    found = Retriever(index, EMBEDDER).search(question, Filters(as_of=date(2026, 11, 23)), Reader("x"), 10)
    ranked = select_evidence(question, found.hits, index, found.vector).ranked
    ranked = tuple(unit for unit in ranked if "CHAPS" in unit.text) + ranked
    chosen = [unit for unit in ranked if "CHAPS" in unit.text][:1]
    rest = answer_the_rest(question, chosen, ranked, index)
    assert [unit.hit.doc_id for unit in rest] == added
    assert all("Investigations manager" in unit.text for unit in rest)
