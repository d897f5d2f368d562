"""Parses documents in processes of their own, each under a time and a memory limit.

`ParsePool` runs `python -m ingest.worker` a few times; each worker reads one JSON line a document on stdin, writes
the parsed document to the file it was told, and answers with one JSON line. A document that hangs, grows or crashes
takes only its worker along, which is replaced.
"""

import json
import os
import resource
import selectors
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from ingest.errors import ParseError, PublishError
from ingest.parsed import NEUTRAL_STEM, write_document

_POLL_SECONDS = 0.2
_PATIENCE = 4  # seconds by the clock for each second of processor time
_MEGABYTE = 1 << 20


@dataclass(frozen=True, slots=True)
class Job:
    """One file to parse into `out`; `suffix` is the file's own."""

    path: Path
    suffix: str
    out: Path


@dataclass(frozen=True, slots=True)
class Limits:
    """What one document may cost.

    `seconds` are of processor time, so that a busy machine fails no document; one that waits is given up after four
    times as many by the clock.
    """

    seconds: float
    memory_mb: int


class ParsePool:
    """A few worker processes; use as a context manager, which ends them."""

    def __init__(self, workers: int, limits: Limits, *, ocr: str) -> None:
        self._size = workers
        self._limits = limits
        self._ocr = ocr
        self._folder = Path(tempfile.mkdtemp(prefix="ingest-"))
        self._workers: list[_Worker] = []

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
                self._workers.append(_Worker(self._folder, self._limits, self._size))
            self._workers[slot].start(job, self._ocr)


class _Worker:
    """The parent's end of one worker process."""

    def __init__(self, folder: Path, limits: Limits, workers: int) -> None:
        self.job: Job | None = None
        self.alive = True
        self._limits = limits
        self._deadline = 0.0
        self._spent_before = 0.0
        self._answer = b""
        self._link = Path(tempfile.mkdtemp(dir=folder))
        self._process = subprocess.Popen(
            [sys.executable, "-m", "ingest.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(workers),
            cwd=self._link,
        )
        self._selector = selectors.DefaultSelector()
        assert self._process.stdout  # noqa: S101 -- a pipe was asked for
        self._selector.register(self._process.stdout, selectors.EVENT_READ)

    def start(self, job: Job, ocr: str) -> None:
        """Send a job."""
        self.job, self._answer = job, b""
        self._deadline = time.monotonic() + _PATIENCE * self._limits.seconds
        self._spent_before = self._spent()
        for old in self._link.iterdir():
            old.unlink()
        neutral = self._link / f"{NEUTRAL_STEM}{job.suffix}"
        neutral.symlink_to(job.path.resolve())
        order = {
            "path": str(neutral),
            "out": str(job.out.resolve()),
            "ocr": ocr,
            "seconds": self._limits.seconds,
            "memory_mb": self._limits.memory_mb,
        }
        assert self._process.stdin  # noqa: S101 -- a pipe was asked for
        try:
            self._process.stdin.write(json.dumps(order).encode() + b"\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            return  # it died between two documents: poll() reports it

    def poll(self, wait: float) -> tuple[Job, str] | None:
        """The job and why it failed, once it has ended; waits at most `wait` seconds."""
        assert self.job  # noqa: S101 -- only busy workers are polled
        if self._selector.select(wait):
            assert self._process.stdout  # noqa: S101 -- a pipe was asked for
            data = os.read(self._process.stdout.fileno(), 1 << 16)
            self._answer += data
            if not data:
                return self._finish(self._death(), end=True)
            if self._answer.endswith(b"\n"):
                answer = json.loads(self._answer)
                if "errno" in answer:
                    raise OSError(answer["errno"], answer["message"], str(self.job.out))
                if "broken" in answer:
                    raise PublishError(f"the parsers can't be loaded: {answer['broken']}", hint="install again: make")
                return self._finish(str(answer["reason"]), end=bool(answer["end"]))
        if time.monotonic() > self._deadline or self._spent() - self._spent_before > self._limits.seconds:
            return self._finish(_time_reason(self._limits.seconds), end=True)
        if self._resident_mb() > self._limits.memory_mb:
            return self._finish(_memory_reason(self._limits.memory_mb), end=True)
        return None

    def _finish(self, reason: str, *, end: bool) -> tuple[Job, str]:
        job, self.job = self.job, None
        if end:
            self.end()
        assert job  # noqa: S101 -- the caller has checked
        return job, reason

    def _spent(self) -> float:
        """Seconds of processor time of the process so far."""
        try:
            times = psutil.Process(self._process.pid).cpu_times()
        except psutil.Error:
            return 0.0
        return float(times.user + times.system)

    def _resident_mb(self) -> float:
        try:
            return float(psutil.Process(self._process.pid).memory_info().rss / _MEGABYTE)
        except psutil.Error:
            return 0.0

    def _death(self) -> str:
        code = self._process.wait()
        if code == -signal.SIGXCPU:
            return _time_reason(self._limits.seconds)
        how = signal.Signals(-code).name if code < 0 else f"exit {code}"
        return f"reading it broke the program ({how}): it is probably damaged (restore it from its source)"

    def end(self) -> None:
        """Kill the process, whatever it is doing."""
        self.alive = False
        self._selector.close()
        self._process.kill()
        for stream in (self._process.stdin, self._process.stdout):
            try:
                if stream:
                    stream.close()
            except BrokenPipeError:
                continue
        self._process.wait()


def _environment(workers: int) -> dict[str, str]:
    """The worker's environment: no credentials for code that reads hostile files, and its share of the cores."""
    threads = str(max(1, (os.cpu_count() or 1) // workers))
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "APP_"))}
    return {**kept, "OMP_NUM_THREADS": kept.get("OMP_NUM_THREADS", threads), "PYTHONPATH": _package_parent()}


def _package_parent() -> str:
    # Workers run in an empty folder: a file named like a module must not be imported from a corpus.
    return os.pathsep.join([str(Path(__file__).resolve().parents[1]), os.environ.get("PYTHONPATH", "")]).rstrip(":")


def _time_reason(seconds: float) -> str:
    return f"took longer than {seconds:g} s to read (split the file, or raise INGEST_PARSE_SECONDS)"


def _memory_reason(memory_mb: int) -> str:
    return f"needs more than {memory_mb} MB of memory to read (split the file, or raise INGEST_PARSE_MEMORY_MB)"


def main() -> None:
    """Serve jobs from stdin until it closes."""
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)  # whatever a library prints must not be taken for an answer
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for line in sys.stdin.buffer:
        order: dict[str, Any] = json.loads(line)
        _limit(order["seconds"], order["memory_mb"])
        try:
            reason = _parse(Path(order["path"]), Path(order["out"]), order["ocr"])
        except OSError as error:  # the run's disk is at fault, not the document
            answers.write(json.dumps({"errno": error.errno, "message": error.strerror}).encode() + b"\n")
            return
        except ImportError as error:  # so is the installation: no document may be blamed for it
            answers.write(json.dumps({"broken": str(error)}).encode() + b"\n")
            return
        used_mb = psutil.Process().memory_info().rss / _MEGABYTE
        # A worker that has grown, or ran out of memory, is in no state to read the next document.
        end = used_mb > order["memory_mb"] / 2 or reason == _memory_reason(order["memory_mb"])
        answers.write(json.dumps({"reason": reason, "end": end}).encode() + b"\n")


def _limit(seconds: float, memory_mb: int) -> None:
    """Limits that hold even when the parent is gone; the parent's own come first."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    cpu = int(used.ru_utime + used.ru_stime + seconds * (os.cpu_count() or 1)) + 10
    resource.setrlimit(resource.RLIMIT_CPU, (cpu, resource.getrlimit(resource.RLIMIT_CPU)[1]))
    resource.setrlimit(resource.RLIMIT_DATA, (memory_mb * _MEGABYTE, resource.getrlimit(resource.RLIMIT_DATA)[1]))


def _parse(path: Path, out: Path, ocr: str) -> str:
    """Why the file could not be parsed, or ""."""
    from ingest.parse import parse_file  # noqa: PLC0415 -- only workers need the parsers

    limit_mb = resource.getrlimit(resource.RLIMIT_DATA)[0] // _MEGABYTE
    try:
        document = parse_file(path, ocr=ocr)
    except ParseError as error:
        return str(error)
    except MemoryError:
        return _memory_reason(limit_mb)
    except RecursionError:
        return "its parts are nested too deeply to read (save it again with the program it was made with)"
    except ImportError:
        raise
    except Exception as error:  # noqa: BLE001 -- any failure of a parser is that document's alone
        details = f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
        return f"the program can't read it, and its makers should know ({details})"
    write_document(document, out)
    return ""


if __name__ == "__main__":
    main()
