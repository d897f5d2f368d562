"""The Embedder protocol and its factory: texts in, unit vectors out.

A name chooses the embedder: a packaged model ("minilm-ops"), a folder in sentence-transformers' layout, or a hub id
("sentence-transformers/all-mpnet-base-v2"). Its weights and tokenizer are identified by one sha256, and what computes
with them by a runtime: OpenVINO where it is installed and knows the model, PyTorch otherwise.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from ingest.embed_runtime import can_run, choose_runtime
from ingest.errors import ModelError
from ingest.files import sha256_file
from ingest.models import MODELS, find_model

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]

Progress = Callable[[int], None]
"""Called with the number of texts that were embedded since the last call."""

_MODEL_FILES = ("*.json", "*.txt", "*.model", "*.safetensors", "*.bin")
WORD_HASH = "word-hash"


@dataclass(frozen=True, slots=True)
class EmbedderInfo:
    """Which embedder made a vector: the name to load it by, sha256 of its files, length of its vectors, its runtime.

    The runtime names library and precision ("openvino-bf16"); it is "" where neither matters.
    """

    id: str
    sha256: str
    dim: int
    runtime: str = ""


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

    def embed_documents(self, texts: Sequence[str], *, progress: Progress = ...) -> "Vectors":
        """Vectors of shape (len(texts), dim), in the order of the texts."""

    def embed_passages(self, passages: Sequence[Passage], *, progress: Progress = ...) -> "list[Vectors]":
        """For each passage (1 + spans, dim): its vector, then those of its spans as they stand in it."""

    def embed_query(self, text: str) -> "Vectors":
        """One vector of shape (dim,)."""


def embedder_info(name: str, *, models: Path, runtime: str = "auto") -> EmbedderInfo:
    """What the embedder of that name is called in manifests; cheap. Raises ModelError as load_embedder does."""
    return _find(name, models, runtime)[0]


def load_embedder(name: str, *, models: Path, threads: int = 0, batch: int = 32, runtime: str = "auto") -> Embedder:
    """The embedder of that name; `models` holds the packaged ones, `threads` 0 takes all cores.

    `batch` is for PyTorch alone. Raises ModelError when its files are missing or the runtime can't be had.
    """
    info, folder = _find(name, models, runtime)
    # NumPy, OpenVINO and PyTorch are slow to import, and a run that finds nothing changed needs none of them.
    if name == WORD_HASH:
        from ingest.embed_words import WordHashEmbedder  # noqa: PLC0415

        return WordHashEmbedder()
    if info.runtime.startswith("openvino"):
        from ingest.embed_openvino import OpenVinoEmbedder  # noqa: PLC0415

        return OpenVinoEmbedder(info, folder, models, threads=threads)
    from ingest.embed_torch import TorchEmbedder  # noqa: PLC0415

    return TorchEmbedder(info, folder, threads=threads, batch=batch)


def _find(name: str, models: Path, runtime: str) -> tuple[EmbedderInfo, Path]:
    if name == WORD_HASH:
        return EmbedderInfo(id=name, sha256=hashlib.sha256(b"word-hash 1").hexdigest(), dim=256), models
    folder, hashes = _resolve(name, models)
    chosen = choose_runtime(folder, runtime)
    return EmbedderInfo(id=name, sha256=_joint_sha256(hashes), dim=_dimension(folder), runtime=chosen), folder


def load_embedder_of(info: EmbedderInfo, *, models: Path, threads: int = 0) -> Embedder:
    """The embedder that made an index; ModelError when the model at hand under that name is another.

    Where its runtime can't be had, another one does: the cosine between their vectors of a text is above 0.999.
    """
    runtime = info.runtime if can_run(info.runtime) else "auto"
    embedder = load_embedder(info.id, models=models, threads=threads, runtime=runtime)
    if (embedder.info.sha256, embedder.info.dim) != (info.sha256, info.dim):
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
            raise ModelError(f"{name} is a chat model", hint="set INGEST_EMBEDDER to an embedding model: minilm-ops")
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
            hint="packaged: minilm-ops, minilm; otherwise give a folder, or fetch it where the hub is reachable",
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
