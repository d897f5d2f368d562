"""Amazon Bedrock through ChatBedrockConverse."""

import os
import re
from collections.abc import Mapping
from typing import Any

import boto3  # type: ignore[import-untyped]  # ships no types
from botocore.config import Config  # type: ignore[import-untyped]  # ships no types
from botocore.eventstream import ChecksumMismatch  # type: ignore[import-untyped]  # ships no types
from botocore.exceptions import (  # type: ignore[import-untyped]  # ships no types
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    EventStreamError,
    NoCredentialsError,
    NoRegionError,
    ProfileNotFound,
    ReadTimeoutError,
)
from langchain_aws import ChatBedrockConverse
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import BaseMessage
from urllib3.exceptions import HTTPError
from urllib3.exceptions import ReadTimeoutError as StreamTimeoutError

from app.llm import Kind
from app.llm.backend import ChatBackend, Fault, Limits, with_cache_point
from app.llm.feed import Feed, ThreadFeed
from app.settings import Settings
from ingest.errors import LLMError, SettingsError

ANSWER_S = 14.0  # leaves a second of the promised 15 to retrieval and verification
CONNECT_S = 3.0
STALL_SHARE = 0.4  # of the time for the answer: two silent tries still fit into it

# Models that take cache points; the others refuse the request.
_CACHES = re.compile(r"amazon\.nova|anthropic\.claude-(?!v|instant|3-(?:haiku|sonnet|opus)|3-5-sonnet-20240620)")

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
_FAULTS: tuple[tuple[tuple[type[BaseException], ...], Kind, str, bool], ...] = (
    ((StreamTimeoutError,), "timeout", "fell silent in the middle of its answer", True),
    ((ReadTimeoutError,), "timeout", "did not answer in time", False),
    ((EndpointConnectionError, ConnectTimeoutError), "unreachable", "can't be reached", False),
    ((ConnectionError, HTTPError, ChecksumMismatch), "cut", "broke off its answer", True),
)


class BedrockLLM(ChatBackend):
    """A model on Bedrock; one client, safe between threads."""

    def __init__(self, settings: Settings, session: boto3.Session) -> None:
        super().__init__(f"Amazon Bedrock: {settings.bedrock_model_id}", settings.bedrock_model_id, settings)
        answer_s = settings.llm_timeout_s or ANSWER_S
        self.limits = Limits(answer_s, stall_s=answer_s * STALL_SHARE)
        self._session = session
        self._model = _make_model(settings, session, read_timeout_s=self.limits.stall_s + 0.5)
        profile = self._model.profile or {}
        self._structured = _chosen(settings.bedrock_structured_output, bool(profile.get("structured_output")))
        self._caches = _chosen(settings.bedrock_prompt_cache, bool(_CACHES.search(self.model_id)))
        self._guardrail = settings.bedrock_guardrail_id
        if self._guardrail:
            version = settings.bedrock_guardrail_version
            self.parameters = {**self.parameters, "guardrail": f"{self._guardrail}:{version}"}
        if self._model.temperature is None:
            self.parameters = {k: v for k, v in self.parameters.items() if k != "temperature"}

    @property
    def chat_model(self) -> BaseChatModel:
        """See LLM."""
        return self._model

    @property
    def structured(self) -> bool:
        """See LLM."""
        return self._structured

    def _open(self, messages: list[BaseMessage], schema: Mapping[str, Any] | None) -> Feed:
        if self._caches:
            messages = with_cache_point(messages, ChatBedrockConverse.create_cache_point())
        bound: dict[str, Any] = {}
        if schema:
            bound["response_format"] = {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema}}
        return ThreadFeed(lambda: self._model.stream(messages, **bound))

    def _explain(self, error: BaseException) -> Fault:
        if isinstance(error, ClientError):
            # The SDK has retried what came before the stream opened, not what came in it.
            return self._client_error(error, again=isinstance(error, EventStreamError))
        if isinstance(error, NoCredentialsError):
            return Fault("refused", "no AWS credentials were found", hint="aws configure, or set APP_BEDROCK_PROFILE")
        for types, kind, text, again in _FAULTS:
            if isinstance(error, types):
                return Fault(kind, f"{self.name} {text}", again)
        return Fault("unavailable", f"{self.name} failed: {error}")

    def _client_error(self, error: ClientError, *, again: bool) -> Fault:
        details = error.response.get("Error", {})
        code = str(details.get("Code", "")).lower()
        kind: Kind = next((kind for start, kind in _CODES if code.startswith(start)), "unavailable")
        told = str(details.get("Message", ""))[:200]
        message = f"{self.name} {_MEANINGS[kind]}" + (f": {told}" if told else "")
        return Fault(kind, message, again=again and kind in ("throttled", "unavailable", "timeout"))

    def _stopped(self, reason: str, metadata: Mapping[str, Any]) -> Fault | None:
        if reason in ("end_turn", "stop_sequence"):
            return None
        if reason == "guardrail_intervened":
            rules = ", ".join(_blocking_rules(metadata.get("trace")))
            why = f" ({rules})" if rules else ""
            return Fault("guardrail", f"the guardrail {self._guardrail} blocked the question or the answer{why}")
        if reason == "content_filtered":
            return Fault("guardrail", f"{self.name} filtered its answer")
        if reason in ("max_tokens", "model_context_window_exceeded"):
            return Fault("length", "the model's answer was longer than allowed", hint="raise APP_LLM_MAX_TOKENS")
        return Fault("cut", f"{self.name} ended its answer without a usable reason ({reason or 'none'})")

    def _check(self) -> str:
        if os.environ.get("AWS_BEARER_TOKEN_BEDROCK") or self._session.get_credentials():
            return ""
        return "no AWS credentials were found (aws configure, or set APP_BEDROCK_PROFILE)"


def load_bedrock(settings: Settings) -> BedrockLLM:
    """The Bedrock backend of the settings; raises SettingsError where they don't fit this machine."""
    if not settings.bedrock_model_id:
        raise SettingsError("APP_LLM=bedrock needs a model", hint="set APP_BEDROCK_MODEL_ID")
    try:
        session = boto3.Session(
            profile_name=settings.bedrock_profile or None, region_name=settings.bedrock_region or None
        )
        return BedrockLLM(settings, session)
    except ProfileNotFound:
        raise SettingsError(
            f"no AWS profile {settings.bedrock_profile!r}", hint="aws configure list-profiles"
        ) from None
    except NoRegionError:
        raise SettingsError("no AWS region is configured", hint="set APP_BEDROCK_REGION") from None
    except (BotoCoreError, ClientError) as error:
        raise LLMError(f"Amazon Bedrock can't be used: {error}", kind="refused") from error


def _make_model(settings: Settings, session: boto3.Session, *, read_timeout_s: float) -> ChatBedrockConverse:
    config = Config(
        connect_timeout=CONNECT_S,
        read_timeout=read_timeout_s,
        retries={"mode": "standard", "total_max_attempts": 2},
        max_pool_connections=64,
        tcp_keepalive=True,
    )
    endpoint = settings.bedrock_endpoint_url or None
    runtime = session.client("bedrock-runtime", config=config, endpoint_url=endpoint)
    # Only profiles made by the account need the control plane, to say which model they stand for.
    control = (
        session.client("bedrock", config=config) if "application-inference" in settings.bedrock_model_id else runtime
    )
    guardrail = {
        "guardrailIdentifier": settings.bedrock_guardrail_id,
        "guardrailVersion": settings.bedrock_guardrail_version,
        "trace": "enabled",
        # "async" would show words before the guardrail has read them.
        "streamProcessingMode": "sync",
    }
    model = ChatBedrockConverse(
        model=settings.bedrock_model_id,
        client=runtime,
        bedrock_client=control,
        max_tokens=settings.llm_max_tokens,
        temperature=settings.temperature,
        guardrails=guardrail if settings.bedrock_guardrail_id else None,
    )
    if (model.profile or {}).get("temperature") is False:
        model.temperature = None  # some models refuse the parameter
    return model


def _chosen(choice: str, known: bool) -> bool:
    return known if choice == "auto" else choice == "on"


def _blocking_rules(trace: Any) -> list[str]:
    """The names of the guardrail's rules that blocked, from anywhere in its trace."""
    if isinstance(trace, list):
        return list(dict.fromkeys(rule for item in trace for rule in _blocking_rules(item)))
    if not isinstance(trace, Mapping):
        return []
    if trace.get("action") == "BLOCKED":
        return [str(trace.get("name") or trace.get("type") or "blocked")]
    return _blocking_rules(list(trace.values()))
