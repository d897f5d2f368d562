"""What an administrator does from the status page: roll back and ingest again, each recorded before it is done."""

import os
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path

from app.access import Reader
from app.ledger import Ledger
from app.settings import Settings
from ingest.errors import PublishError
from ingest.manifest import Manifest
from ingest.publish import index_lock
from ingest.rollback import roll_back

LOCK_SECONDS = 5.0  # a person waits: say at once that another run is going on


def roll_back_to(generation: str, settings: Settings, ledger: Ledger, reader: Reader, reason: str) -> None:
    """Serve an older generation; raises PublishError, BrokenIndexError or LedgerError, and then nothing changed."""
    _check(reader)
    with index_lock(settings.index, seconds=LOCK_SECONDS):
        ledger.add_action("rollback", reader=reader.name, detail=f"to {generation}: {reason}")
        roll_back(settings.index, generation)


@dataclass(slots=True)
class Ingestion:
    """The run that this process started, if any; `python -m ingest run` in a process of its own."""

    _lock: threading.Lock = field(default_factory=threading.Lock)
    _process: "subprocess.Popen[bytes] | None" = None

    @property
    def running(self) -> bool:
        """Whether it still goes on."""
        with self._lock:
            return self._process is not None and self._process.poll() is None

    def start(self, manifest: Manifest, settings: Settings, ledger: Ledger, reader: Reader, reason: str) -> None:
        """Index what changed where the served index came from; PublishError while a run goes on."""
        _check(reader)
        with self._lock:
            if self._process is not None and self._process.poll() is None:
                raise PublishError("a run is going on already", hint="wait for it")
            ledger.add_action("re-ingest", reader=reader.name, detail=reason)
            corpus = str(settings.corpus) if settings.corpus else manifest.source
            command = [sys.executable, "-m", "ingest", "run", "--retry", "--json", "--index", str(settings.index)]
            self._process = subprocess.Popen(
                [*command, "--corpus", corpus],
                env=_environment(manifest, settings),
                stdin=subprocess.DEVNULL,
                # The report stands beside the index; what is printed would fill a pipe that nobody reads.
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd=Path.cwd(),
            )


def _check(reader: Reader) -> None:
    if not reader.has_role("administrator"):
        raise PublishError("only administrators may do this", hint="ask one of them")


def _environment(manifest: Manifest, settings: Settings) -> dict[str, str]:
    # The same embedder as now, unless the ingestion's own settings say otherwise.
    chosen = {"INGEST_EMBEDDER": manifest.embedder.id, "INGEST_MODELS": str(settings.models)}
    return {**chosen, **os.environ}
