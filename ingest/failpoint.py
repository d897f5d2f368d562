"""Named points of a run where a test can make it die or fail: INGEST_FAILPOINT=name or name=ENOSPC.

Points, in order: parsed, embedded, built, described, synced, renamed, pointed, switched, pruned. With a bare name
the process kills itself there as `kill -9` does; with an errno's name the point raises that OSError.
"""

import errno
import os
import signal

POINTS = ("parsed", "embedded", "built", "described", "synced", "renamed", "pointed", "switched", "pruned")


def reach(point: str) -> None:
    """Die or fail here if the environment says so; nothing otherwise."""
    name, _, failure = os.environ.get("INGEST_FAILPOINT", "").partition("=")
    if name != point:
        return
    if failure:
        code = getattr(errno, failure)
        raise OSError(code, os.strerror(code))
    os.kill(os.getpid(), signal.SIGKILL)
