"""What the exceptions and stop reasons of Amazon Bedrock mean."""

from collections.abc import Mapping
from typing import Any

from botocore.eventstream import ChecksumMismatch  # type: ignore[import-untyped]  # ships no types
from botocore.exceptions import (  # type: ignore[import-untyped]  # ships no types
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    EventStreamError,
    NoCredentialsError,
    ReadTimeoutError,
)
from urllib3.exceptions import HTTPError
from urllib3.exceptions import ReadTimeoutError as StreamTimeoutError

from app.llm import Kind
from app.llm.fault import Fault, Meanings, find_meaning

# By the beginning of the error's code; anything else is a fault of the service.
_CODES: tuple[tuple[str, Kind], ...] = (
    ("throttling", "throttled"),
    ("servicequotaexceeded", "throttled"),
    ("toomanyrequests", "throttled"),
    ("modelnotready", "throttled"),
    ("accessdenied", "refused"),
    ("unrecognizedclient", "refused"),
    ("invalidsignature", "refused"),
    ("expiredtoken", "refused"),
    ("resourcenotfound", "refused"),
    ("validation", "invalid"),
    ("modeltimeout", "timeout"),
)
_MEANINGS: Mapping[Kind, str] = {
    "throttled": "is throttling requests",
    "refused": "refused the request",
    "invalid": "can't take this request",
    "timeout": "did not answer in time",
    "unavailable": "has a fault",
}
_EXCEPTIONS: Meanings = (
    ((StreamTimeoutError,), "timeout", "fell silent in the middle of its answer", True),
    ((ReadTimeoutError,), "timeout", "did not answer in time", False),
    ((EndpointConnectionError, ConnectTimeoutError), "unreachable", "can't be reached", False),
    ((ConnectionError, HTTPError, ChecksumMismatch), "cut", "broke off its answer", True),
)


def explain(error: BaseException, name: str) -> Fault:
    """What an exception of the SDK means; `name` is the model's, for people."""
    if isinstance(error, ClientError):
        # The SDK has retried what came before the stream opened, not what came in it.
        return _client_error(error, name, again=isinstance(error, EventStreamError))
    if isinstance(error, NoCredentialsError):
        return Fault("refused", "no AWS credentials were found", hint="aws configure, or set APP_BEDROCK_PROFILE")
    return find_meaning(error, _EXCEPTIONS, name)


def _client_error(error: ClientError, name: str, *, again: bool) -> Fault:
    details = error.response.get("Error", {})
    code = str(details.get("Code", "")).lower()
    kind: Kind = next((kind for start, kind in _CODES if code.startswith(start)), "unavailable")
    told = str(details.get("Message", ""))[:200]
    message = f"{name} {_MEANINGS[kind]}" + (f": {told}" if told else "")
    return Fault(kind, message, again=again and kind in ("throttled", "unavailable", "timeout"))


def explain_stop(reason: str, trace: Any, name: str, guardrail: str) -> Fault | None:
    """The fault that a stop reason stands for, None if the answer is complete; `trace` is the guardrail's."""
    if reason in ("end_turn", "stop_sequence"):
        return None
    if reason == "guardrail_intervened":
        rules = ", ".join(_blocking_rules(trace))
        why = f" ({rules})" if rules else ""
        return Fault("guardrail", f"the guardrail {guardrail} blocked the question or the answer{why}")
    if reason == "content_filtered":
        return Fault("guardrail", f"{name} filtered its answer")
    if reason in ("max_tokens", "model_context_window_exceeded"):
        return Fault("length", "the model's answer was longer than allowed", hint="raise APP_LLM_MAX_TOKENS")
    return Fault("cut", f"{name} ended its answer without a usable reason ({reason or 'none'})")


def _blocking_rules(trace: Any) -> list[str]:
    """The names of the guardrail's rules that blocked, from anywhere in its trace."""
    if isinstance(trace, list):
        return list(dict.fromkeys(rule for item in trace for rule in _blocking_rules(item)))
    if not isinstance(trace, Mapping):
        return []
    if trace.get("action") == "BLOCKED":
        return [str(trace.get("name") or trace.get("type") or "blocked")]
    return _blocking_rules(list(trace.values()))
