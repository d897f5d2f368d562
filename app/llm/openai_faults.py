"""What the exceptions and stop reasons of an OpenAI-compatible service mean."""

import json
from collections.abc import Mapping
from dataclasses import replace

import httpx2
import openai

from app.llm.fault import Fault, Meanings, find_meaning

_EXCEPTIONS: Meanings = (
    ((openai.RateLimitError,), "throttled", "is throttling requests", False),
    ((openai.APITimeoutError, httpx2.TimeoutException), "timeout", "did not answer in time", False),
    ((openai.APIConnectionError,), "unreachable", "can't be reached", False),
    ((openai.AuthenticationError, openai.PermissionDeniedError), "refused", "refused the key", False),
    ((openai.NotFoundError,), "refused", "does not know the model or the path", False),
    ((openai.BadRequestError, openai.UnprocessableEntityError), "invalid", "can't take this request", False),
    ((openai.InternalServerError,), "unavailable", "has a fault", False),
    ((httpx2.TransportError, json.JSONDecodeError), "cut", "broke off its answer", True),
    ((openai.APIError,), "unavailable", "has a fault", True),  # an error object within the stream
)


def explain(error: BaseException, name: str) -> Fault:
    """What an exception of the SDK means; `name` is the model's, for people."""
    fault = find_meaning(error, _EXCEPTIONS, name)
    return replace(fault, message=fault.message + _told(error))


def explain_stop(reason: str, name: str) -> Fault | None:
    """The fault that a stop reason stands for, None if the answer is complete."""
    if reason == "stop":
        return None
    if reason == "length":
        return Fault("length", "the model's answer was longer than allowed", hint="raise APP_LLM_MAX_TOKENS")
    if reason == "content_filter":
        return Fault("guardrail", f"{name} filtered its answer")
    return Fault("cut", f"{name} broke off its answer", again=True)


def _told(error: BaseException) -> str:
    """What the server said, in short."""
    body = getattr(error, "body", None)
    said = body.get("message") if isinstance(body, Mapping) else None
    return f": {str(said)[:200]}" if said else ""
