"""Publishing: a generation is built apart, sealed with checksums, and switched to by replacing one small file."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from filelock import FileLock, Timeout

from ingest.errors import BrokenIndexError, PublishError
from ingest.failpoint import reach
from ingest.files import sync_file, sync_folder
from ingest.generations import current_generation, files_below, list_generations, number_of, rolled_back
from ingest.manifest import MANIFEST_NAME, Manifest, read_manifest, write_manifest
from ingest.pointer import already_serving, note_rolled_back, point_to


@contextmanager
def index_lock(index: Path, *, seconds: float) -> Iterator[None]:
    """Hold the index for changes; PublishError when another process holds it for longer than `seconds`.

    The lock is the operating system's and vanishes with its holder, however that ends.
    """
    lock = FileLock(index / "lock", timeout=seconds)
    try:
        index.mkdir(mode=0o700, parents=True, exist_ok=True)  # it holds the text of every document
        with lock:
            yield
    except Timeout:
        raise PublishError(f"another run holds {index}", hint="wait for it, or raise INGEST_LOCK_SECONDS") from None


@contextmanager
def building_folder(index: Path) -> Iterator[Path]:
    """An empty folder to build a generation in; removed at the end unless it was published."""
    parent = index / "generations"
    parent.mkdir(parents=True, exist_ok=True)
    for left_over in [*parent.glob(".building-*"), *_never_served(index)]:
        shutil.rmtree(left_over, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=".building-", dir=parent))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _never_served(index: Path) -> list[Path]:
    """Generations whose run died between naming them and switching to them."""
    try:
        current = number_of(current_generation(index))
    except BrokenIndexError:
        return []
    noted = rolled_back(index)
    return [path for path in list_generations(index) if number_of(path) > current and path.name not in noted]


def publish(index: Path, building: Path, manifest: Manifest) -> Path:
    """Seal what was built in `building` and switch to it; returns the generation. OSError leaves the old one."""
    files = {path.relative_to(building).as_posix(): sync_file(path) for path in files_below(building)}
    sha256 = write_manifest(replace(manifest, files=files), building)
    reach("described")
    sync_file(building / MANIFEST_NAME)
    for folder in [building, *(path for path in building.rglob("*") if path.is_dir())]:
        sync_folder(folder)
    reach("synced")
    number = max((number_of(path) for path in list_generations(index)), default=0) + 1
    generation = building.rename(index / "generations" / f"{number:06d}-{sha256[:16]}")
    sync_folder(generation.parent)
    reach("renamed")
    point_to(index, generation)
    return generation


def tidy_up(index: Path, generation: Path, *, keep: int) -> None:
    """After `generation` was published: forget that its content was rolled back once, prune old generations."""
    with already_serving(generation):
        noted, content_hash = rolled_back(index), read_manifest(generation).content_hash
        if content_hash in noted.values():
            note_rolled_back(index, {name: content for name, content in noted.items() if content != content_hash})
        prune_generations(index, keep)
        reach("pruned")


def prune_generations(index: Path, keep: int) -> None:
    """Remove all but the newest `keep` generations and the one that is served."""
    current = current_generation(index)
    for generation in list_generations(index)[:-keep]:
        if generation != current:
            shutil.rmtree(generation, ignore_errors=True)
