"""The shared service opens the assistant once, answers in a line and says when the line is full."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ingest_folder import run, settings_for, write_corpus

from app.answer import Answer, Assistant, Done, Event, Filters
from app.service import BUSY, Service
from app.settings import Settings
from ingest.errors import BrokenIndexError

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
    job = service.ask("What does AC04 mean?", history=(), filters=Filters())
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
    first = service.ask("1", history=(), filters=Filters())
    assert slow.running.acquire(timeout=10)
    waiting = [service.ask(str(number), history=(), filters=Filters()) for number in (2, 3)]
    refused = service.ask("4", history=(), filters=Filters())
    assert refused.progress.error == BUSY
    assert [job.progress.place for job in waiting] == [1, 2]
    slow.go_on.set()
    for job in (first, *waiting):
        assert job.wait(lambda now: now.finished, 10).answer == ANSWER


def test_a_question_that_was_stopped_in_line_is_not_asked(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = Slow()
    monkeypatch.setattr("app.service.open_assistant", lambda _settings: slow)
    service = Service(settings, running=1, waiting=2)
    service.ask("1", history=(), filters=Filters())
    assert slow.running.acquire(timeout=10)
    stopped = service.ask("2", history=(), filters=Filters())
    last = service.ask("3", history=(), filters=Filters())
    stopped.stop()
    slow.go_on.set()
    assert last.wait(lambda now: now.finished, 10).answer == ANSWER
    assert stopped.progress.answer is None
