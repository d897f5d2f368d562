"""The small files that say which generation is served and what was rolled back: each replaced in one step."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from ingest.errors import PublishError
from ingest.failpoint import reach
from ingest.files import replace_file, sync_folder
from ingest.generations import POINTER, ROLLED_BACK


def point_to(index: Path, generation: Path) -> None:
    """Serve a generation from now on; OSError leaves the one before, PublishError comes after the switch."""
    replace_file(index / POINTER, f"{generation.name}\n", before=lambda: reach("pointed"))
    with already_serving(generation):
        sync_folder(index)
        reach("switched")


@contextmanager
def already_serving(generation: Path) -> Iterator[None]:
    """What fails from here on does not take the new generation back, and must not be reported as if it did."""
    try:
        yield
    except OSError as error:
        raise PublishError(
            f"{generation.name} is served, but the disk failed afterwards: {error.strerror}",
            hint="mend the disk and run again",
        ) from error


def note_rolled_back(index: Path, noted: Mapping[str, str]) -> None:
    """Replace the list of generations that were rolled back, each with its content hash."""
    replace_file(index / ROLLED_BACK, json.dumps(noted, indent=1))
