"""A PostgreSQL server of the tests' own, on a Unix socket in a temporary folder; None where none is installed."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ACCOUNT = "postgres" if hasattr(os, "geteuid") and os.geteuid() == 0 else None  # the server refuses to run as root


def find_binaries() -> Path | None:
    """The folder with initdb and pg_ctl."""
    on_path = shutil.which("initdb")
    if on_path:
        return Path(on_path).parent
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: int(p.parts[-3]))
    return installed[-1].parent if installed else None


@contextmanager
def postgres_server() -> Iterator[str]:
    """The URL of a running server's database; it is gone afterwards."""
    binaries = find_binaries()
    assert binaries is not None
    folder = Path(tempfile.mkdtemp(prefix="pg-"))  # short: the path of a socket has at most 107 characters
    if ACCOUNT:
        shutil.chown(folder, ACCOUNT)

    def run(*command: object) -> None:
        words = [str(binaries / str(command[0])), *map(str, command[1:])]
        subprocess.run(words, check=True, capture_output=True, cwd=folder, user=ACCOUNT, timeout=120)

    data, log = folder / "data", folder / "log"
    options = f"-k {folder} -c listen_addresses= -c fsync=off"
    try:
        run("initdb", "--auth=trust", "--username=owner", "--no-sync", "--encoding=UTF8", "--locale=C", "-D", data)
        run("pg_ctl", "-D", data, "-l", log, "-o", options, "-w", "start")
        try:
            yield f"postgresql://owner@/postgres?host={folder}"
        finally:
            run("pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
