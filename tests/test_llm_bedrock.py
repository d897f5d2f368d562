"""What is Bedrock's own: signing, guardrail, cache point, cost, settings that don't fit."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from llm_backends import BEDROCK_MODEL, MESSAGES, ask, backend, keep_out_the_environment
from wire_server import Reply

from app.llm import load_llm
from app.llm.bedrock import BedrockLLM
from app.settings import Price, load_settings
from ingest.errors import LLMError, SettingsError


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    keep_out_the_environment(monkeypatch)


def sent(**settings: Any) -> dict[str, Any]:
    """The body of one request."""
    with backend("bedrock", **settings) as (server, llm):
        ask(llm)
        return dict(server.script.requests[0].body)


def test_requests_are_signed_and_bounded() -> None:
    with backend("bedrock", llm_max_tokens=321, temperature=0.2) as (server, llm):
        ask(llm)
        request = server.script.requests[0]
    assert request.path == "/model/eu.anthropic.claude-haiku-4-5-20251001-v1%3A0/converse-stream"
    assert "SignedHeaders" in request.headers["Authorization"] and "X-Amz-Date" in request.headers
    assert request.body["inferenceConfig"] == {"maxTokens": 321, "temperature": 0.2}
    assert llm.parameters == {"max_tokens": 321, "temperature": 0.2}


def test_the_sdk_waits_and_retries_as_configured() -> None:
    with backend("bedrock", llm_timeout_s=14) as (_, llm):
        config = llm.chat_model.client.meta.config  # type: ignore[attr-defined]  # ChatBedrockConverse's
    assert config.retries == {"mode": "standard", "total_max_attempts": 2}
    assert config.connect_timeout == 3.0
    assert config.read_timeout * 2 < 14  # at the default of 14 s, two silent tries fit into an answer's time


def test_the_fixed_part_gets_a_cache_point_where_the_model_takes_one() -> None:
    assert sent()["system"] == [{"text": "Answer from the passages."}, {"cachePoint": {"type": "default"}}]
    assert sent(bedrock_prompt_cache="off")["system"] == [{"text": "Answer from the passages."}]
    old = "anthropic.claude-3-haiku-20240307-v1:0"
    assert sent(bedrock_model_id=old)["system"] == [{"text": "Answer from the passages."}]
    assert len(sent(bedrock_model_id="amazon.nova-lite-v1:0")["system"]) == 2


def test_a_model_that_takes_no_temperature_gets_none() -> None:
    body = sent(bedrock_model_id="anthropic.claude-opus-4-7")
    assert body["inferenceConfig"] == {"maxTokens": 700}


def test_a_schema_binds_only_models_that_know_schemas() -> None:
    schema = {"type": "object", "properties": {"answer": {"type": "string"}}}
    with backend("bedrock") as (server, llm):
        ask(llm, schema=schema)
        body = server.script.requests[0].body
    bound = json.loads(body["outputConfig"]["textFormat"]["structure"]["jsonSchema"]["schema"])
    assert bound == {**schema, "additionalProperties": False}
    with backend("bedrock", bedrock_model_id="amazon.nova-pro-v1:0") as (server, llm):
        ask(llm, schema=schema)
        assert not llm.structured
        assert "outputConfig" not in server.script.requests[0].body


def test_a_guardrail_goes_with_the_call_and_its_intervention_is_told() -> None:
    with backend("bedrock", bedrock_guardrail_id="gr-1", bedrock_guardrail_version="7") as (server, llm):
        server.script.play(Reply("guardrail"))
        with pytest.raises(LLMError) as caught:
            ask(llm)
        config = server.script.requests[0].body["guardrailConfig"]
    assert config == {
        "guardrailIdentifier": "gr-1",
        "guardrailVersion": "7",
        "trace": "enabled",
        "streamProcessingMode": "sync",
    }
    assert caught.value.message == "the guardrail gr-1 blocked the question or the answer (Investment advice)"
    assert llm.parameters["guardrail"] == "gr-1:7"


def test_cost_counts_cached_tokens_at_their_own_price() -> None:
    model = BEDROCK_MODEL.removeprefix("eu.")
    prices = {model: Price(input=1.0, output=5.0, cache_read=0.1)}
    with backend("bedrock", prices=prices) as (server, llm):
        server.script.play(Reply(words=("a", "b"), cached_tokens=60))
        usage = ask(llm)[1]
    assert usage.cost == pytest.approx((40 * 1.0 + 60 * 0.1 + 2 * 5.0) / 1e6)
    with backend("bedrock") as (_, llm):
        assert ask(llm)[1].cost is None


def test_a_damaged_event_is_a_broken_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    with backend("bedrock") as (server, llm):
        handler = server.RequestHandlerClass
        chunk = handler.chunk
        monkeypatch.setattr(handler, "chunk", lambda self, data: chunk(self, data[:-1] + b"\0" if data else data))
        with pytest.raises(LLMError) as caught:
            ask(llm)
    assert caught.value.kind == "cut"


@pytest.fixture
def no_credentials(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    yield


@pytest.mark.usefixtures("no_credentials")
def test_missing_credentials_are_told_before_and_at_the_first_question() -> None:
    llm = load_llm(load_settings(llm="bedrock", bedrock_model_id=BEDROCK_MODEL, bedrock_region="eu-west-1"))
    assert isinstance(llm, BedrockLLM)
    assert llm.health().startswith("no AWS credentials")
    with pytest.raises(LLMError) as caught:
        list(llm.stream(MESSAGES))
    assert caught.value.kind == "refused"
    assert "aws configure" in str(caught.value)


def test_an_unreachable_endpoint_is_one_line() -> None:
    with backend("bedrock") as (server, llm):
        server.server_close()
        with pytest.raises(LLMError) as caught:
            list(llm.stream(MESSAGES))
    assert caught.value.kind == "unreachable"


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"bedrock_region": "eu-west-1"}, "APP_BEDROCK_MODEL_ID"),
        ({"bedrock_model_id": BEDROCK_MODEL}, "APP_BEDROCK_REGION"),
        ({"bedrock_model_id": BEDROCK_MODEL, "bedrock_profile": "nobody"}, "'nobody'"),
    ],
)
def test_settings_that_don_t_fit_name_what_is_missing(settings: dict[str, str], says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        load_llm(load_settings(llm="bedrock", **settings))
