"""Check of a generation: every file against the manifest, and every passage against its vector."""

from pathlib import Path

from ingest.errors import BrokenIndexError
from ingest.index import open_index
from ingest.publish import check_generation, current_generation


def verify_index(index: Path) -> str:
    """One sentence on what was found whole; BrokenIndexError names the first damaged file."""
    generation = current_generation(index)
    manifest = check_generation(generation)
    opened = open_index(generation)
    expected = sum(entry.chunks for entry in manifest.documents)
    if len(opened) != expected or len(opened.documents) != len(manifest.documents):
        raise BrokenIndexError(f"{generation} holds {len(opened)} passages, its manifest says {expected}")
    if expected and opened.dim != manifest.embedder.dim:
        raise BrokenIndexError(f"{generation} has vectors of length {opened.dim}, not {manifest.embedder.dim}")
    opened.close()
    size = f"{len(manifest.files)} files, {len(manifest.documents)} documents, {expected} passages"
    return f"{generation.name} is whole: {size}"
