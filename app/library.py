"""The index that is being served: opened once, and exchanged between questions when a new one is published."""

import threading
from datetime import datetime
from pathlib import Path

from app.retrieve import Retriever
from ingest.embed import Embedder, load_embedder
from ingest.index import Index, open_index
from ingest.publish import Manifest, current_generation, read_manifest


class Library:
    """Hands out the retriever over the current generation; thread-safe.

    A generation that was handed out stays open for whoever holds it.
    """

    def __init__(self, folder: Path, models: Path) -> None:
        self.folder = folder
        self._models = models
        self._lock = threading.Lock()
        self._retriever: Retriever | None = None
        self._manifest: Manifest | None = None
        self._embedders: dict[str, Embedder] = {}

    def current(self) -> Retriever:
        """The retriever over the newest published generation; BrokenIndexError if there is none."""
        generation = current_generation(self.folder)
        with self._lock:
            if self._retriever is None or self._retriever.index.generation != generation.name:
                manifest = read_manifest(generation)
                self._retriever = Retriever(open_index(generation), self._embedder(manifest))
                self._manifest = manifest
            return self._retriever

    @property
    def index(self) -> Index:
        """The index of the current generation."""
        return self.current().index

    @property
    def published_at(self) -> datetime:
        """When the current generation was published (UTC)."""
        self.current()
        assert self._manifest is not None  # noqa: S101  current() has just read it
        return self._manifest.published_at

    def _embedder(self, manifest: Manifest) -> Embedder:
        # The query embedder comes from the manifest, so index and question can't disagree.
        name = manifest.embedder.id
        if name not in self._embedders:
            self._embedders[name] = load_embedder(name, models=self._models)
        return self._embedders[name]
