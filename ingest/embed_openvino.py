"""An embedder on OpenVINO: each text goes through alone, so its vector depends on nothing but itself.

Batches would be a sixth quicker, but a text's last bits would depend on its neighbours. So an incremental run gives the
vectors of a full rebuild, bit for bit, on the same kind of processor.
"""

import os
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import Tokenizer

from ingest.embed import EmbedderInfo, Passage, Progress
from ingest.embed_convert import converted_model, import_openvino
from ingest.embed_pool import Vectors, pool_spans
from ingest.embed_runtime import pooling_of, token_limit
from ingest.errors import ModelError

_STEP = 16  # texts are padded to a multiple of so many tokens: few shapes, for each of which the kernels are made once


class OpenVinoEmbedder:
    """A sentence-transformers model in a local folder; one thread a text, as many texts at once as there are cores."""

    def __init__(self, info: EmbedderInfo, folder: Path, models: Path, *, threads: int = 0) -> None:
        self.info = info
        self._folder = folder
        self._models = models
        self._threads = threads or os.cpu_count() or 1
        self._pooling = pooling_of(folder)
        self._lock = threading.Lock()
        self._local = threading.local()
        self._loaded: tuple[Tokenizer, Any] | None = None

    def embed_documents(self, texts: Sequence[str], *, progress: Progress = lambda _: None) -> Vectors:
        """Vectors of shape (len(texts), dim), each the same as its text's embed_query."""
        rows = self.embed_passages([Passage(text) for text in texts], progress=progress)
        return np.concatenate(rows) if rows else np.zeros((0, self.info.dim), dtype=np.float32)

    def embed_query(self, text: str) -> Vectors:
        """One vector of shape (dim,)."""
        vector: Vectors = self._embed(Passage(text))[0]
        return vector

    def embed_passages(self, passages: Sequence[Passage], *, progress: Progress = lambda _: None) -> list[Vectors]:
        """For each passage (1 + spans, dim). Spans are pooled from the passage's own token vectors: they cost no
        second pass and know their context."""
        found: list[Vectors] = []
        alone = self._threads == 1 or len(passages) == 1  # a new thread would need an inference request of its own
        with nullcontext() if alone else ThreadPoolExecutor(self._threads) as pool:
            for vectors in (pool.map if pool else map)(self._embed, passages):
                found.append(vectors)
                progress(1)
        return found

    def _embed(self, passage: Passage) -> Vectors:
        tokenizer, compiled = self._model()
        encoding = tokenizer.encode(passage.text)
        count = len(encoding.ids)
        inputs = np.zeros((2, 1, -(-count // _STEP) * _STEP), dtype=np.int64)
        inputs[0, 0, :count], inputs[1, 0, :count] = encoding.ids, 1
        if not hasattr(self._local, "request"):
            self._local.request = compiled.create_infer_request()
        tokens = self._local.request.infer(list(inputs), share_inputs=True)[0][0, :count]
        whole = tokens[0] if self._pooling == "cls" else tokens.mean(axis=0)
        return pool_spans(whole, tokens, encoding.offsets, passage.spans)

    def _model(self) -> tuple[Tokenizer, Any]:
        with self._lock:
            if self._loaded is None:
                self._loaded = self._load()
            return self._loaded

    def _load(self) -> tuple[Tokenizer, Any]:
        path = converted_model(self._folder, self.info.sha256, self._models)
        options = {
            "INFERENCE_PRECISION_HINT": self.info.runtime.rpartition("-")[2],
            "INFERENCE_NUM_THREADS": self._threads,
            "NUM_STREAMS": self._threads,
        }
        try:
            tokenizer = Tokenizer.from_file(str(self._folder / "tokenizer.json"))
            tokenizer.enable_truncation(token_limit(self._folder))
            tokenizer.no_padding()
            return tokenizer, import_openvino().Core().compile_model(path, "CPU", options)
        except (OSError, ValueError, RuntimeError) as error:
            raise ModelError(f"{self._folder} can't be loaded as an embedding model: {error}") from error
