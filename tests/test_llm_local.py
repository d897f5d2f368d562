"""What is the OpenAI-compatible backend's own: the key, the model's name, limits, addresses."""

import sys
from pathlib import Path

import pytest
from llm_backends import MESSAGES, ask, backend
from openai_server import MODEL
from wire_server import Reply

from app.llm import load_llm
from app.settings import load_settings
from ingest.errors import LLMError


def test_the_request_is_what_such_servers_understand() -> None:
    with backend("local", llm_max_tokens=321) as (server, llm):
        ask(llm)
        body = server.script.requests[0].body
    assert body["max_tokens"] == 321 and "max_completion_tokens" not in body
    assert body["temperature"] == 0 and body["stream_options"] == {"include_usage": True}
    assert [message["role"] for message in body["messages"]] == ["system", "user"]


def test_the_first_model_offered_is_taken_unless_one_is_named() -> None:
    with backend("local") as (server, llm):
        ask(llm)
        assert server.script.requests[0].body["model"] == llm.model_id == MODEL
    with backend("local", local_model="mine") as (server, llm):
        ask(llm)
        assert server.script.requests[0].body["model"] == llm.model_id == "mine"
        assert llm.name.startswith("Local: mine at 127.0.0.1:")


def test_a_wrong_key_is_refused_in_words() -> None:
    with backend("local", local_api_key="other") as (_, llm), pytest.raises(LLMError) as caught:
        ask(llm)
    assert caught.value.kind == "refused"
    assert "refused the key: Invalid API Key" in str(caught.value)


def test_nobody_at_the_address_is_one_line_with_the_address() -> None:
    with backend("local", local_model="mine") as (server, llm):
        server.server_close()
        with pytest.raises(LLMError) as caught:
            list(llm.stream(MESSAGES))
        assert caught.value.kind == "unreachable"
        assert f"is it running at {server.url}/v1?" in str(caught.value)
        assert "can't be reached" in llm.health()


def test_a_proxy_of_the_environment_is_not_asked_for_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    with backend("local") as (_, llm):
        assert ask(llm)[0] == "Release the payment."


def test_it_can_be_closed_twice_and_asked_again() -> None:
    with backend("local") as (server, llm):
        server.script.play(Reply())
        ask(llm)
        llm.close()
        llm.close()
        assert ask(llm)[0] == "Release the payment."


def test_warming_reads_the_fixed_part_and_writes_nothing_to_speak_of() -> None:
    with backend("local") as (server, llm):
        llm.warm(MESSAGES[:1])
        body = server.script.requests[0].body
    assert body["max_tokens"] == 1 and len(body["messages"]) == 1


def test_warming_a_dead_address_is_an_error_in_words() -> None:
    with backend("local", local_model="mine") as (server, llm):
        server.server_close()
        with pytest.raises(LLMError, match="can't be reached"):
            llm.warm(MESSAGES[:1])


def test_none_is_no_model() -> None:
    assert load_llm(load_settings(llm="none")) is None


def test_weights_that_were_not_fetched_are_named_with_the_command(tmp_path: Path) -> None:
    with pytest.raises(LLMError, match="python -m ingest models qwen"):
        load_llm(load_settings(llm="local", models=tmp_path))


def test_a_missing_sdk_is_named_with_its_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "langchain_openai", None)
    monkeypatch.delitem(sys.modules, "app.llm.local")
    with pytest.raises(LLMError, match="pip install langchain-openai"):
        load_llm(load_settings(llm="local", local_url="http://127.0.0.1:1/v1"))
