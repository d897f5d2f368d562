"""The backends that the contract tests run over, each with the scripted server that it talks to."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import boto3
import pytest
from converse_server import converse_server
from langchain_core.messages import HumanMessage, SystemMessage
from openai_server import KEY, openai_server
from wire_server import WireServer

from app.llm import LLM, Finish, Usage
from app.llm.bedrock import BedrockLLM
from app.llm.local import load_local
from app.settings import load_settings

BEDROCK_MODEL = "eu.anthropic.claude-haiku-4-5-20251001-v1:0"
MESSAGES = [SystemMessage("Answer from the passages."), HumanMessage("Who releases a held payment?")]
TIMEOUT_S = 4.0  # silences are given up after 0.4 (bedrock) and 0.25 (local) of it
PATIENCE_S = 30.0  # for answers that come: the machine may be busy


def keep_out_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Test credentials, and nothing from the machine's own AWS configuration."""
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_BEARER_TOKEN_BEDROCK", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-a-secret")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


def make_llm(kind: str, url: str, **more: Any) -> LLM:
    """The backend `kind` ("bedrock" or "local"), talking to `url`."""
    chosen = {
        "bedrock": {"bedrock_endpoint_url": url, "bedrock_model_id": BEDROCK_MODEL, "bedrock_region": "eu-west-1"},
        "local": {"local_url": f"{url}/v1", "local_api_key": KEY},
    }[kind]
    settings = load_settings(**{"llm": kind, "llm_timeout_s": TIMEOUT_S, **chosen, **more})
    # One session for all tests: it keeps the service descriptions, which take most of the time to load.
    return BedrockLLM(settings, _session()) if kind == "bedrock" else load_local(settings)


@cache
def _session() -> boto3.Session:
    return boto3.Session(aws_access_key_id="AKIDEXAMPLE", aws_secret_access_key="x", region_name="eu-west-1")


@contextmanager
def backend(kind: str, **more: Any) -> Iterator[tuple[WireServer, LLM]]:
    """A running fake service and the backend for it."""
    with {"bedrock": converse_server, "local": openai_server}[kind]() as server:
        llm = make_llm(kind, server.url, **more)
        try:
            yield server, llm
        finally:
            llm.close()


def ask(llm: LLM, **options: Any) -> tuple[str, Usage]:
    """The whole answer and its usage."""
    *words, finish = llm.stream(MESSAGES, deadline_s=PATIENCE_S, **options)
    assert isinstance(finish, Finish)
    return "".join(str(word) for word in words), finish.usage
