"""The embedded model server: a child process that lives no longer than this one."""

import contextlib
import json
import secrets
import subprocess
import sys
import tempfile
import threading
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import IO

import psutil

from ingest.errors import LLMError

_PROGRAM = Path(__file__).with_name("serve_gguf.py")
_START_S = 120.0
_MEMORY_FACTOR = 1.7  # of the file: 1.8 GB were resident with the packaged 1.04 GB
_MEMORY_HINT = "free some memory, lower APP_LOCAL_CONTEXT, or use APP_LLM=none"
_FETCH_HINT = "run: python -m ingest models qwen"


@dataclass(frozen=True, slots=True)
class ServerSpec:
    """What to serve: a GGUF file, its context in tokens, the threads that read prompts."""

    path: Path
    context: int = 4096
    threads: int = 2


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a server listens and the key it asks for."""

    url: str
    key: str


class EmbeddedServer:
    """Starts the server when it is first needed and again when it has died; safe between threads."""

    def __init__(self, spec: ServerSpec) -> None:
        self.spec = spec
        self._lock = threading.Lock()
        self._child: _Child | None = None
        self._endpoint: Endpoint | None = None
        self._stop: Callable[[], object] = lambda: None

    def ensure(self) -> Endpoint:
        """The endpoint of the running server, started if it is not; raises LLMError if it can't be."""
        with self._lock:
            if self._endpoint is None or self.pid is None:
                self._stop()
                self._endpoint = None
                self._endpoint = self._start()
            return self._endpoint

    @property
    def pid(self) -> int | None:
        """The child's process id, None if it does not run."""
        child = self._child
        return child.process.pid if child and child.process.poll() is None else None

    def problem(self) -> str:
        """Why it can't be started, as far as can be told without starting it; otherwise an empty string."""
        obstacle = self._obstacle() if self.pid is None else None
        return str(obstacle) if obstacle else ""

    def close(self) -> None:
        """Stop the server, also while it starts; the next `ensure` starts it again."""
        self._stop()
        with self._lock:
            self._stop()
            self._endpoint = None

    def _start(self) -> Endpoint:
        if obstacle := self._obstacle():
            raise obstacle
        self._child = child = _Child()
        # Runs at `close`, when this object goes and when the interpreter ends. If the process is killed instead,
        # the pipe to the child closes, which ends it too.
        self._stop = weakref.finalize(self, child.stop)
        endpoint_key = secrets.token_urlsafe(24)
        spec = {"path": str(self.spec.path), "context": self.spec.context, "threads": self.spec.threads}
        child.tell({**spec, "key": endpoint_key})
        try:
            return Endpoint(child.hear(_START_S)["url"], endpoint_key)
        except _NotReadyError as error:
            self._stop()
            raise self._failure(error) from None

    def _failure(self, error: "_NotReadyError") -> LLMError:
        """What the end of a child that never became ready means."""
        if error.code is None:
            return self._error(f"was not ready within {_START_S:.0f} s")
        if error.code == -9:
            return self._error("was killed while loading, most likely for lack of memory", _MEMORY_HINT)
        if any(words in error.log for words in ("insufficient memory", "failed to allocate", "bad_alloc")):
            return self._error("does not fit into memory", _MEMORY_HINT)
        if "failed to load model" in error.log:
            return self._error("is not a GGUF file that can be loaded", _FETCH_HINT)
        return self._error(f"could not be started: {error.log.rpartition(chr(10))[2] or error.code}")

    def _obstacle(self) -> LLMError | None:
        if not self.spec.path.is_file():
            return self._error(f"is not in {self.spec.path.parent}", _FETCH_HINT)
        needed = self.spec.path.stat().st_size * _MEMORY_FACTOR
        free = psutil.virtual_memory().available
        if free < needed:
            return self._error(
                f"needs {needed / 2**30:.1f} GB of memory and {free / 2**30:.1f} GB are free", _MEMORY_HINT
            )
        return None

    def _error(self, what: str, hint: str = "") -> LLMError:
        return LLMError(f"the local model {self.spec.path.name} {what}", hint=hint, kind="missing")


class _NotReadyError(Exception):
    """The child's exit status (None: it still runs, but said nothing) and what it wrote to standard error."""

    def __init__(self, code: int | None, log: str = "") -> None:
        super().__init__(log)
        self.code = code
        self.log = log


class _Child:
    """The process, and one JSON line each way."""

    def __init__(self) -> None:
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  # `stop` closes it
        self.process = subprocess.Popen(
            [sys.executable, "-P", str(_PROGRAM)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            start_new_session=True,  # Ctrl-C in the terminal is the parent's to handle
        )

    def tell(self, message: dict[str, object]) -> None:
        if self.process.stdin:
            with contextlib.suppress(BrokenPipeError):
                self.process.stdin.write(json.dumps(message).encode() + b"\n")
                self.process.stdin.flush()

    def hear(self, timeout_s: float) -> dict[str, str]:
        lines: SimpleQueue[bytes] = SimpleQueue()
        output = self.process.stdout
        threading.Thread(target=lambda: lines.put(output.readline() if output else b""), daemon=True).start()
        try:
            line = lines.get(timeout=timeout_s)
        except Empty:
            raise _NotReadyError(None) from None
        if not line:
            code = self.process.wait()
            self._errors.seek(0)
            raise _NotReadyError(code, self._errors.read()[-20_000:].decode(errors="replace").strip())
        return dict(json.loads(line))

    def stop(self) -> None:
        pipes = [pipe for pipe in (self.process.stdin, self.process.stdout) if pipe]
        with contextlib.suppress(OSError):
            pipes[0].close()  # the child ends when its standard input does
        try:
            self.process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        for opened in (*pipes, self._errors):
            with contextlib.suppress(OSError):
                opened.close()
