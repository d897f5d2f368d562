"""One pinned judge model within limits: replies cached by content, retried, timed and counted."""

import hashlib
import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from langchain_core.messages import HumanMessage

from app.llm import LLM, Finish, Usage
from eval.settings import JudgeSettings
from ingest.errors import LLMError


class Completer:
    """Asks one pinned model for JSON; every reply is kept in `cache` (JSON lines) under the hash of what was asked."""

    def __init__(self, llm: LLM, settings: JudgeSettings, cache: Path, clock: Callable[[], float] = time.monotonic):
        self.llm = llm
        self.settings = settings
        self.calls = self.cached = self.tokens = 0
        self.cost = 0.0
        self._cache_path = cache
        self._cache = _read_cache(cache)
        self._clock = clock
        self._ends = clock() + settings.judge_wall_s
        self._lock = threading.Lock()

    @property
    def identity(self) -> str:
        """Model and parameters, as the report names the judge."""
        parameters = json.dumps(dict(self.llm.parameters), sort_keys=True, default=str)
        return f"{self.llm.model_id} {hashlib.sha256(parameters.encode()).hexdigest()[:8]}"

    def for_run(self, run: int) -> Callable[[str, dict[str, Any]], str]:
        """The completion function of one of several runs; runs do not share cached replies."""
        return lambda prompt, schema: self._complete(prompt, schema, run)

    def _complete(self, prompt: str, schema: dict[str, Any], run: int) -> str:
        asked = json.dumps([self.identity, self.settings.judge_max_tokens, run, prompt, schema], sort_keys=True)
        key = hashlib.sha256(asked.encode()).hexdigest()
        if (known := self._cache.get(key)) is not None:
            with self._lock:
                self.cached += 1
            return known
        text = self._with_retries(prompt, schema)
        with self._lock:
            self._cache[key] = text
            self._cache_path.parent.mkdir(parents=True, exist_ok=True)
            with self._cache_path.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"key": key, "reply": text}) + "\n")
        return text

    def _with_retries(self, prompt: str, schema: dict[str, Any]) -> str:
        failure = LLMError("the judge was not asked")
        for _ in range(self.settings.judge_retries + 1):
            left = self._ends - self._clock()
            if left <= 0:
                raise LLMError(f"the judge's wall limit of {self.settings.judge_wall_s:g} s is used up")
            if self.tokens >= self.settings.judge_token_limit:
                raise LLMError(f"the judge's limit of {self.settings.judge_token_limit} tokens is used up")
            if self.settings.judge_cost_limit and self.cost >= self.settings.judge_cost_limit:
                raise LLMError(f"the judge's limit of {self.settings.judge_cost_limit:g} dollars is used up")
            try:
                return self._ask(prompt, schema, min(left, self.settings.judge_timeout_s))
            except LLMError as error:
                failure = error
        raise failure

    def _ask(self, prompt: str, schema: dict[str, Any], deadline_s: float) -> str:
        parts: list[str] = []
        for item in self.llm.stream([HumanMessage(prompt)], deadline_s=deadline_s, schema=schema):
            if isinstance(item, Finish):
                self._count(item.usage)
                return "".join(parts)
            parts.append(item)
        raise LLMError("the judge's reply was cut")

    def _count(self, usage: Usage) -> None:
        with self._lock:
            self.calls += 1
            self.tokens += usage.input_tokens + usage.output_tokens
            self.cost += usage.cost or 0.0
        if self.settings.judge_cost_limit and usage.cost is None:
            raise LLMError(f"{self.llm.model_id} has no price, so its cost can't be limited", hint="set APP_PRICES")


def _read_cache(path: Path) -> dict[str, str]:
    # A torn last line is the only damage that a killed run can leave; it is asked again.
    found: dict[str, str] = {}
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else []:
        try:
            entry = json.loads(line)
            found[entry["key"]] = entry["reply"]
        except (ValueError, KeyError, TypeError):
            continue
    return found
