"""Generations as they lie on disk: which there are, which is served, whether they are whole.

    <index>/CURRENT                 name of the generation that is served
    <index>/generations/<id>/       manifest.json and the files of one index, never changed
    <index>/generations/.building-* a generation in the making; swept away by the next run
    <index>/rolled-back.json        content that was rolled back and is not published again by itself
    <index>/lock                    held by the one process that may change any of this

An id is a running number and the first 16 digits of the manifest's sha256: 000012-0a1b2c3d4e5f6a7b.
"""

import json
import re
from pathlib import Path

from ingest.errors import BrokenIndexError
from ingest.files import sha256_file
from ingest.manifest import MANIFEST_NAME, REBUILD, Manifest, read_manifest

POINTER = "CURRENT"
ROLLED_BACK = "rolled-back.json"
_ID = re.compile(r"\d{6,}-[0-9a-f]{16}")
_MEND = "run: python -m ingest rollback, or: python -m ingest run"


def list_generations(index: Path) -> list[Path]:
    """All complete generations, oldest first."""
    folder = index / "generations"
    found = [path for path in folder.iterdir() if _ID.fullmatch(path.name)] if folder.is_dir() else []
    return sorted(found, key=number_of)


def number_of(generation: Path) -> int:
    """The running number of a generation."""
    return int(generation.name.partition("-")[0])


def current_generation(index: Path) -> Path:
    """The generation that is served; BrokenIndexError when there is none. Cheap: nothing is verified."""
    try:
        name = (index / POINTER).read_text("utf-8").strip()
    except FileNotFoundError:
        raise BrokenIndexError(f"there is no index in {index}", hint=REBUILD) from None
    except (OSError, UnicodeDecodeError) as error:
        raise BrokenIndexError(f"{index / POINTER} can't be read: {error}", hint=REBUILD) from error
    generation = index / "generations" / name
    if not _ID.fullmatch(name) or not generation.is_dir():
        raise BrokenIndexError(f"{index / POINTER} names no generation", hint="run: python -m ingest rollback")
    return generation


def check_generation(generation: Path) -> Manifest:
    """The manifest, after every file was compared with it; BrokenIndexError names the first bad file."""
    manifest = read_manifest(generation)
    present = {path.relative_to(generation).as_posix() for path in files_below(generation)} - {MANIFEST_NAME}
    for name in sorted(present | set(manifest.files)):
        path = generation / name
        if name not in manifest.files:
            raise BrokenIndexError(f"{path} does not belong to its generation", hint=_MEND)
        if name not in present:
            raise BrokenIndexError(f"{path} is missing", hint=_MEND)
        if _sha256(path) != manifest.files[name]:
            raise BrokenIndexError(f"{path} is damaged: its sha256 is not the manifest's", hint=_MEND)
    return manifest


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
        return generations if (index / POINTER).exists() else []
    return [current, *(path for path in generations if number_of(path) < number_of(current))]


def files_below(folder: Path) -> list[Path]:
    """Everything in a generation's folder and below that is no folder."""
    return sorted(path for path in folder.rglob("*") if not path.is_dir())


def _sha256(path: Path) -> str:
    try:
        return sha256_file(path)
    except OSError as error:
        raise BrokenIndexError(f"{path} can't be read: {error.strerror}", hint=_MEND) from error


def rolled_back(index: Path) -> dict[str, str]:
    """The generations that were rolled back, each with its content hash."""
    try:
        noted: dict[str, str] = json.loads((index / ROLLED_BACK).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return noted
