"""One running answer: a thread reads the assistant's events, any number of page runs look at where it stands."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial

from app.answer import Answer, Done, Draft, Event, Evidence, Statement, Verified
from ingest.errors import AssistantError


@dataclass(frozen=True, slots=True)
class Progress:
    """What is known so far. `place` is the position in line (0: being answered); `error` ends a failed answer.

    A `stopped` one gets its `answer` a little later: what had been checked, as recorded.
    """

    evidence: Answer | None = None
    draft: str = ""
    checked: tuple[Statement, ...] = ()
    answer: Answer | None = None
    error: str = ""
    place: int = 0
    stopped: bool = False

    @property
    def finished(self) -> bool:
        """Whether nothing more will come."""
        return bool(self.answer or self.error or self.stopped)


class Job:
    """An answer in the making; safe to look at from other threads."""

    def __init__(self, events: Callable[[Callable[[], bool]], Iterator[Event]]) -> None:
        """`events` is given a function that tells whether the reader stopped it, and then comes to its end."""
        self._events = events
        self._changed = threading.Condition()
        self._progress = Progress()
        self._started = False

    @property
    def progress(self) -> Progress:
        """A consistent picture of now."""
        with self._changed:
            return self._progress

    def wait(self, until: Callable[[Progress], bool], seconds: float) -> Progress:
        """Wait at most `seconds` for a state and return what there is then."""
        with self._changed:
            self._changed.wait_for(lambda: until(self._progress), seconds)
            return self._progress

    def stop(self) -> None:
        """End it: what has been verified stays, the rest of the model's words is not read."""
        self._update(lambda now: now if now.finished else replace(now, stopped=True, draft=""))

    def queue_at(self, place: int) -> None:
        """Tell the reader the position in line, unless it is being answered by now."""
        self._update(lambda now: now if self._started else replace(now, place=place))

    def refuse(self, reason: str) -> None:
        """End it before it began."""
        self._fail(reason)

    def run(self) -> None:
        """Read the events to their end; whatever goes wrong becomes the job's `error`."""
        self._update(self._start)
        try:
            for event in self._events(lambda: self.progress.stopped):
                self._update(partial(_after, event=event))
            if not self.progress.finished:
                self._fail("The answer ended early. Ask again.")
        except AssistantError as error:
            self._fail(str(error))
        except Exception:  # a thread's last frame: the reader must not wait for ever
            self._fail("Something went wrong while answering. Ask again; if it stays, tell your administrator.")
            raise

    def _start(self, now: Progress) -> Progress:
        self._started = True
        return replace(now, place=0)

    def _fail(self, reason: str) -> None:
        self._update(lambda now: replace(now, error=reason, draft=""))

    def _update(self, change: Callable[[Progress], Progress]) -> None:
        with self._changed:
            self._progress = change(self._progress)
            self._changed.notify_all()


def _after(now: Progress, event: Event) -> Progress:
    """The progress once `event` has happened; a reader who stopped it is told the end only."""
    if now.stopped and not isinstance(event, Done):
        return now
    match event:
        case Evidence(answer):
            return replace(now, evidence=answer)
        case Draft(text):
            return replace(now, draft=text)
        case Verified(statement):
            return replace(now, checked=(*now.checked, statement), draft="")
        case Done(answer):
            return replace(now, answer=answer, draft="")
