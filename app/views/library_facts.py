"""What the manifest of a generation and the reports of the runs say."""

import json
from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

from ingest.manifest import Manifest, read_manifest


@lru_cache(maxsize=4)
def manifest_of(generation: Path) -> Manifest:
    """The manifest of an opened generation, which never changes."""
    return read_manifest(generation)


def last_reports(index: Path, limit: int = 8) -> list[Mapping[str, Any]]:
    """The newest stored run reports; one that can't be read is left out."""
    reports = []
    for path in sorted((index / "runs").glob("*.json"), reverse=True)[:limit]:
        with suppress(OSError, ValueError):
            reports.append(json.loads(path.read_text("utf-8")))
    return reports
