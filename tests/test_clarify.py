"""An ambiguous question gets one question back, with choices from what was found."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from small_library import CUTOFFS, EMBEDDER, RETURNS, block, build, indexed

from app.access import Reader
from app.answer import Assistant, Filters
from app.clarify import narrow
from app.retrieve import Retriever


class Served:
    def __init__(self, retriever: Retriever) -> None:
        self.retriever = retriever

    def current(self) -> Retriever:
        return self.retriever


@pytest.fixture
def assistant(tmp_path: Path) -> Any:
    codes = indexed(
        RETURNS,
        block(
            "table",
            "Code | Meaning | What to do\nRR04 | Regulatory reason | Ask compliance first",
            "Returns (pacs.004)",
        ),
        block(
            "table", "Code | Meaning | What to do\nRR04 | Recall refused by rule | Close the case", "Answers (camt.029)"
        ),
    )
    hours = indexed(
        CUTOFFS,
        block("table", "System | Customer cut-off\nCHAPS | 16:45 London\nFedwire | 17:30 ET", "Customer cut-offs"),
    )
    return Assistant(Served(Retriever(build(tmp_path / "g", (codes, hours)), EMBEDDER)))  # type: ignore[arg-type] # as a library


@pytest.mark.parametrize(
    ("question", "choices"),
    [
        ("RR04, what to do?", {"RR04 in pacs.004", "RR04 in camt.029"}),
        ("RR04 in a pacs.004, what to do?", set()),
        ("what is the customer cut-off?", {"CHAPS", "FEDWIRE"}),
        ("what is the CHAPS customer cut-off?", set()),
    ],
)
def test_choices_are_given_only_where_several_things_may_be_meant(
    assistant: Any, question: str, choices: set[str]
) -> None:
    answer = assistant.ask(question, filters=Filters(as_of=date(2026, 11, 23)), reader=Reader("x"))
    assert set(answer.choices) == choices
    assert any(note.startswith("Which do you mean") for note in answer.notes) == bool(choices)
    assert answer.statements


@pytest.mark.parametrize("question", ["RR04, what to do?", "what is the customer cut-off?"])
def test_a_choice_is_asked_with_the_question_and_leaves_nothing_to_choose(assistant: Any, question: str) -> None:
    first = assistant.ask(question, filters=Filters(as_of=date(2026, 11, 23)), reader=Reader("x"))
    for choice in first.choices:
        chosen = assistant.ask(narrow(question, choice), filters=Filters(as_of=date(2026, 11, 23)), reader=Reader("x"))
        assert chosen.choices == ()
        assert choice.rpartition(" in ")[2].lower() in chosen.question.lower()
    assert narrow("What does RR04 mean?", "RR04 in pacs.004") == "What does RR04 mean in pacs.004?"
    assert narrow("When is the cut-off?", "CHAPS") == "When is the cut-off (CHAPS)?"
