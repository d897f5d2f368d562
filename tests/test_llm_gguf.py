"""The packaged chat model in the embedded server: the contract again, with real weights."""

import json
from collections.abc import Iterator
from pathlib import Path

import openai
import psutil
import pytest
from langchain_core.messages import HumanMessage, SystemMessage

from app.llm import LLM, Finish, load_llm
from app.llm.server import EmbeddedServer, ServerSpec
from app.settings import load_settings
from ingest.errors import LLMError, ModelError
from ingest.models import QWEN, find_model

MODELS = Path(__file__).parents[1] / ".models"
SYSTEM = SystemMessage("Answer in one short sentence from the passages, and with nothing else.")
PASSAGES = "[1] A held payment is released by two officers of Wire Operations. [2] The cut-off is 17:40 ET."
ASKED = [SYSTEM, HumanMessage(f"{PASSAGES}\n\nWhat is the cut-off?")]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def weights() -> Path:
    try:
        return find_model(QWEN, MODELS)
    except ModelError as error:
        pytest.skip(f"the packaged chat model is not here: {error}")


@pytest.fixture(scope="module")
def llm(weights: Path) -> Iterator[LLM]:
    loaded = load_llm(load_settings(llm="local", models=MODELS, llm_max_tokens=60))
    assert loaded is not None
    loaded.warm([SYSTEM])
    yield loaded
    loaded.close()


def test_it_answers_from_the_passages_and_reuses_the_fixed_part(llm: LLM) -> None:
    *words, finish = llm.stream(ASKED)
    assert "17:40" in "".join(map(str, words)) and len(words) > 3
    assert isinstance(finish, Finish)
    assert finish.usage.output_tokens >= len(words) > 0
    assert finish.usage.cached_tokens >= 10  # what `warm` had read


def test_a_schema_binds_it(llm: LLM) -> None:
    schema = {
        "type": "object",
        "properties": {"passage": {"type": "integer"}, "answer": {"type": "string"}},
        "required": ["passage", "answer"],
        "additionalProperties": False,
    }
    answer = json.loads("".join(piece for piece in llm.stream(ASKED, schema=schema) if isinstance(piece, str)))
    assert set(answer) == {"passage", "answer"} and "17:40" in answer["answer"]


def test_an_answer_that_is_too_long_is_an_error(llm: LLM) -> None:
    count = HumanMessage("Count from one to three hundred, in words, separated by commas.")
    with pytest.raises(LLMError) as caught:
        list(llm.stream([SystemMessage("Do what is asked."), count]))
    assert caught.value.kind == "length"


def test_a_question_that_is_given_up_frees_the_server(llm: LLM) -> None:
    long = HumanMessage(
        "Summarise. " + " ".join(f"Rule {n}: payments above {n},000 need approval." for n in range(150))
    )
    with pytest.raises(LLMError) as caught:
        list(llm.stream([SYSTEM, long], deadline_s=0.5))
    assert caught.value.kind == "timeout"
    *_, finish = llm.stream(ASKED)
    assert isinstance(finish, Finish)


def test_a_prompt_beyond_its_context_is_told(llm: LLM) -> None:
    with pytest.raises(LLMError) as caught:
        list(llm.stream([SYSTEM, HumanMessage("payment " * 6000)]))
    assert caught.value.kind == "invalid"


def test_a_stranger_without_the_key_gets_nothing(weights: Path) -> None:
    server = EmbeddedServer(ServerSpec(weights, context=512))
    endpoint = server.ensure()
    try:
        stranger = openai.OpenAI(base_url=endpoint.url + "/v1", api_key="wrong", max_retries=0)
        with stranger, pytest.raises(openai.AuthenticationError):
            stranger.chat.completions.create(model="any", messages=[{"role": "user", "content": "hello"}])
        listening = {c.laddr.ip for c in psutil.Process(server.pid).net_connections() if c.status == "LISTEN"}
        assert listening == {"127.0.0.1"}
    finally:
        server.close()


def test_a_context_that_does_not_fit_into_memory_is_told(weights: Path) -> None:
    with pytest.raises(LLMError, match="does not fit into memory"):
        EmbeddedServer(ServerSpec(weights, context=50_000_000)).ensure()
