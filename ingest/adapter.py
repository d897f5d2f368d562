"""A low-rank adapter of a packaged model (Hu et al., LoRA, 2021): what it learned later, in a small file.

A weight matrix W (out, in) becomes W + B A. A (rank, in) and B (out, rank) are stored as whole numbers with a power of
two as scale: their product is exact in double precision whatever the order of its sums, so that the merged weights
are the same bytes on every machine and can be pinned by sha256 like those that were fetched.
"""

import json
import struct
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open

from ingest.errors import ModelError

_LENGTH = struct.Struct("<Q")  # of the header, at the start of a safetensors file


def merge_adapter(weights: Path, adapter: Path) -> None:
    """Add the adapter to the float32 matrices in the safetensors file `weights`, in place; raises ModelError."""
    places = _places(weights)
    try:
        with safe_open(str(adapter), "numpy") as learned:
            said = learned.metadata() or {}
            scale = 2.0 ** -(int(said["a_bits"]) + int(said["b_bits"]))
            names = [name.removesuffix(".a") for name in learned.keys() if name.endswith(".a")]  # noqa: SIM118 -- no dict
            deltas = {
                name: learned.get_tensor(f"{name}.b").astype(np.float64) @ learned.get_tensor(f"{name}.a") * scale
                for name in names
            }
    except (SafetensorError, OSError, KeyError, ValueError) as error:
        raise ModelError(f"{adapter} is no adapter: {error}") from error
    for name, delta in deltas.items():
        if name not in places:
            raise ModelError(f"{adapter} adapts {name}, which {weights} does not have")
        start, shape = places[name]
        matrix = np.memmap(weights, dtype="<f4", mode="r+", offset=start, shape=shape)
        matrix[:] = (matrix + delta).astype(np.float32)
        matrix.flush()


def write_token_limit(folder: Path, tokens: int) -> None:
    """Say in a sentence-transformers folder how many tokens of a text the model reads."""
    limit = {"max_seq_length": tokens, "do_lower_case": False}
    (folder / "sentence_bert_config.json").write_text(json.dumps(limit), "utf-8")


def _places(weights: Path) -> dict[str, tuple[int, tuple[int, ...]]]:
    """Where each float32 tensor of a safetensors file starts, in bytes, and its shape."""
    with weights.open("rb") as file:
        (length,) = _LENGTH.unpack(file.read(_LENGTH.size))
        header = json.loads(file.read(length))
    start = _LENGTH.size + length
    return {
        name: (start + entry["data_offsets"][0], tuple(entry["shape"]))
        for name, entry in header.items()
        if entry.get("dtype") == "F32"
    }
