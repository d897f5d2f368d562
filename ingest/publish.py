"""Generations: built apart, sealed with checksums, switched to by replacing one small file.

    <index>/CURRENT                 name of the generation that is served
    <index>/generations/<id>/       manifest.json and the files of one index, never changed
    <index>/generations/.building-* a generation in the making; swept away by the next run
    <index>/rolled-back.json        content that was rolled back and is not published again by itself
    <index>/lock                    held by the one process that may change any of this

An id is a running number and the first 16 digits of the manifest's sha256: 000012-0a1b2c3d4e5f6a7b.
"""

import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from filelock import FileLock, Timeout

from ingest.errors import BrokenIndexError, PublishError
from ingest.failpoint import reach
from ingest.manifest import MANIFEST_NAME, REBUILD, Manifest, read_manifest, write_manifest

__all__ = ["Manifest", "current_generation", "read_manifest"]

_ID = re.compile(r"\d{6,}-[0-9a-f]{16}")
_POINTER = "CURRENT"
_ROLLED_BACK = "rolled-back.json"


def list_generations(index: Path) -> list[Path]:
    """All complete generations, oldest first."""
    folder = index / "generations"
    found = [path for path in folder.iterdir() if _ID.fullmatch(path.name)] if folder.is_dir() else []
    return sorted(found, key=_number)


def _number(generation: Path) -> int:
    return int(generation.name.partition("-")[0])


def current_generation(index: Path) -> Path:
    """The generation that is served; BrokenIndexError when there is none. Cheap: nothing is verified."""
    try:
        name = (index / _POINTER).read_text("utf-8").strip()
    except FileNotFoundError:
        raise BrokenIndexError(f"there is no index in {index}", hint=REBUILD) from None
    except (OSError, UnicodeDecodeError) as error:
        raise BrokenIndexError(f"{index / _POINTER} can't be read: {error}", hint=REBUILD) from error
    generation = index / "generations" / name
    if not _ID.fullmatch(name) or not generation.is_dir():
        raise BrokenIndexError(f"{index / _POINTER} names no generation", hint="run: python -m ingest rollback")
    return generation


def check_generation(generation: Path) -> Manifest:
    """The manifest, after every file was compared with it; BrokenIndexError names the first bad file."""
    manifest = read_manifest(generation)
    present = {path.relative_to(generation).as_posix() for path in _files(generation)} - {MANIFEST_NAME}
    for name in sorted(present | set(manifest.files)):
        path = generation / name
        if name not in manifest.files:
            raise BrokenIndexError(f"{path} does not belong to its generation", hint=_MEND)
        if name not in present:
            raise BrokenIndexError(f"{path} is missing", hint=_MEND)
        if _sha256(path) != manifest.files[name]:
            raise BrokenIndexError(f"{path} is damaged: its sha256 is not the manifest's", hint=_MEND)
    return manifest


_MEND = "run: python -m ingest rollback, or: python -m ingest run"


def whole_generation(index: Path) -> tuple[Path, str]:
    """The generation to serve, verified file by file: the current one, or the newest older one that is whole.

    The second value says in one sentence what is wrong with the current one, or is "". BrokenIndexError when none is
    whole.
    """
    problem = ""
    for generation in _serving_order(index):
        try:
            check_generation(generation)
        except BrokenIndexError as error:
            problem = problem or error.message
        else:
            return generation, problem
    raise BrokenIndexError(problem or f"there is no index in {index}", hint=REBUILD)


def _serving_order(index: Path) -> list[Path]:
    generations = list_generations(index)[::-1]
    try:
        current = current_generation(index)
    except BrokenIndexError:
        # Without a pointer nothing was ever published; with a damaged one, any whole generation will do.
        return generations if (index / _POINTER).exists() else []
    return [current, *(path for path in generations if _number(path) < _number(current))]


@contextmanager
def index_lock(index: Path, *, seconds: float) -> Iterator[None]:
    """Hold the index for changes; PublishError when another process holds it for longer than `seconds`.

    The lock is the operating system's and vanishes with its holder, however that ends.
    """
    lock = FileLock(index / "lock", timeout=seconds)
    try:
        index.mkdir(parents=True, exist_ok=True)
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
        current = _number(current_generation(index))
    except BrokenIndexError:
        return []
    noted = rolled_back(index)
    return [path for path in list_generations(index) if _number(path) > current and path.name not in noted]


def publish(index: Path, building: Path, manifest: Manifest) -> Path:
    """Seal what was built in `building` and switch to it; returns the generation. OSError leaves the old one."""
    files = {path.relative_to(building).as_posix(): _sync(path) for path in sorted(_files(building))}
    sha256 = write_manifest(replace(manifest, files=files), building)
    reach("described")
    _sync(building / MANIFEST_NAME)
    for folder in [building, *(path for path in building.rglob("*") if path.is_dir())]:
        _sync_folder(folder)
    reach("synced")
    number = max((_number(path) for path in list_generations(index)), default=0) + 1
    generation = building.rename(index / "generations" / f"{number:06d}-{sha256[:16]}")
    _sync_folder(generation.parent)
    reach("renamed")
    _point_to(index, generation)
    return generation


def _point_to(index: Path, generation: Path) -> None:
    draft = index / f".{_POINTER}.new"
    try:
        draft.write_text(generation.name + "\n", "utf-8")
        _sync(draft)
        reach("pointed")
        draft.replace(index / _POINTER)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
    with _already_serving(generation):
        _sync_folder(index)
        reach("switched")


@contextmanager
def _already_serving(generation: Path) -> Iterator[None]:
    """What fails from here on does not take the new generation back, and must not be reported as if it did."""
    try:
        yield
    except OSError as error:
        raise PublishError(
            f"{generation.name} is served, but the disk failed afterwards: {error.strerror}",
            hint="mend the disk and run again",
        ) from error


def tidy_up(index: Path, generation: Path, *, keep: int) -> None:
    """After `generation` was published: forget that its content was rolled back once, prune old generations."""
    with _already_serving(generation):
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


def roll_back(index: Path, name: str | None = None) -> Path:
    """Serve an older generation (by default the one before the current one) after verifying it.

    The content that is left is noted: a later run publishes it again only when forced. BrokenIndexError when the
    target does not exist or is not whole.
    """
    target = _rollback_target(index, name)
    check_generation(target)
    noted: dict[str, str] = {}
    for newer in (path for path in list_generations(index) if _number(path) > _number(target)):
        with suppress(BrokenIndexError):  # what can't be read can't be published again either
            noted[newer.name] = read_manifest(newer).content_hash
    note_rolled_back(index, noted)
    _point_to(index, target)
    return target


def _rollback_target(index: Path, name: str | None) -> Path:
    generations = list_generations(index)
    if name is not None:
        found = [path for path in generations if path.name == name or path.name.startswith(f"{name}-")]
    else:
        try:
            current = _number(current_generation(index))
            found = [path for path in generations if _number(path) < current][-1:]
        except BrokenIndexError:
            found = generations[-1:]
    if not found:
        kept = ", ".join(path.name for path in generations) or "none"
        raise BrokenIndexError(f"no generation {name or 'before the current one'} in {index} (kept: {kept})")
    return found[0]


def rolled_back(index: Path) -> dict[str, str]:
    """The generations that were rolled back, each with its content hash."""
    try:
        noted: dict[str, str] = json.loads((index / _ROLLED_BACK).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return noted


def note_rolled_back(index: Path, noted: Mapping[str, str]) -> None:
    """Replace the list of generations that were rolled back."""
    draft = index / f".{_ROLLED_BACK}.new"
    draft.write_text(json.dumps(noted, indent=1), "utf-8")
    _sync(draft)
    draft.replace(index / _ROLLED_BACK)


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if not path.is_dir())


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise BrokenIndexError(f"{path} can't be read: {error.strerror}", hint=_MEND) from error


def _sync(path: Path) -> str:
    """Bring a file to the disk; returns its sha256."""
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
        os.fsync(stream.fileno())
    return digest


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
