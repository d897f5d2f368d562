"""Check of a generation: every file against the manifest, every passage against its entry, vectors against texts."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ingest.build import hash_chunks
from ingest.embed import Embedder, load_embedder_of
from ingest.errors import BrokenIndexError
from ingest.generations import check_generation, current_generation
from ingest.index import Index, open_index
from ingest.manifest import REBUILD, Manifest
from ingest.passages import passage_of

_SAMPLE = 32  # passages embedded again
_GROUP = 1024  # passages at a time, which bounds the memory
_LEAST_COSINE = 0.99  # the same text embedded on another machine, in another batch


def verify_index(index: Path, *, models: Path, every: bool = False) -> str:
    """One sentence on what was found whole; BrokenIndexError names the first thing that is not.

    A sample of the passages is embedded again, with `every` all of them. ModelError when the embedder that made the
    index is not at hand.
    """
    generation = current_generation(index)
    manifest = check_generation(generation)
    opened = open_index(generation)
    try:
        _check_passages(opened, manifest)
        checked = _check_vectors(opened, load_embedder_of(manifest.embedder, models=models), every)
    finally:
        opened.close()
    documents = f"{len(manifest.files)} files, {len(manifest.documents)} documents, {len(opened)} passages"
    return f"{generation.name} is whole: {documents}; {checked} of them embedded again give their vectors"


def _check_passages(opened: Index, manifest: Manifest) -> None:
    """Every document's passages, in order, are those that the manifest recorded."""
    expected = sum(entry.chunks for entry in manifest.documents)
    if (len(opened.documents), len(opened)) != (len(manifest.documents), expected):
        raise BrokenIndexError(f"{opened.folder} holds {len(opened)} passages, not {expected}", hint=REBUILD)
    if expected and opened.dim != manifest.embedder.dim:
        raise BrokenIndexError(f"{opened.folder} has vectors of length {opened.dim}", hint=REBUILD)
    for number, entry in enumerate(manifest.documents):
        if hash_chunks(opened.document_chunks(number)) != entry.chunks_hash:
            raise BrokenIndexError(f"{entry.record.file}: its passages are not those of the manifest", hint=REBUILD)


def _check_vectors(opened: Index, embedder: Embedder, every: bool) -> int:
    """Passages spread over the index, embedded again, give the vectors that stand in their rows."""
    count = len(opened) if every else _SAMPLE
    rows = [int(row) for row in np.unique(np.linspace(0, len(opened) - 1, count).round())] if len(opened) else []
    for start in range(0, len(rows), _GROUP):
        _check_rows(opened, embedder, rows[start : start + _GROUP])
    return len(rows)


def _check_rows(opened: Index, embedder: Embedder, rows: Sequence[int]) -> None:
    titles = [opened.documents[int(opened.document_of[row])].record.title for row in rows]
    passages = [passage_of(chunk, title) for chunk, title in zip(opened.chunks(rows), titles, strict=True)]
    for row, vectors in zip(rows, embedder.embed_passages(passages), strict=True):
        if float(opened.vectors([row])[0] @ vectors[0]) < _LEAST_COSINE:
            raise BrokenIndexError(f"{opened.folder}: row {row} holds another passage's vector", hint=REBUILD)
