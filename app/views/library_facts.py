"""What the manifest of a generation says, read once."""

from functools import lru_cache
from pathlib import Path

from ingest.publish import Manifest, read_manifest


@lru_cache(maxsize=4)
def manifest_of(generation: Path) -> Manifest:
    """The manifest of an opened generation, which never changes."""
    return read_manifest(generation)
