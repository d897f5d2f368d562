"""The parent's end of one worker process: sends it documents, watches what they cost, ends it."""

import json
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from ingest.errors import PublishError
from ingest.limits import MEGABYTE, PATIENCE, Limits
from ingest.parsed import NEUTRAL_STEM

# What a worker gets of the environment: where programs lie and how text is written. Nothing else is its business:
# the code that reads hostile files must find no credentials.
_PASSED_ON = frozenset({
    "LANG", "LANGUAGE", "LD_LIBRARY_PATH", "OMP_NUM_THREADS", "PATH", "PYTHONCOERCECLOCALE", "PYTHONHASHSEED",
    "PYTHONHOME", "PYTHONUTF8", "TEMP", "TESSDATA_PREFIX", "TMP", "TMPDIR", "TZ",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Job:
    """One file to parse into `out`; `suffix` is the file's own."""

    path: Path
    suffix: str
    out: Path


class WorkerProcess:
    """One worker process; it reads one document at a time."""

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
        self._deadline = time.monotonic() + PATIENCE * self._limits.seconds
        self._spent_before = self._spent()
        for old in self._link.iterdir():
            old.unlink()
        neutral = self._link / f"{NEUTRAL_STEM}{job.suffix}"
        neutral.symlink_to(job.path.resolve())
        order = {
            "path": str(neutral),
            "out": str(job.out.resolve()),
            "ocr": ocr,
            "limits": asdict(self._limits),
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
            return self._finish(self._limits.too_slow, end=True)
        if self._resident_mb() > self._limits.memory_mb:
            return self._finish(self._limits.too_large, end=True)
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
            return float(psutil.Process(self._process.pid).memory_info().rss / MEGABYTE)
        except psutil.Error:
            return 0.0

    def _death(self) -> str:
        code = self._process.wait()
        if code == -signal.SIGXCPU:
            return self._limits.too_slow
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
    """The worker's environment, with its share of the cores."""
    kept = {name: value for name, value in os.environ.items() if name in _PASSED_ON or name.startswith("LC_")}
    threads = str(max(1, (os.cpu_count() or 1) // workers))
    return {"OMP_NUM_THREADS": threads, **kept, "PYTHONPATH": _package_parent()}


def _package_parent() -> str:
    # Workers run in an empty folder: a file named like a module must not be imported from a corpus.
    return os.pathsep.join([str(Path(__file__).resolve().parents[1]), os.environ.get("PYTHONPATH", "")]).rstrip(":")
