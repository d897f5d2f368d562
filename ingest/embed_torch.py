"""An embedder on PyTorch: any sentence-transformers model, also those that OpenVINO is not used for."""

import os
import threading
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ingest.embed import EmbedderInfo, Passage, Progress
from ingest.embed_pool import Vectors, pool_spans
from ingest.errors import ModelError

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

_SLICE = 64


class TorchEmbedder:
    """A sentence-transformers model in a local folder."""

    def __init__(self, info: EmbedderInfo, folder: Path, *, threads: int = 0, batch: int = 32) -> None:
        self.info = info
        self._folder = folder
        self._threads = threads
        self._batch = batch
        self._loaded: SentenceTransformer | None = None
        self._lock = threading.Lock()

    def embed_documents(self, texts: Sequence[str], *, progress: Progress = lambda _: None) -> Vectors:
        """Vectors of shape (len(texts), dim)."""
        rows = self.embed_passages([Passage(text) for text in texts], progress=progress)
        return np.concatenate(rows) if rows else np.zeros((0, self.info.dim), dtype=np.float32)

    def embed_query(self, text: str) -> Vectors:
        """One vector of shape (dim,). Questions, being single, gain nothing from bfloat16 and stay in full floats."""
        vector = self._model().encode(text, normalize_embeddings=True, convert_to_numpy=True, show_progress_bar=False)
        return np.asarray(vector, dtype=np.float32)

    def embed_passages(self, passages: Sequence[Passage], *, progress: Progress = lambda _: None) -> list[Vectors]:
        """For each passage (1 + spans, dim); longest texts go first, so that batches need little padding."""
        found: list[Vectors] = [np.zeros((0, self.info.dim), dtype=np.float32)] * len(passages)
        order = sorted(range(len(passages)), key=lambda i: len(passages[i].text), reverse=True)
        for start in range(0, len(order), _SLICE):
            rows = order[start : start + _SLICE]
            for row, vectors in zip(rows, self._pooled([passages[i] for i in rows]), strict=True):
                found[row] = vectors
            progress(len(rows))
        return found

    def _pooled(self, passages: Sequence[Passage]) -> list[Vectors]:
        model, texts = self._model(), [passage.text for passage in passages]
        with self._brief_floats():
            features: Any = model.encode(  # its type speaks of one text only
                texts, batch_size=self._batch, output_value=None, show_progress_bar=False
            )
        encoded = model.tokenizer(texts, truncation=True, max_length=model.max_seq_length, return_offsets_mapping=True)
        return [
            pool_spans(_plain(found["sentence_embedding"]), _plain(found["token_embeddings"]), offsets, passage.spans)
            for passage, found, offsets in zip(passages, features, encoded["offset_mapping"], strict=True)
        ]

    def _brief_floats(self) -> AbstractContextManager[object]:
        import torch  # noqa: PLC0415 -- takes seconds

        return torch.autocast("cpu", torch.bfloat16, enabled=self.info.runtime.endswith("bf16"))

    def _model(self) -> "SentenceTransformer":
        with self._lock:
            if self._loaded is None:
                self._loaded = self._load()
            return self._loaded

    def _load(self) -> "SentenceTransformer":
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")  # silences its warning about forks
        import torch  # noqa: PLC0415 -- takes seconds, and a run that finds nothing new needs no vectors
        from sentence_transformers import SentenceTransformer  # noqa: PLC0415 -- as above
        from transformers.utils import logging  # noqa: PLC0415 -- as above

        logging.disable_progress_bar()  # type: ignore[no-untyped-call]  # transformers leaves it unannotated
        if self._threads:
            torch.set_num_threads(self._threads)
        try:
            return SentenceTransformer(str(self._folder), local_files_only=True)
        except (OSError, ValueError, RuntimeError) as error:
            raise ModelError(f"{self._folder} can't be loaded as an embedding model: {error}") from error


def _plain(tensor: Any) -> Vectors:
    return np.asarray(tensor.float().cpu().numpy(), dtype=np.float32)
