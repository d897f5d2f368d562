"""The file that a document was read from, as long as it is still the same file."""

from functools import lru_cache
from pathlib import Path

from ingest.files import sha256_file
from ingest.index import IndexedDocument


def find_original(folder: Path | None, document: IndexedDocument) -> Path | None:
    """The original of `document` below `folder`, or None where it is gone or has another content by now."""
    if folder is None:
        return None
    path = (folder / document.record.file).resolve()
    try:
        if not path.is_relative_to(folder.resolve()) or not path.is_file():
            return None
        state = path.stat()
        return path if _hash(path, state.st_mtime_ns, state.st_size) == document.content_hash else None
    except OSError:
        return None


@lru_cache(maxsize=512)
def _hash(path: Path, changed_ns: int, size: int) -> str:
    # Time and size only say when to hash again; what counts is the content.
    return sha256_file(path)
