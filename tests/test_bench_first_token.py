"""The comparison of first tokens measures what it says, and ends when its time is over."""

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import BaseMessage, HumanMessage
from small_library import EMBEDDER, build
from test_answer import ScriptedModel

from app.llm import Finish, UnfinishedError, Usage
from app.retrieve import Retriever
from eval.bench_first_token import ask_both_ways, both_prompts, first_token
from eval.cases import Case, Gold
from ingest.errors import LLMError

LONG, SHORT = [HumanMessage("x" * 1000)], [HumanMessage("x" * 10)]


class Reader(ScriptedModel):
    """Reads a prompt for a while by its length, then writes one token and is cut off; or fails."""

    def __init__(self, error: LLMError | None = None) -> None:
        super().__init__("Yes")
        self._error = error

    def stream(
        self, messages: Sequence[BaseMessage], *, deadline_s: float | None = None, schema: Any = None
    ) -> Iterator[str | Finish]:
        length = len(str(messages[-1].content))
        if deadline_s is not None and length / 1000 > deadline_s:
            raise LLMError("too late", kind="timeout")
        if self._error:
            raise self._error
        yield "Yes"
        raise UnfinishedError("too long", hint="", kind="length", usage=Usage(length, 1))


def case(question: str) -> Case:
    return Case(id="q", question=question, answerable=True, gold=(Gold("returns.md", (1,)),))


def test_both_prompts_share_all_but_the_passages(tmp_path: Path) -> None:
    retriever = Retriever(build(tmp_path / "g"), EMBEDDER)
    prompts = both_prompts(retriever, case("How fast are returned funds booked after AC04?"))
    assert prompts is not None
    own, usual = prompts
    assert own[0] == usual[0]
    for messages in prompts:
        assert "within 2 hours" in str(messages[1].content)
        assert str(messages[1].content).endswith("How fast are returned funds booked after AC04?")
    assert len(str(own[1].content)) != len(str(usual[1].content))


def test_the_tokens_read_are_those_of_the_model() -> None:
    assert first_token(Reader(), LONG, time.monotonic() + 10).tokens == 1000


def test_each_question_is_asked_both_ways_until_the_time_is_over() -> None:
    done: list[int] = []
    pairs = list(ask_both_ways(Reader(), [(SHORT, LONG), (SHORT, SHORT)], 30, lambda: done.append(1)))
    assert [(own.tokens, usual.tokens) for own, usual in pairs] == [(10, 1000), (10, 10)]
    assert len(done) == 2
    # Half a second is enough for the short prompt and not for the long one: a half measured question does not count.
    assert list(ask_both_ways(Reader(), [(SHORT, LONG), (SHORT, SHORT)], 0.5, lambda: None)) == []


def test_a_model_that_fails_otherwise_ends_the_comparison_with_its_reason() -> None:
    with pytest.raises(LLMError, match="no memory"):
        list(ask_both_ways(Reader(LLMError("no memory", kind="missing")), [(SHORT, SHORT)], 30, lambda: None))
