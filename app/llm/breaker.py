"""Leaves a backend alone for a while after it has failed several times in a row."""

import threading
import time
from collections.abc import Callable

from ingest.errors import LLMError

FAILURES = 3
REST_S = 30.0


class CircuitBreaker:
    """Closed: calls pass. Open: they are refused for `REST_S`. Then one call tries, and its outcome decides."""

    def __init__(self, name: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._name = name
        self._clock = clock
        self._lock = threading.Lock()
        self._failures = 0
        self._reason = ""
        self._open_until = 0.0
        self._trying = False

    def enter(self) -> None:
        """Ask to make a call; raises LLMError while the backend rests."""
        with self._lock:
            if problem := self._problem():
                raise LLMError(problem, kind="resting")
            self._trying = self._failures >= FAILURES

    def succeeded(self) -> None:
        """The call that entered got its answer."""
        with self._lock:
            self._failures, self._trying = 0, False

    def failed(self, reason: str) -> None:
        """The call that entered failed by the backend's fault."""
        with self._lock:
            self._failures += 1
            self._reason, self._trying = reason, False
            if self._failures >= FAILURES:
                self._open_until = self._clock() + REST_S

    def abandoned(self) -> None:
        """The call that entered ended without a verdict on the backend."""
        with self._lock:
            self._trying = False

    def problem(self) -> str:
        """Why calls are refused now, or an empty string."""
        with self._lock:
            return self._problem()

    def _problem(self) -> str:
        if self._failures < FAILURES:
            return ""
        left = self._open_until - self._clock()
        failed = f"{self._name} failed {self._failures} times in a row ({self._reason})"
        if left > 0:
            return f"{failed}; it is tried again in {left:.0f} s"
        return f"{failed}; another question is trying it now" if self._trying else ""
