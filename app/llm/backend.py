"""What every backend does alike: deadline, one retry before the first word, circuit breaker, usage, cost."""

import queue
import random
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import BaseMessage, BaseMessageChunk

from app.llm import Finish, Usage
from app.llm.breaker import CircuitBreaker
from app.llm.fault import Fault, FaultError
from app.llm.feed import Feed
from app.llm.price import cost_of, find_price
from app.settings import Settings
from ingest.errors import LLMError

# Faults of a single question, which say nothing about the backend.
_NOT_COUNTED = ("guardrail", "length", "invalid", "resting")


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds for the whole answer and for a silence after the stream has begun."""

    answer_s: float
    stall_s: float


class ChatBackend(ABC):
    """A LangChain chat model made dependable; see app.llm.LLM for what callers use."""

    limits: Limits

    def __init__(self, name: str, model_id: str, settings: Settings) -> None:
        self.name = name
        self.model_id = model_id
        self.parameters: Mapping[str, Any] = {
            "temperature": settings.temperature,
            "max_tokens": settings.llm_max_tokens,
        }
        self.breaker = CircuitBreaker(name)
        self._price = find_price(settings.prices, model_id)

    @property
    @abstractmethod
    def chat_model(self) -> BaseChatModel:
        """The LangChain chat model behind this backend."""

    @property
    @abstractmethod
    def structured(self) -> bool:
        """Whether a schema binds this model's output."""

    @abstractmethod
    def _open(self, messages: list[BaseMessage], schema: Mapping[str, Any] | None) -> Feed:
        """Begin to send the request, without waiting for anything."""

    @abstractmethod
    def _explain(self, error: BaseException) -> Fault:
        """What an exception of the SDK means."""

    @abstractmethod
    def _stopped(self, reason: str, metadata: Mapping[str, Any]) -> Fault | None:
        """The fault that a stop reason stands for, None if the answer is complete."""

    @abstractmethod
    def _check(self) -> str:
        """Why the backend can't be asked now, or an empty string."""

    def health(self) -> str:
        """See LLM."""
        return self.breaker.problem() or self._check()

    def warm(self, messages: Sequence[BaseMessage] = ()) -> None:  # noqa: B027  # a remote service is ready
        """See LLM."""

    def close(self) -> None:  # noqa: B027  # not every backend holds something
        """See LLM."""

    def stream(
        self,
        messages: Sequence[BaseMessage],
        *,
        deadline_s: float | None = None,
        schema: Mapping[str, Any] | None = None,
    ) -> Iterator[str | Finish]:
        """See LLM."""
        ends = time.monotonic() + (deadline_s or self.limits.answer_s)
        self.breaker.enter()
        verdict: Literal["failed", "succeeded", ""] = ""
        reason = ""
        try:
            yield from self._with_retry(list(messages), schema if self.structured else None, ends)
            verdict = "succeeded"
        except LLMError as error:
            verdict, reason = "" if error.kind in _NOT_COUNTED else "failed", error.message
            raise
        finally:  # also when the caller stops listening
            if verdict == "failed":
                self.breaker.failed(reason)
            elif verdict == "succeeded":
                self.breaker.succeeded()
            else:
                self.breaker.abandoned()

    def _with_retry(
        self, messages: list[BaseMessage], schema: Mapping[str, Any] | None, ends: float
    ) -> Iterator[str | Finish]:
        spoken = False
        try:
            for item in self._attempt(messages, schema, ends):
                spoken = True
                yield item
            return
        except FaultError as error:
            pause = random.uniform(0.2, 0.6)  # noqa: S311  # spreads retries, no secret
            if spoken or not error.fault.again or time.monotonic() + pause >= ends:
                raise error.for_callers() from error.__cause__
        time.sleep(pause)
        try:
            yield from self._attempt(messages, schema, ends)
        except FaultError as error:
            raise error.for_callers() from error.__cause__

    def _attempt(
        self, messages: list[BaseMessage], schema: Mapping[str, Any] | None, ends: float
    ) -> Iterator[str | Finish]:
        """One request; raises FaultError unless the model ended by itself."""
        feed = self._open(messages, schema)
        try:
            answer = _Received()
            while (chunk := self._next(feed, ends, answer.begun)) is not None:
                if text := answer.add(chunk):
                    yield text
        finally:
            feed.cancel()
        if fault := self._stopped(answer.stop_reason, answer.metadata):
            raise FaultError(fault, self._usage(answer.usage) if answer.usage else None)
        yield Finish(self._usage(answer.usage))

    def _next(self, feed: Feed, ends: float, begun: bool) -> BaseMessageChunk | None:
        left = ends - time.monotonic()
        try:
            item = feed.next(min(left, self.limits.stall_s) if begun else left)
        except queue.Empty:
            raise FaultError(self._silence(time.monotonic() >= ends, begun)) from None
        if isinstance(item, LLMError):
            raise item
        if isinstance(item, BaseException):
            raise FaultError(self._explain(item)) from item
        return item

    def _silence(self, over: bool, begun: bool) -> Fault:
        if not begun:
            return Fault("timeout", f"{self.name} did not answer in time")
        if over:
            return Fault("timeout", f"{self.name} was not finished in time")
        return Fault("timeout", f"{self.name} fell silent in the middle of its answer", again=True)

    def _usage(self, usage: Mapping[str, Any]) -> Usage:
        read_in, written = int(usage.get("input_tokens", 0)), int(usage.get("output_tokens", 0))
        details = usage.get("input_token_details") or {}
        cached, stored = int(details.get("cache_read") or 0), int(details.get("cache_creation") or 0)
        return Usage(read_in, written, cost_of(self._price, read_in, written, cached=cached, stored=stored), cached)


class _Received:
    """What has come of one answer."""

    def __init__(self) -> None:
        self.begun = False
        self.stop_reason = ""
        self.metadata: dict[str, Any] = {}
        self.usage: Mapping[str, Any] = {}

    def add(self, chunk: BaseMessageChunk) -> str:
        """Take a chunk in and return its text."""
        self.begun = True
        known = chunk.response_metadata
        self.metadata.update(known)
        self.stop_reason = str(known.get("stopReason") or known.get("finish_reason") or self.stop_reason)
        self.usage = getattr(chunk, "usage_metadata", None) or self.usage
        return str(chunk.text)
