"""What every backend promises, against services that misbehave in every way that was seen or can be imagined."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from llm_backends import MESSAGES, PATIENCE_S, ask, backend, keep_out_the_environment
from wire_server import Reply, WireServer

from app.llm import LLM, Finish, UnfinishedError
from app.llm.breaker import FAILURES
from ingest.errors import LLMError

WHOLE = "Release the payment."


@pytest.fixture(params=["bedrock", "local"])
def service(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[WireServer, LLM]]:
    keep_out_the_environment(monkeypatch)
    with backend(request.param) as pair:
        yield pair


def failure(llm: LLM, **options: float) -> tuple[LLMError, str]:
    """The error of an answer that does not come, and what had been said by then."""
    said: list[str] = []
    with pytest.raises(LLMError) as caught:
        said.extend(str(piece) for piece in llm.stream(MESSAGES, **{"deadline_s": PATIENCE_S, **options}))
    return caught.value, "".join(said)


def test_an_answer_comes_in_pieces_with_its_usage(service: tuple[WireServer, LLM]) -> None:
    server, llm = service
    server.script.play(Reply(words=("Two ", "people ", "release."), cached_tokens=60))
    *words, finish = llm.stream(MESSAGES, deadline_s=PATIENCE_S)
    assert words == ["Two ", "people ", "release."]
    assert isinstance(finish, Finish)
    assert (finish.usage.input_tokens, finish.usage.output_tokens, finish.usage.cached_tokens) == (100, 3, 60)


@pytest.mark.parametrize("act", ["throttle", "error"])
def test_a_service_that_recovers_costs_one_retry(service: tuple[WireServer, LLM], act: str) -> None:
    server, llm = service
    server.script.play(Reply(act), Reply())
    assert ask(llm)[0] == WHOLE
    assert len(server.script.requests) == 2


@pytest.mark.parametrize(("act", "kind"), [("throttle", "throttled"), ("error", "unavailable")])
def test_a_service_that_does_not_recover_is_asked_twice(service: tuple[WireServer, LLM], act: str, kind: str) -> None:
    server, llm = service
    server.script.play(Reply(act))
    error, said = failure(llm)
    assert (error.kind, said, len(server.script.requests)) == (kind, "", 2)
    assert "\n" not in str(error) and llm.name in str(error)


@pytest.mark.parametrize("act", ["throttle_in_stream", "cut", "end_early", "stall"])
def test_a_stream_that_breaks_before_the_first_word_is_tried_again(service: tuple[WireServer, LLM], act: str) -> None:
    server, llm = service
    server.script.play(Reply(act, words=()), Reply())
    assert ask(llm)[0] == WHOLE
    assert len(server.script.requests) == 2


@pytest.mark.parametrize(
    ("act", "kinds"),
    [
        ("throttle_in_stream", {"throttled", "unavailable"}),
        ("cut", {"cut"}),
        ("end_early", {"cut"}),
        ("stall", {"timeout"}),
    ],
)
def test_a_stream_that_breaks_after_a_word_is_an_error_and_never_said_twice(
    service: tuple[WireServer, LLM], act: str, kinds: set[str]
) -> None:
    server, llm = service
    server.script.play(Reply(act), Reply())
    error, said = failure(llm)
    assert error.kind in kinds
    assert said == WHOLE  # the words came, but no Finish: callers know that it is a part
    assert len(server.script.requests) == 1


def test_a_service_that_hangs_costs_the_deadline_and_no_more(service: tuple[WireServer, LLM]) -> None:
    server, llm = service
    server.script.play(Reply("hang"))
    before = time.monotonic()
    error, _ = failure(llm, deadline_s=0.3)
    assert error.kind == "timeout"
    assert time.monotonic() - before < 2.0


def test_an_answer_that_trickles_ends_at_the_deadline(service: tuple[WireServer, LLM]) -> None:
    server, llm = service
    server.script.play(Reply("stall"))
    error, said = failure(llm, deadline_s=0.3)
    assert error.kind == "timeout" and WHOLE.startswith(said)
    assert "in time" in error.message  # and not after the longer silence that is allowed in a stream


@pytest.mark.parametrize(("act", "kind"), [("guardrail", "guardrail"), ("length", "length"), ("deny", "refused")])
def test_an_answer_that_was_stopped_is_an_error_that_says_why(
    service: tuple[WireServer, LLM], act: str, kind: str
) -> None:
    server, llm = service
    server.script.play(Reply(act))
    error = failure(llm)[0]
    assert error.kind == kind
    assert len(server.script.requests) == 1
    if kind != "refused":  # what the model read and wrote is paid for
        assert isinstance(error, UnfinishedError) and error.usage.input_tokens == 100


def test_after_some_failures_the_service_is_left_alone(service: tuple[WireServer, LLM]) -> None:
    server, llm = service
    server.script.play(Reply("cut"))
    for _ in range(FAILURES):
        failure(llm)
    asked = len(server.script.requests)
    error, _ = failure(llm)
    assert error.kind == "resting" and "in a row" in str(error)
    assert len(server.script.requests) == asked
    assert "in a row" in llm.health()


def test_stopped_answers_don_t_count_as_failures_of_the_service(service: tuple[WireServer, LLM]) -> None:
    server, llm = service
    server.script.play(Reply("length"))
    for _ in range(FAILURES + 1):
        assert failure(llm)[0].kind == "length"


def test_a_caller_that_stops_listening_lets_the_service_go(service: tuple[WireServer, LLM]) -> None:
    server, llm = service
    server.script.play(Reply("stall"), Reply())
    stream = llm.stream(MESSAGES, deadline_s=PATIENCE_S)
    assert next(iter(stream)) == "Release "
    stream.close()  # type: ignore[attr-defined]  # a generator
    # Bedrock's thread ends with its read time-out; a local server must be freed at once, its own is 4 s.
    assert server.script.dropped.wait(2 if llm.name.startswith("Local") else 10)
    assert ask(llm)[0] == WHOLE


def test_many_askers_get_their_own_answers(service: tuple[WireServer, LLM]) -> None:
    server, llm = service
    server.script.play(*(Reply(words=(f"answer {number}",)) for number in range(16)), Reply("error"))
    barrier = threading.Barrier(8)

    def one(_: int) -> str:
        barrier.wait(10)
        return ask(llm)[0]

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(one, range(16)))
    assert sorted(answers) == sorted(f"answer {number}" for number in range(16))


def test_a_schema_goes_to_the_service(service: tuple[WireServer, LLM]) -> None:
    server, llm = service
    server.script.play(Reply())
    assert llm.structured
    ask(llm, schema={"type": "object", "properties": {"answer": {"type": "string"}}})
    assert "answer" in str(server.script.requests[0].body) and "schema" in str(server.script.requests[0].body)


def test_the_langchain_model_behind_it_can_be_used_by_itself(service: tuple[WireServer, LLM]) -> None:
    _, llm = service
    assert llm.chat_model.invoke(MESSAGES).text == WHOLE


def test_it_is_well_when_the_service_is(service: tuple[WireServer, LLM]) -> None:
    _, llm = service
    llm.warm()
    assert llm.health() == ""
