"""Low-rank adapters: added to a model's weights, the same bytes everywhere."""

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from ingest.adapter import merge_adapter
from ingest.errors import ModelError

RNG = np.random.default_rng(7)
WEIGHTS = {
    "encoder.query.weight": RNG.normal(size=(6, 4)).astype(np.float32),
    "encoder.query.bias": RNG.normal(size=6).astype(np.float32),
    "positions": np.arange(5),
}
A = RNG.integers(-3000, 3000, (2, 4)).astype(np.int16)
B = RNG.integers(-3000, 3000, (6, 2)).astype(np.int16)


def _files(folder: Path, name: str = "encoder.query.weight", **metadata: str) -> tuple[Path, Path]:
    weights, adapter = folder / "model.safetensors", folder / "adapter.safetensors"
    save_file(WEIGHTS, weights)
    save_file({f"{name}.a": A, f"{name}.b": B}, adapter, {"a_bits": "12", "b_bits": "13", **metadata})
    return weights, adapter


def test_an_adapter_is_added_to_the_matrix_that_it_names(tmp_path: Path) -> None:
    weights, adapter = _files(tmp_path)
    merge_adapter(weights, adapter)
    merged = load_file(weights)
    expected = WEIGHTS["encoder.query.weight"] + (B / 2**13) @ (A / 2**12)
    assert np.allclose(merged["encoder.query.weight"], expected, atol=1e-6)
    assert np.abs(merged["encoder.query.weight"] - WEIGHTS["encoder.query.weight"]).max() > 0.01
    assert all(np.array_equal(merged[name], WEIGHTS[name]) for name in ("encoder.query.bias", "positions"))


def test_the_order_of_sums_does_not_change_a_byte(tmp_path: Path) -> None:
    weights, adapter = _files(tmp_path)
    merge_adapter(weights, adapter)
    whole = weights.read_bytes()
    save_file(WEIGHTS, weights)
    turned = {"encoder.query.weight.a": A[::-1].copy(), "encoder.query.weight.b": B[:, ::-1].copy()}
    save_file(turned, adapter, {"a_bits": "12", "b_bits": "13"})
    merge_adapter(weights, adapter)
    assert weights.read_bytes() == whole


def test_what_is_no_adapter_of_the_model_is_refused(tmp_path: Path) -> None:
    weights, adapter = _files(tmp_path, "encoder.other.weight")
    with pytest.raises(ModelError, match=r"adapts encoder\.other\.weight, which"):
        merge_adapter(weights, adapter)
    _files(tmp_path, a_bits="many")
    with pytest.raises(ModelError, match="is no adapter"):
        merge_adapter(weights, adapter)
    adapter.write_bytes(b"\x00" * 20)
    with pytest.raises(ModelError, match="is no adapter"):
        merge_adapter(weights, adapter)
