"""The circuit breaker opens after failures in a row, lets one call try after a rest, and closes again."""

import pytest

from app.llm.breaker import FAILURES, REST_S, CircuitBreaker
from ingest.errors import LLMError


class Clock:
    """Time that passes when it is told to."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> CircuitBreaker:
    return CircuitBreaker("Model", clock=clock)


def fail(breaker: CircuitBreaker, times: int) -> None:
    for _ in range(times):
        breaker.enter()
        breaker.failed("throttled")


def test_it_opens_after_failures_in_a_row_only(breaker: CircuitBreaker) -> None:
    fail(breaker, FAILURES - 1)
    breaker.enter()
    breaker.succeeded()
    fail(breaker, FAILURES - 1)
    assert breaker.problem() == ""
    fail(breaker, 1)
    assert breaker.problem() == f"Model failed {FAILURES} times in a row (throttled); it is tried again in 30 s"
    with pytest.raises(LLMError, match="in a row"):
        breaker.enter()


def test_after_a_rest_one_call_tries_and_the_others_wait(breaker: CircuitBreaker, clock: Clock) -> None:
    fail(breaker, FAILURES)
    clock.now = REST_S
    assert breaker.problem() == ""
    breaker.enter()
    with pytest.raises(LLMError, match="another question is trying it now"):
        breaker.enter()
    breaker.succeeded()
    breaker.enter()
    assert breaker.problem() == ""


def test_a_trial_that_fails_starts_another_rest(breaker: CircuitBreaker, clock: Clock) -> None:
    fail(breaker, FAILURES)
    clock.now = REST_S
    fail(breaker, 1)
    clock.now = 2 * REST_S - 1
    assert "again in 1 s" in breaker.problem()


def test_a_trial_without_a_verdict_leaves_the_next_one_free(breaker: CircuitBreaker, clock: Clock) -> None:
    fail(breaker, FAILURES)
    clock.now = REST_S
    breaker.enter()
    breaker.abandoned()
    breaker.enter()
