"""The index that is being served: opened once, and exchanged between questions when a new one is published."""

import threading
from datetime import datetime
from pathlib import Path

from app.reading import PassageReader
from app.rerank import Reranker
from app.retrieve import Retriever
from ingest.embed import Embedder, load_embedder_of
from ingest.generations import current_generation, whole_generation
from ingest.index import Index, open_index
from ingest.manifest import Manifest, read_manifest


class Library:
    """Hands out the retriever over the current generation; thread-safe.

    A generation is verified against its manifest before it is first used; where the current one is damaged, the
    newest whole one serves and `problem` says so. Whoever holds a retriever keeps its generation.
    """

    def __init__(
        self,
        folder: Path,
        models: Path,
        reranker: Reranker | None = None,
        passage_reader: PassageReader | None = None,
    ) -> None:
        self.folder = folder
        self.problem = ""
        self._models = models
        self._reranker = reranker
        self._passage_reader = passage_reader
        self._lock = threading.Lock()
        self._pointed: Path | None = None
        self._serving: tuple[Retriever, Manifest] | None = None
        self._embedders: dict[str, Embedder] = {}

    def current(self) -> Retriever:
        """The retriever over the newest published generation; BrokenIndexError if there is none."""
        return self._current()[0]

    @property
    def index(self) -> Index:
        """The index of the current generation."""
        return self.current().index

    @property
    def manifest(self) -> Manifest:
        """The manifest of the current generation."""
        return self._current()[1]

    @property
    def published_at(self) -> datetime:
        """When the current generation was published (UTC)."""
        return self.manifest.published_at

    def _current(self) -> tuple[Retriever, Manifest]:
        pointed = current_generation(self.folder)
        with self._lock:
            if self._serving is None or self._pointed != pointed:
                generation, self.problem = whole_generation(self.folder)
                manifest = read_manifest(generation)
                embedder = self._embedder(manifest)
                index = open_index(generation)
                retriever = Retriever(index, embedder, reranker=self._reranker, passage_reader=self._passage_reader)
                self._serving = retriever, manifest
                self._pointed = pointed
            return self._serving

    def _embedder(self, manifest: Manifest) -> Embedder:
        # The query embedder comes from the manifest, so index and question can't disagree. One thread: a question is
        # short, and on a busy machine threads wait for each other far longer than the question takes.
        key = f"{manifest.embedder.id} {manifest.embedder.sha256}"
        if key not in self._embedders:
            self._embedders[key] = load_embedder_of(manifest.embedder, models=self._models, threads=1)
        return self._embedders[key]
