"""What parsing one document may cost, and what is said of one that costs more."""

import os
import resource
from dataclasses import dataclass

MEGABYTE = 1 << 20
PATIENCE = 4  # seconds by the clock for each second of processor time


@dataclass(frozen=True, slots=True)
class Limits:
    """What one document may cost.

    `seconds` are of processor time, so that a busy machine fails no document; one that waits is given up after four
    times as many by the clock.
    """

    seconds: float
    memory_mb: int

    @property
    def too_slow(self) -> str:
        """The reason for a document that took longer."""
        return f"took longer than {self.seconds:g} s to read (split the file, or raise INGEST_PARSE_SECONDS)"

    @property
    def too_large(self) -> str:
        """The reason for a document that needed more memory."""
        need = f"needs more than {self.memory_mb} MB of memory to read"
        return f"{need} (split the file, or raise INGEST_PARSE_MEMORY_MB)"

    def apply(self) -> None:
        """Have the operating system hold this process to them; the check of its parent comes first, if there is one."""
        used = resource.getrusage(resource.RUSAGE_SELF)
        cpu = int(used.ru_utime + used.ru_stime + self.seconds * (os.cpu_count() or 1)) + 10
        resource.setrlimit(resource.RLIMIT_CPU, (cpu, resource.getrlimit(resource.RLIMIT_CPU)[1]))
        data = resource.getrlimit(resource.RLIMIT_DATA)[1]
        resource.setrlimit(resource.RLIMIT_DATA, (self.memory_mb * MEGABYTE, data))
