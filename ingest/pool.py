"""Has documents parsed in worker processes, each under a time and a memory limit.

A document that hangs, grows or crashes takes only its worker along, which is replaced.
"""

import shutil
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from ingest.limits import Limits
from ingest.worker_process import Job, WorkerProcess

_POLL_SECONDS = 0.2


class ParsePool:
    """A few worker processes; use as a context manager, which ends them."""

    def __init__(self, workers: int, limits: Limits, *, ocr: str) -> None:
        self._size = workers
        self._limits = limits
        self._ocr = ocr
        self._folder = Path(tempfile.mkdtemp(prefix="ingest-"))
        self._workers: list[WorkerProcess] = []

    def __enter__(self) -> "ParsePool":
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:
            worker.end()
        shutil.rmtree(self._folder, ignore_errors=True)

    def parse(self, jobs: Iterable[Job]) -> Iterator[tuple[Job, str]]:
        """Each job with the reason why it failed, or "" when `out` is written; in order of completion.

        OSError when a parsed document can't be written, PublishError when the parsers can't be loaded.
        """
        waiting = iter(jobs)
        while True:
            self._assign(waiting)
            busy = [worker for worker in self._workers if worker.job]
            if not busy:
                return
            for worker in busy:
                if (ended := worker.poll(_POLL_SECONDS / len(busy))) is not None:
                    yield ended
            self._workers = [worker for worker in self._workers if worker.alive]

    def _assign(self, waiting: Iterator[Job]) -> None:
        for slot in range(self._size):
            if slot < len(self._workers) and self._workers[slot].job:
                continue
            job = next(waiting, None)
            if job is None:
                return
            if slot == len(self._workers):
                self._workers.append(WorkerProcess(self._folder, self._limits, self._size))
            self._workers[slot].start(job, self._ocr)
