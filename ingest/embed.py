"""The Embedder protocol and its implementations: texts in, unit vectors out.

A name chooses the embedder: a packaged model ("minilm"), a folder in sentence-transformers' layout, or a hub id
("sentence-transformers/all-mpnet-base-v2"). Its weights and tokenizer are identified by one sha256.
"""

import hashlib
import json
import os
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ingest.errors import ModelError
from ingest.models import MODELS, find_model, sha256_file

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer
    from torch import Tensor

Vectors = NDArray[np.float32]
Progress = Callable[[int], None]
"""Called with the number of texts that were embedded since the last call."""

_SLICE = 256
_MODEL_FILES = ("*.json", "*.txt", "*.model", "*.safetensors", "*.bin")


@dataclass(frozen=True, slots=True)
class EmbedderInfo:
    """Which embedder made a vector: the name to load it by, sha256 of its files, length of its vectors."""

    id: str
    sha256: str
    dim: int


@dataclass(frozen=True, slots=True)
class Passage:
    """A text to embed, and the (start, end) offsets of the units and words in it that get vectors of their own."""

    text: str
    units: tuple[tuple[int, int], ...] = ()
    words: tuple[tuple[int, int], ...] = ()

    @property
    def spans(self) -> tuple[tuple[int, int], ...]:
        """The units, then the words."""
        return (*self.units, *self.words)


class Embedder(Protocol):
    """Texts in, L2-normalised float32 vectors out; loading is put off to the first text."""

    @property
    def info(self) -> EmbedderInfo:
        """What the manifest records; cheap, loads nothing."""

    def embed_documents(self, texts: Sequence[str], *, progress: Progress = ...) -> Vectors:
        """Vectors of shape (len(texts), dim), in the order of the texts."""

    def embed_passages(self, passages: Sequence[Passage], *, progress: Progress = ...) -> list[Vectors]:
        """For each passage (1 + spans, dim): its vector, then those of its spans as they stand in it."""

    def embed_query(self, text: str) -> Vectors:
        """One vector of shape (dim,)."""


def load_embedder(name: str, *, models: Path, threads: int = 0, batch: int = 32) -> Embedder:
    """The embedder of that name; `models` holds the packaged ones, `threads` 0 leaves the choice to torch.

    Raises ModelError when its files are missing.
    """
    if name == WordHashEmbedder.info.id:
        return WordHashEmbedder()
    folder, hashes = _resolve(name, models)
    info = EmbedderInfo(id=name, sha256=_joint_sha256(hashes), dim=_dimension(folder))
    return SentenceEmbedder(info, folder, threads=threads, batch=batch)


def load_embedder_of(info: EmbedderInfo, *, models: Path, threads: int = 0) -> Embedder:
    """The embedder that made an index; ModelError when the one at hand under that name is another."""
    embedder = load_embedder(info.id, models=models, threads=threads)
    if embedder.info != info:
        raise ModelError(
            f"the index was made with another {info.id} (sha256 {info.sha256[:12]}) than the one at hand "
            f"({embedder.info.sha256[:12]})",
            hint="run: python -m ingest run",
        )
    return embedder


def _resolve(name: str, models: Path) -> tuple[Path, Mapping[str, str]]:
    """The model's folder and the sha256 of each of its files."""
    if name in MODELS:
        if MODELS[name].entry:
            raise ModelError(f"{name} is a chat model", hint="set INGEST_EMBEDDER to an embedding model: minilm")
        return find_model(MODELS[name], models), MODELS[name].files
    folder = Path(name).expanduser()
    if not folder.is_dir():
        folder = _from_hub(name)
    paths = sorted({path for pattern in _MODEL_FILES for path in folder.rglob(pattern)})
    visible = [path for path in paths if not path.name.startswith(".")]
    return folder, {path.relative_to(folder).as_posix(): sha256_file(path) for path in visible}


def _from_hub(name: str) -> Path:
    from huggingface_hub import snapshot_download  # noqa: PLC0415 -- slow to import and seldom needed

    try:
        return Path(snapshot_download(name, allow_patterns=list(_MODEL_FILES)))
    except (OSError, ValueError) as error:  # the hub's errors, bad names included, are of these two kinds
        raise ModelError(
            f"no embedding model {name!r}: not a packaged model, not a folder, and the hub did not give it",
            hint="packaged: minilm; otherwise give a folder, or fetch it where the hub is reachable",
        ) from error


def _joint_sha256(hashes: Mapping[str, str]) -> str:
    lines = "".join(f"{name} {sha256}\n" for name, sha256 in sorted(hashes.items()))
    return hashlib.sha256(lines.encode()).hexdigest()


def _dimension(folder: Path) -> int:
    """Length of the vectors, read from the folder's configuration."""
    for name, key in (("1_Pooling/config.json", "word_embedding_dimension"), ("config.json", "hidden_size")):
        try:
            return int(json.loads((folder / name).read_text("utf-8"))[key])
        except (OSError, ValueError, KeyError):
            continue
    raise ModelError(f"{folder} is not a sentence-transformers folder", hint="it must hold config.json")


class SentenceEmbedder:
    """A sentence-transformers model in a local folder."""

    def __init__(self, info: EmbedderInfo, folder: Path, *, threads: int = 0, batch: int = 32) -> None:
        self.info = info
        self._folder = folder
        self._threads = threads
        self._batch = batch
        self._loaded: SentenceTransformer | None = None
        self._lock = threading.Lock()

    def embed_documents(self, texts: Sequence[str], *, progress: Progress = lambda _: None) -> Vectors:
        """Vectors of shape (len(texts), dim); longest texts go first, so that batches need little padding."""
        vectors = np.zeros((len(texts), self.info.dim), dtype=np.float32)
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]), reverse=True)
        for start in range(0, len(order), _SLICE):
            rows = order[start : start + _SLICE]
            with _brief_floats():
                vectors[rows] = self._encode([texts[i] for i in rows])
            progress(len(rows))
        return vectors

    def embed_query(self, text: str) -> Vectors:
        """One vector of shape (dim,)."""
        vector: Vectors = self._encode([text])[0]
        return vector

    def embed_passages(self, passages: Sequence[Passage], *, progress: Progress = lambda _: None) -> list[Vectors]:
        """For each passage (1 + spans, dim). Spans are pooled from the passage's own token vectors: they cost no
        second pass and know their context."""
        found: list[Vectors] = [np.zeros((0, self.info.dim), dtype=np.float32)] * len(passages)
        order = sorted(range(len(passages)), key=lambda i: len(passages[i].text), reverse=True)
        for start in range(0, len(order), _SLICE // 4):
            rows = order[start : start + _SLICE // 4]
            for row, vectors in zip(rows, self._pooled([passages[i] for i in rows]), strict=True):
                found[row] = vectors
            progress(len(rows))
        return found

    def _pooled(self, passages: Sequence[Passage]) -> list[Vectors]:
        model = self._model()
        with _brief_floats():
            features: Any = model.encode(  # its type speaks of one text only
                [passage.text for passage in passages],
                batch_size=self._batch,
                output_value=None,
                show_progress_bar=False,
            )
        encoded = model.tokenizer(
            [passage.text for passage in passages],
            truncation=True,
            max_length=model.max_seq_length,
            return_offsets_mapping=True,
        )
        return [
            _pool(passage, feature["sentence_embedding"], feature["token_embeddings"], offsets)
            for passage, feature, offsets in zip(passages, features, encoded["offset_mapping"], strict=True)
        ]

    def _encode(self, texts: list[str]) -> Vectors:
        vectors = self._model().encode(
            texts, batch_size=self._batch, normalize_embeddings=True, convert_to_numpy=True, show_progress_bar=False
        )
        return np.asarray(vectors, dtype=np.float32)

    def _model(self) -> "SentenceTransformer":
        with self._lock:
            if self._loaded is None:
                self._loaded = self._load()
            return self._loaded

    def _load(self) -> "SentenceTransformer":
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")  # silences its warning about forks
        import torch  # noqa: PLC0415 -- takes seconds, and an unchanged run needs no vectors
        from sentence_transformers import SentenceTransformer  # noqa: PLC0415 -- as above
        from transformers.utils import logging  # noqa: PLC0415 -- as above

        logging.disable_progress_bar()  # type: ignore[no-untyped-call]  # transformers leaves it unannotated
        if self._threads:
            torch.set_num_threads(self._threads)
        try:
            return SentenceTransformer(str(self._folder), local_files_only=True)
        except (OSError, ValueError, RuntimeError) as error:
            raise ModelError(f"{self._folder} can't be loaded as an embedding model: {error}") from error


def _brief_floats() -> AbstractContextManager[object]:
    """Matrix products in bfloat16 where the processor has them in hardware: 2.5 times as fast, cosine to the same
    vectors in full floats 0.9999 or more. Questions, being single, gain nothing and stay in full floats."""
    import torch  # noqa: PLC0415 -- takes seconds, and an unchanged run needs no vectors

    able: Mapping[str, object] = getattr(torch.cpu, "get_capabilities", dict)()
    return torch.autocast("cpu", torch.bfloat16, enabled=bool(able.get("avx512_bf16") or able.get("amx_bf16")))


def _pool(passage: Passage, whole: "Tensor", tokens: "Tensor", offsets: Sequence[tuple[int, int]]) -> Vectors:
    """The passage's vector and the mean of each span's token vectors; spans beyond the model's reach get the former."""
    sentence = whole.float().cpu().numpy()
    matrix = tokens.float().cpu().numpy()[: len(offsets)]
    starts, ends = np.array([a for a, _ in offsets]), np.array([b for _, b in offsets])
    rows = [sentence]
    for start, end in passage.spans:
        inside = (starts >= start) & (ends <= end) & (ends > starts)
        rows.append(matrix[inside].mean(axis=0) if inside.any() else sentence)
    vectors = np.stack(rows)
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)


class WordHashEmbedder:
    """For tests: each word and its stem-like beginning is hashed to one of 256 dimensions.

    Texts that share words are near each other, as with a real model, but synonyms are not; it needs no weights.
    """

    info = EmbedderInfo(id="word-hash", sha256=hashlib.sha256(b"word-hash 1").hexdigest(), dim=256)

    def embed_documents(self, texts: Sequence[str], *, progress: Progress = lambda _: None) -> Vectors:
        """Vectors of shape (len(texts), 256)."""
        vectors = np.stack([self.embed_query(text) for text in texts]) if texts else np.zeros((0, self.info.dim))
        progress(len(texts))
        return vectors.astype(np.float32)

    def embed_passages(self, passages: Sequence[Passage], *, progress: Progress = lambda _: None) -> list[Vectors]:
        """For each passage (1 + spans, 256)."""
        progress(len(passages))
        return [
            np.stack([self.embed_query(p.text), *(self.embed_query(p.text[a:b]) for a, b in p.spans)]) for p in passages
        ]

    def embed_query(self, text: str) -> Vectors:
        """One vector of shape (256,)."""
        vector = np.zeros(self.info.dim, dtype=np.float32)
        for word in re.findall(r"\w+", text.lower()):
            for token in (word, word[:5]):
                vector[int.from_bytes(hashlib.blake2b(token.encode(), digest_size=2).digest()) % self.info.dim] += 1
        norm = float(np.linalg.norm(vector))
        if norm == 0:
            vector[0] = norm = 1.0
        return np.asarray(vector / norm, dtype=np.float32)
