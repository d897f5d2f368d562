"""The shared service opens the assistant once, answers in a line and says when the line is full."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from ingest_folder import run, settings_for, write_corpus

from app.access import Reader
from app.answer import Answer, Assistant, Done, Event, Evidence, Filters
from app.history import History, Note
from app.service import BUSY, SEARCHING, Service
from app.settings import Settings
from ingest.errors import BrokenIndexError

ANN = Reader("ann")
ANSWER = Answer("1", "q", False, "", "a", (), (), "000001-x", "none")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(index=tmp_path / "index", state=tmp_path / "state", llm="none")


def test_an_index_that_comes_later_is_found(settings: Settings, tmp_path: Path) -> None:
    service = Service(settings, running=1)
    with pytest.raises(BrokenIndexError):
        service.assistant()
    write_corpus(tmp_path / "corpus")
    run(settings_for(tmp_path))
    assert service.assistant() is service.assistant()
    service.warm()
    job = service.ask("What does AC04 mean?", history=(), filters=Filters(), reader=ANN)
    answer = job.wait(lambda now: now.finished, 20).answer
    assert answer is not None
    assert any("account is closed" in statement.text for statement in answer.statements)
    service.close()


class Slow(Assistant):
    """Answers when it is told to."""

    def __init__(self) -> None:
        self.go_on = threading.Event()
        self.running = threading.Semaphore(0)

    def stream(self, question: str, **_: Any) -> Iterator[Event]:
        self.running.release()
        self.go_on.wait(10)
        yield Done(ANSWER)


def test_beyond_the_line_a_question_is_refused_at_once(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = Slow()
    monkeypatch.setattr("app.service.open_assistant", lambda _settings: slow)
    service = Service(settings, running=1, waiting=2)
    first = service.ask("1", history=(), filters=Filters(), reader=ANN)
    assert slow.running.acquire(timeout=10)
    waiting = [service.ask(str(number), history=(), filters=Filters(), reader=ANN) for number in (2, 3)]
    refused = service.ask("4", history=(), filters=Filters(), reader=ANN)
    assert refused.progress.error == BUSY
    assert [job.progress.place for job in waiting] == [1, 2]
    slow.go_on.set()
    for job in (first, *waiting):
        assert job.wait(lambda now: now.finished, 10).answer == ANSWER


def test_a_question_that_was_stopped_in_line_is_not_asked(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = Slow()
    monkeypatch.setattr("app.service.open_assistant", lambda _settings: slow)
    service = Service(settings, running=1, waiting=2)
    service.ask("1", history=(), filters=Filters(), reader=ANN)
    assert slow.running.acquire(timeout=10)
    stopped = service.ask("2", history=(), filters=Filters(), reader=ANN)
    last = service.ask("3", history=(), filters=Filters(), reader=ANN)
    stopped.stop()
    slow.go_on.set()
    assert last.wait(lambda now: now.finished, 10).answer == ANSWER
    assert stopped.progress.answer is None


def test_an_answer_that_nobody_watches_any_more_is_on_its_readers_list(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow, history = Slow(), History(settings.state)
    monkeypatch.setattr("app.service.open_assistant", lambda _settings: slow)
    service = Service(settings, running=1)
    note = Note(history, "ann", "c", "e", "1", datetime(2026, 11, 23, 12, tzinfo=UTC))
    job = service.ask("1", history=(), filters=Filters(), reader=ANN, note=note)
    assert slow.running.acquire(timeout=10)
    assert [question for question, _ in history.unfinished("ann", "c")] == ["1"]
    slow.go_on.set()
    job.wait(lambda now: now.finished, 10)
    assert history.answers("ann", "c") == [ANSWER.id]


class Counting(Assistant):
    """Counts how many searches go on at once."""

    def __init__(self) -> None:
        self.now = self.most = 0
        self._lock = threading.Lock()
        self.together = threading.Barrier(4)

    def stream(self, question: str, **_: Any) -> Iterator[Event]:
        with self._lock:
            self.now += 1
            self.most = max(self.most, self.now)
        sum(range(200_000))
        with self._lock:
            self.now -= 1
        yield Evidence(ANSWER)
        self.together.wait(10)  # but answers are written all at once
        yield Done(ANSWER)


def test_searches_wait_for_each_other_and_models_do_not(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    counting = Counting()
    monkeypatch.setattr("app.service.open_assistant", lambda _settings: counting)
    service = Service(settings, running=4, waiting=4)
    jobs = [service.ask("q", history=(), filters=Filters(), reader=ANN) for _ in range(4)]
    assert all(job.wait(lambda now: now.finished, 10).answer == ANSWER for job in jobs)
    assert counting.most <= SEARCHING


class Broken(Slow):
    """Fails in a way that nobody thought of, then answers."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0

    def stream(self, question: str, **_: Any) -> Iterator[Event]:
        self.asked += 1
        if self.asked == 1:
            raise RuntimeError(question)
        yield Done(ANSWER)


def test_an_unforeseen_failure_takes_no_thread_and_tells_no_question(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    broken = Broken()
    monkeypatch.setattr("app.service.open_assistant", lambda _settings: broken)
    service = Service(settings, running=1, waiting=2)
    failed = service.ask("secret owl", history=(), filters=Filters(), reader=ANN)
    assert "went wrong" in failed.wait(lambda now: now.finished, 10).error
    again = service.ask("2", history=(), filters=Filters(), reader=ANN)
    assert again.wait(lambda now: now.finished, 10).answer == ANSWER
    assert "RuntimeError" in caplog.text
    assert "owl" not in caplog.text


def test_questions_in_hand_are_those_running_and_in_line(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = Slow()
    monkeypatch.setattr("app.service.open_assistant", lambda _settings: slow)
    service = Service(settings, running=1, waiting=2)
    assert service.in_hand == 0
    first = service.ask("1", history=(), filters=Filters(), reader=ANN)
    assert slow.running.acquire(timeout=10)
    service.ask("2", history=(), filters=Filters(), reader=ANN)
    assert service.in_hand == 2
    slow.go_on.set()
    first.wait(lambda now: now.finished, 10)
