"""A running answer can be watched, stopped, queued and refused."""

import threading
from collections.abc import Callable, Iterator

import pytest

from app.answer import Answer, Done, Draft, Event, Evidence, Statement, Verified
from app.job import Job
from ingest.errors import LLMError

ANSWER = Answer("1", "q", False, "", "a", (), (), "000001-x", "none")
GOOD, BAD = Statement("Release it.", ()), Statement("At 23:59.", (), problem="23:59 is not in the quote")


def test_progress_follows_the_events() -> None:
    seen = []

    def events(stopped: Callable[[], bool]) -> Iterator[Event]:
        for event in (Evidence(ANSWER), Draft("Rel"), Draft("Release it"), Verified(GOOD), Verified(BAD), Done(ANSWER)):
            yield event
            seen.append(job.progress)

    job = Job(events)
    job.run()
    assert [now.draft for now in seen] == ["", "Rel", "Release it", "", "", ""]
    assert job.progress.checked == (GOOD, BAD)
    assert job.progress.finished
    assert not any(now.finished for now in seen[:-1])


def test_a_stopped_job_keeps_what_was_checked_and_ends_with_the_answer_as_recorded() -> None:
    told = []

    def events(stopped: Callable[[], bool]) -> Iterator[Event]:
        yield Evidence(ANSWER)
        yield Verified(GOOD)
        assert not stopped()
        job.stop()
        told.append(job.progress)
        yield Draft("more")
        yield Verified(BAD)
        assert stopped()
        told.append(job.progress)
        yield Done(ANSWER)

    job = Job(events)
    job.run()
    assert job.progress.stopped
    assert job.progress.answer == ANSWER
    for now in told:
        assert now.finished
        assert (now.checked, now.draft, now.answer) == ((GOOD,), "", None)


def test_an_error_of_ours_is_told_and_another_one_is_hidden_but_raised() -> None:
    def ours(_: Callable[[], bool]) -> Iterator[Event]:
        yield Evidence(ANSWER)
        raise LLMError("the model is away", hint="start it")

    job = Job(ours)
    job.run()
    assert job.progress.error == "the model is away (start it)"

    def foreign(_: Callable[[], bool]) -> Iterator[Event]:
        yield Evidence(ANSWER)
        raise KeyError("secret-path")

    job = Job(foreign)
    with pytest.raises(KeyError):
        job.run()
    assert job.progress.finished
    assert "secret-path" not in job.progress.error


def test_a_stream_without_an_end_is_an_error() -> None:
    job = Job(lambda _: iter([Evidence(ANSWER)]))
    job.run()
    assert "ended early" in job.progress.error


def test_waiting_ends_with_the_first_event() -> None:
    go_on = threading.Event()

    def events(stopped: Callable[[], bool]) -> Iterator[Event]:
        yield Evidence(ANSWER)
        go_on.wait(10)
        yield Done(ANSWER)

    job = Job(events)
    thread = threading.Thread(target=job.run)
    thread.start()
    assert not job.wait(lambda now: now.evidence is not None, 10).finished
    assert not job.wait(lambda now: now.finished, 0.01).finished
    go_on.set()
    assert job.wait(lambda now: now.finished, 10).answer == ANSWER
    thread.join()


def test_a_place_in_line_is_told_until_it_starts() -> None:
    job = Job(lambda _: iter([Done(ANSWER)]))
    job.queue_at(3)
    assert job.progress.place == 3
    job.run()
    job.queue_at(2)
    assert job.progress.place == 0
    refused = Job(lambda _: iter([Done(ANSWER)]))
    refused.refuse("busy")
    assert refused.progress.error == "busy"
