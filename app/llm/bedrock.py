"""Amazon Bedrock through ChatBedrockConverse."""

import os
import re
from collections.abc import Mapping
from typing import Any

import boto3  # type: ignore[import-untyped]  # ships no types
from botocore.config import Config  # type: ignore[import-untyped]  # ships no types
from botocore.exceptions import (  # type: ignore[import-untyped]  # ships no types
    BotoCoreError,
    ClientError,
    NoRegionError,
    ProfileNotFound,
)
from langchain_aws import ChatBedrockConverse
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import BaseMessage, SystemMessage

from app.llm.backend import ChatBackend, Limits
from app.llm.bedrock_faults import explain, explain_stop
from app.llm.fault import Fault
from app.llm.feed import Feed, ThreadFeed
from app.settings import Settings
from ingest.errors import LLMError, SettingsError

ANSWER_S = 14.0  # leaves a second of the promised 15 to retrieval and verification
CONNECT_S = 3.0
STALL_SHARE = 0.4  # of the time for the answer: two silent tries still fit into it

# Models that take cache points; the others refuse the request.
_CACHES = re.compile(r"amazon\.nova|anthropic\.claude-(?!v|instant|3-(?:haiku|sonnet|opus)|3-5-sonnet-20240620)")


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
            messages = _with_cache_point(messages)
        bound: dict[str, Any] = {}
        if schema:
            bound["response_format"] = {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema}}
        return ThreadFeed(lambda: self._model.stream(messages, **bound))

    def _explain(self, error: BaseException) -> Fault:
        return explain(error, self.name)

    def _stopped(self, reason: str, metadata: Mapping[str, Any]) -> Fault | None:
        return explain_stop(reason, metadata.get("trace"), self.name, self._guardrail)

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


def _with_cache_point(messages: list[BaseMessage]) -> list[BaseMessage]:
    """The messages with a cache point after the first one, if that is the fixed system part."""
    if not messages or not isinstance(messages[0], SystemMessage):
        return messages
    content: list[str | dict[Any, Any]] = [
        {"type": "text", "text": str(messages[0].text)},
        ChatBedrockConverse.create_cache_point(),
    ]
    return [SystemMessage(content), *messages[1:]]
