"""Going back to an older generation; what was left is not published again by itself."""

from contextlib import suppress
from pathlib import Path

from ingest.errors import BrokenIndexError
from ingest.generations import check_generation, current_generation, list_generations, number_of
from ingest.index import open_index
from ingest.manifest import read_manifest
from ingest.pointer import note_rolled_back, point_to


def roll_back(index: Path, name: str | None = None) -> Path:
    """Serve an older generation (by default the one before the current one) after verifying it.

    The content that is left is noted: a later run publishes it again only when forced. BrokenIndexError when the
    target does not exist, is not whole, or is of a version of the program that this one can't read.
    """
    target = _rollback_target(index, name)
    check_generation(target)
    open_index(target).close()
    noted: dict[str, str] = {}
    for newer in (path for path in list_generations(index) if number_of(path) > number_of(target)):
        with suppress(BrokenIndexError):  # what can't be read can't be published again either
            noted[newer.name] = read_manifest(newer).content_hash
    note_rolled_back(index, noted)
    point_to(index, target)
    return target


def _rollback_target(index: Path, name: str | None) -> Path:
    generations = list_generations(index)
    if name is not None:
        found = [path for path in generations if path.name == name or path.name.startswith(f"{name}-")]
    else:
        try:
            current = number_of(current_generation(index))
            found = [path for path in generations if number_of(path) < current][-1:]
        except BrokenIndexError:
            found = generations[-1:]
    if not found:
        kept = ", ".join(path.name for path in generations) or "none"
        raise BrokenIndexError(f"no generation {name or 'before the current one'} in {index} (kept: {kept})")
    return found[0]
