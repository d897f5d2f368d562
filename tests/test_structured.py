"""Answers bound to a schema are verified line by line like free ones, and recorded with their prompt."""

import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.messages import BaseMessage
from small_library import EMBEDDER, build
from test_answer import FixedLibrary, ScriptedModel

from app.answer import Assistant, Filters
from app.ledger import Ledger
from app.llm import Finish, Usage
from app.retrieve import Retriever
from app.structured import SCHEMA, read_lines

LINES = [
    {"text": "Match the return to the original payment\nby its UETR.", "passages": [2]},
    {"text": 'He said "{[" and left', "passages": [1, 3]},
    {"text": "Nobody proves this.", "passages": []},
]
EXPECTED = """Match the return to the original payment by its UETR. [2]
He said "{[" and left [1][3]
Nobody proves this.\x20
"""


class SchemaModel(ScriptedModel):
    """A scripted model that notes the schema it is bound to."""

    structured = True

    def stream(self, messages: Sequence[BaseMessage], *, deadline_s: float | None = None, schema: Any = None) -> Any:
        self.schema = schema
        return super().stream(messages, deadline_s=deadline_s, schema=schema)


@given(st.integers(1, 40), st.sampled_from([None, 2]))
def test_lines_come_whole_however_the_answer_is_cut(size: int, indent: int | None) -> None:
    text = json.dumps({"lines": LINES}, indent=indent)
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    done = Finish(Usage(1, 1))
    *lines, last = read_lines([*pieces, done])
    assert "".join(map(str, lines)) == EXPECTED and last is done


def test_a_line_comes_before_the_answer_is_complete() -> None:
    text = json.dumps({"lines": LINES})
    assert list(read_lines([text[: text.index("He said")]])) == [EXPECTED.split("\n", maxsplit=1)[0] + "\n"]


@pytest.mark.parametrize("text", ["Sure! Here you go.", '{"lines": "none"}', '{"lines": [', "", '[{"text": "x"}]'])
def test_what_is_not_in_the_form_yields_no_line(text: str) -> None:
    assert list(read_lines([text])) == []


def test_structured_answers_are_verified_and_recorded(tmp_path: Path) -> None:
    library: Any = FixedLibrary(Retriever(build(tmp_path / "g"), EMBEDDER))
    model = SchemaModel(json.dumps({"lines": [LINES[0], LINES[2]]}))
    ledger = Ledger(tmp_path)
    assistant = Assistant(library, model, ledger)
    assistant.structured = True
    answer = assistant.ask("pacs.004 came back AC04, what now?", filters=Filters(as_of=date(2026, 11, 23)))
    assert model.schema == SCHEMA
    assert [statement.text for statement in answer.statements] == [LINES[0]["text"].replace("\n", " ")]  # type: ignore[attr-defined]
    assert [statement.problem for statement in answer.withheld] == ["no passage is cited"]
    prompt = ledger.get(answer.id).body["trace"]["prompt"]["messages"]
    assert prompt == [[message.type, message.content] for message in model.asked[0]]
    assert "Reply as JSON" in prompt[1][1]
