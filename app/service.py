"""What all sessions of one process share: the assistant, and the line in which questions wait for it."""

import gc
import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import chain
from queue import Full, Queue

from app.access import Reader
from app.answer import Assistant, Done, Event, Filters, Turn, open_assistant
from app.disagreements import Disagreements
from app.downloads import Downloads
from app.history import Note
from app.identity import SignIn, open_sign_in
from app.job import Job
from app.llm import LLM
from app.prompt import build_messages
from app.settings import Settings
from ingest.errors import AssistantError

RUNNING = 7  # answers at a time; most of an answer's time is waiting for a model
WAITING = 4  # about a second in line over a quick model; beyond these a question is refused at once
SEARCHING = 2  # searches at a time: they compute, and more of them at once would only slow each other down
HEALTH_SECONDS = 20.0
BUSY = "Too many questions at once. Nothing was lost: ask again in a moment."
_LOG = logging.getLogger(__name__)


class Service:
    """Opens the assistant once and answers questions in a bounded number of threads."""

    def __init__(self, settings: Settings, *, running: int = RUNNING, waiting: int = WAITING) -> None:
        self.settings = settings
        self.sign_in: SignIn = open_sign_in(settings)
        self.downloads = Downloads()
        self.disagreements = Disagreements()
        self._opening = threading.Lock()
        self._assistant: Assistant | None = None
        self._line: Queue[Job] = Queue(waiting)
        self._searching = threading.Semaphore(SEARCHING)
        self._running: set[Job] = set()
        self._health = _Health()
        for number in range(running):
            threading.Thread(target=self._work, daemon=True, name=f"answer-{number}").start()

    def assistant(self) -> Assistant:
        """The one assistant; raises AssistantError where it can't be opened, and tries again the next time."""
        with self._opening:
            if self._assistant is None:
                self._assistant = open_assistant(self.settings)
            return self._assistant

    def warm(self) -> None:
        """Open the assistant and run one search, so that the first question is as quick as the tenth.

        The model gets ready meanwhile in its own thread: until then passages are shown word for word.
        """
        assistant = self.assistant()
        if assistant.llm:
            threading.Thread(target=_warm_model, args=(assistant.llm,), daemon=True, name="warm-model").start()
        for _ in assistant.stream("Which steps apply?", reader=Reader("warm")):
            return

    def model_problem(self) -> str:
        """One line that says why the model can't be asked, as of at most a minute ago, or ""."""
        llm = self.assistant().llm
        return self._health.latest(llm) if llm else ""

    def ask(
        self, question: str, *, history: Sequence[Turn], filters: Filters, reader: Reader, note: Note | None = None
    ) -> Job:
        """Put a question in line; the job tells how it stands. `note` puts it on its reader's list, watched or not."""
        stream = partial(self.assistant().stream, question, history=history, filters=filters, reader=reader)
        job = Job(lambda stopped: self._answer(lambda: stream(stopped=stopped), note))
        try:
            self._line.put_nowait(job)
        except Full:
            job.refuse(BUSY)
            return job
        self._tell_places()
        return job

    @property
    def in_hand(self) -> int:
        """Questions that are being answered or stand in line."""
        return len(self._running) + self._line.qsize()

    def _answer(self, stream: Callable[[], Iterator[Event]], note: Note | None) -> Iterator[Event]:
        if note:
            note.begin()
        events = stream()
        with self._searching:
            first = next(events)
        for event in chain([first], events):
            if note and isinstance(event, Done):
                note.finish(event.answer.id)
            yield event

    def _work(self) -> None:
        while True:
            job = self._line.get()
            self._tell_places()
            if not job.progress.finished:
                self._run(job)

    def _run(self, job: Job) -> None:
        self._running.add(job)
        try:
            job.run()
        except Exception as error:  # noqa: BLE001  # the next question needs this thread
            _LOG.error("an answer failed: %s", type(error).__name__)  # its text may hold a question
        finally:
            self._running.discard(job)

    def _tell_places(self) -> None:
        with self._line.mutex:
            waiting = list(self._line.queue)
        for place, job in enumerate(waiting, 1):
            job.queue_at(place)

    def close(self) -> None:
        """Stop the model and release the ledger."""
        with self._opening:
            if self._assistant is not None:
                self._assistant.close()
                self._assistant = None


def settle_memory() -> None:
    """Take what lives by now out of garbage collection for good; call it once a stage of the start is done.

    A collection holds all threads while it walks every object: of the libraries, that is 0.4 s for nothing.
    """
    gc.collect()
    gc.freeze()


def _warm_model(llm: LLM) -> None:
    try:
        llm.warm(build_messages("", ()))  # the part that all prompts begin with
    except AssistantError as error:
        _LOG.warning("the model is not ready: %s", error)
    settle_memory()  # its library came with thousands of objects


class _Health:
    """Asks the model how it is in a thread of its own, so that no page waits for it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._asked_at = 0.0
        self._problem = ""

    def latest(self, llm: LLM) -> str:
        with self._lock:
            if time.monotonic() - self._asked_at > HEALTH_SECONDS:
                self._asked_at = time.monotonic()
                threading.Thread(target=self._ask, args=(llm,), daemon=True, name="model-health").start()
            return self._problem

    def _ask(self, llm: LLM) -> None:
        problem = llm.health()
        with self._lock:
            self._problem = problem
