"""A cross-encoder after the learned ranking, which reads question and passage together: off unless one is named."""

import threading
from pathlib import Path
from typing import Any

import numpy as np

from ingest.errors import ModelError
from ingest.index import Index, Rows, Scores

READ = 30  # best passages that it reads; each costs a pass of the model
SHARE = 0.5  # of its judgement in the score


class Reranker:
    """A cross-encoder of sentence-transformers; thread-safe. Raises ModelError where it can't be loaded."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._model = _load(name)
        self._lock = threading.Lock()  # its tokenizer can't be shared

    def rerank(self, question: str, index: Index, rows: Rows, scores: Scores) -> tuple[Rows, Scores]:
        """The rows, best first by both; scores stay on the scale of the ranking, which other stages rely on."""
        read = rows[:READ]
        if len(read) < 2:
            return rows, scores
        pairs = [(question, "\n".join([*chunk.heading_path, chunk.text])) for chunk in index.chunks(read)]
        with self._lock:
            judged = np.asarray(self._model.predict(pairs, show_progress_bar=False), dtype=np.float32)
        own = scores[: len(read)]
        low, high = float(judged.min()), float(judged.max())
        placed = (judged - low) / (high - low) if high > low else np.full_like(judged, 0.5)
        blended = (1 - SHARE) * own + SHARE * (own.min() + (own.max() - own.min()) * placed)
        order = np.argsort(-blended, kind="stable")
        return np.concatenate([read[order], rows[READ:]]), np.concatenate([blended[order], scores[READ:]])


def load_reranker(name: str) -> Reranker | None:
    """The cross-encoder in a folder or of a hub id, None for ""; raises ModelError where it can't be loaded."""
    return Reranker(name) if name else None


def _load(name: str) -> Any:
    from safetensors import SafetensorError  # noqa: PLC0415 -- as below
    from sentence_transformers import CrossEncoder  # noqa: PLC0415 -- seconds to import, and seldom chosen

    try:
        model = CrossEncoder(
            name,
            device="cpu",
            local_files_only=Path(name).is_dir(),
            model_kwargs={"use_safetensors": True},  # the other form of weights is a pickle
        )
    except (
        OSError,
        ValueError,
        KeyError,
        RuntimeError,
        SafetensorError,
    ) as error:
        reason = str(error).partition("\n")[0]
        raise ModelError(
            f"APP_RERANKER: no cross-encoder can be loaded from {name!r}: {reason}",
            hint="give a sentence-transformers folder with model.safetensors, or a hub id where the hub is reachable",
        ) from error
    if model.num_labels != 1:
        raise ModelError(
            f"APP_RERANKER: {name!r} has {model.num_labels} outputs", hint="give a cross-encoder with a single score"
        )
    return model
