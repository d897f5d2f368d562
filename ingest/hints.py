"""Content hashes by the store's change hints, so that what a store says is unchanged is not downloaded again.

Kept beside the generations, not in them: a hint may change while the content, and so the index, stays the same.
"""

import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from ingest.files import replace_file
from ingest.plan import Wanted

_NAME = "hints.json"
Hints = Mapping[str, tuple[str, str, str]]
"""For each path the hint, and the content hash and version that were read under it."""


def read_hints(index: Path) -> Hints:
    """What was noted; nothing where there is nothing readable."""
    try:
        noted: dict[str, list[str]] = json.loads((index / _NAME).read_text("utf-8"))
        return {path: (hint, content_hash, version) for path, (hint, content_hash, version) in noted.items()}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}


def note_hints(index: Path, wanted: Iterable[Wanted]) -> None:
    """Note the hashes of all files that have hints; a disk too full for it costs only the next run's time."""
    files = [(item.file, item.content_hash) for item in wanted if item.file.hint and item.content_hash]
    hints = {file.path: (file.hint, content_hash, file.version) for file, content_hash in files}
    if hints != read_hints(index):
        with suppress(OSError):
            replace_file(index / _NAME, json.dumps(hints, indent=0), mode=0o600)
