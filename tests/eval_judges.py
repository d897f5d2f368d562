"""Judges by rule, in place of a model: honest, constant, dead."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import BaseMessage

from app.llm import Finish, Usage
from eval.words import overlap
from ingest.errors import LLMError

Reply = Callable[[dict[str, Any], str], Any]


def honest(given: dict[str, Any], kind: str) -> Any:
    """A judge by rule: each sentence is a statement; it is supported if nearly all of it stands in the context."""
    if kind == "StatementGeneratorOutput":
        text = given.get("answer") or given["text"]
        return {"statements": [part for part in text.split("\n") if part]}
    return {
        "statements": [
            {"statement": s, "reason": "rule", "verdict": int(overlap(s, given["context"]) > 0.95)}
            for s in given["statements"]
        ]
    }


def constant(given: dict[str, Any], kind: str) -> Any:
    """A judge that finds everything supported."""
    reply = honest(given, kind)
    for verdict in reply["statements"] if kind != "StatementGeneratorOutput" else ():
        verdict["verdict"] = 1
    return reply


def dead(given: dict[str, Any], kind: str) -> Any:
    raise LLMError("connection refused")


@dataclass
class ScriptedJudge:
    """An LLM that replies by a rule; `prompts` are the calls that reached it."""

    reply: Reply
    name: str = "scripted judge"
    model_id: str = "scripted-1"
    parameters: Mapping[str, Any] = field(default_factory=dict)
    structured: bool = True
    prompts: list[str] = field(default_factory=list)
    cost: float | None = None

    @property
    def chat_model(self) -> BaseChatModel:
        raise NotImplementedError

    def stream(
        self,
        messages: Sequence[BaseMessage],
        *,
        deadline_s: float | None = None,
        schema: Mapping[str, Any] | None = None,
    ) -> Iterator[str | Finish]:
        prompt = str(messages[0].content)
        self.prompts.append(prompt)
        given = input_of(prompt)
        assert schema is not None
        reply = self.reply(given, schema["title"])
        yield reply if isinstance(reply, str) else json.dumps(reply)
        yield Finish(Usage(100, 20, self.cost))

    def health(self) -> str:
        return ""

    def warm(self, messages: Sequence[BaseMessage] = ()) -> None:
        return

    def close(self) -> None:
        return


def input_of(prompt: str) -> dict[str, Any]:
    """What a RAGAS prompt asks to be worked on: the JSON after its last "input:"."""
    found: dict[str, Any] = json.JSONDecoder().raw_decode(prompt[prompt.rindex("\ninput: ") + 8 :])[0]
    return found
