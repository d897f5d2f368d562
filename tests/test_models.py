"""Packaged models: fetched through pip in parts, resumed, checked."""

import errno
import hashlib
import json
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from ingest import models
from ingest.embed_runtime import token_limit
from ingest.errors import ModelError
from ingest.fetch import fetch_model
from ingest.models import Adapter, PackagedModel, find_model, packaged_model

PARTS = (b"first part " * 100, b"second part " * 100, b"third")


def make_wheel(folder: Path, name: str, members: dict[str, bytes]) -> None:
    info = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(folder / f"{name}-1.0-py3-none-any.whl", "w") as archive:
        for member, data in members.items():
            archive.writestr(f"{name}/{member}", data)
        archive.writestr(f"{name}/__init__.py", "raise SystemExit('the code of a model package must never run')")
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "wheels"
    folder.mkdir()
    for number, part in enumerate(PARTS, start=1):
        make_wheel(folder, f"toy_part{number}", {f"data/part{number}.bin": part})
    make_wheel(folder, "toy_folder", {"model/config.json": b"{}", "model/1_Pooling/config.json": b"[]"})
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    return folder


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


SPLIT = PackagedModel(
    name="toy",
    title="Toy",
    wheels=tuple(f"toy-part{number}==1.0" for number in (1, 2, 3)),
    inside="data/",
    files={"toy.gguf": sha256(b"".join(PARTS))},
    size=3000,
    joined="toy.gguf",
    entry="toy.gguf",
)
FOLDER = PackagedModel(
    name="folder",
    title="Folder",
    wheels=("toy-folder==1.0",),
    inside="model/",
    files={"config.json": sha256(b"{}"), "1_Pooling/config.json": sha256(b"[]")},
    size=10,
)


def test_parts_are_joined_and_checked(wheels: Path, tmp_path: Path) -> None:
    came: list[int] = []
    path = fetch_model(SPLIT, tmp_path / "models", progress=came.append)
    assert path == tmp_path / "models/toy/toy.gguf"
    assert path.read_bytes() == b"".join(PARTS)
    assert came[-1] == len(b"".join(PARTS))
    assert find_model(SPLIT, tmp_path / "models", verify=True) == path


def test_a_folder_keeps_its_layout_and_leaves_the_code_behind(wheels: Path, tmp_path: Path) -> None:
    path = fetch_model(FOLDER, tmp_path / "models")
    found = {entry.relative_to(path).as_posix() for entry in path.rglob("*") if entry.is_file()}
    assert found == {"config.json", "1_Pooling/config.json", ".checked.json"}


def test_a_cut_fetch_goes_on_where_it_was(wheels: Path, tmp_path: Path) -> None:
    third = next(wheels.glob("toy_part3*"))
    kept = third.read_bytes()
    third.unlink()
    with pytest.raises(ModelError, match=r"pip could not fetch toy-part3==1\.0") as failed:
        fetch_model(SPLIT, tmp_path / "models")
    assert "it resumes" in failed.value.hint
    for number in (1, 2):
        next(wheels.glob(f"toy_part{number}*")).unlink()  # needed no more
    third.write_bytes(kept)
    assert fetch_model(SPLIT, tmp_path / "models").read_bytes() == b"".join(PARTS)


def test_half_a_part_left_by_a_kill_is_taken_back(wheels: Path, tmp_path: Path) -> None:
    staging = tmp_path / "models/.toy.partial"
    staging.mkdir(parents=True)
    (staging / "toy.gguf").write_bytes(PARTS[0] + PARTS[1][:7])
    (staging / ".fetched.json").write_text(f'{{"parts": 1, "sizes": {{"toy.gguf": {len(PARTS[0])}}}}}')
    assert fetch_model(SPLIT, tmp_path / "models").read_bytes() == b"".join(PARTS)


def test_other_bytes_than_the_pinned_ones_are_refused(wheels: Path, tmp_path: Path) -> None:
    make_wheel(wheels, "toy_part3", {"data/part3.bin": b"thirD"})
    with pytest.raises(ModelError, match="does not have the expected sha256"):
        fetch_model(SPLIT, tmp_path / "models")
    assert not (tmp_path / "models/toy").exists()
    assert not (tmp_path / "models/.toy.partial").exists()


def test_a_fetched_model_is_not_hashed_again_until_it_is_touched(
    wheels: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = fetch_model(SPLIT, tmp_path / "models")
    hashed: list[Path] = []
    real = models.sha256_file
    monkeypatch.setattr(models, "sha256_file", lambda file: hashed.append(file) or real(file))
    find_model(SPLIT, tmp_path / "models")
    assert hashed == []
    path.write_bytes(b"".join(PARTS).replace(b"third", b"thirD"))
    with pytest.raises(ModelError, match="does not have the expected sha256"):
        find_model(SPLIT, tmp_path / "models")
    assert hashed == [path]


def test_a_folder_that_can_not_be_written_serves_too(
    wheels: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = fetch_model(SPLIT, tmp_path / "models")
    os.utime(path, (1, 1))  # as copying into an image does

    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(models, "replace_file", refuse)
    assert find_model(SPLIT, tmp_path / "models") == path


def test_a_missing_model_names_the_command_that_fetches_it(tmp_path: Path) -> None:
    with pytest.raises(ModelError) as missing:
        find_model(packaged_model("minilm"), tmp_path)
    assert missing.value.hint == "run: python -m ingest models minilm"
    with pytest.raises(ModelError, match="unknown model 'nope'"):
        packaged_model("nope")


def test_adapters_are_added_in_turn_and_the_limit_of_tokens_is_written(wheels: Path, tmp_path: Path) -> None:
    plain, wanted = tmp_path / "plain.safetensors", tmp_path / "wanted.safetensors"
    save_file({"layer.weight": np.ones((2, 2), np.float32)}, plain)
    save_file({"layer.weight": np.full((2, 2), 4.0, np.float32)}, wanted)
    adapters = (tmp_path / "first.safetensors", tmp_path / "second.safetensors")
    for number, path in enumerate(adapters, 1):
        parts = {"layer.weight.a": np.ones((1, 2), np.int16), "layer.weight.b": np.full((2, 1), number, np.int16)}
        save_file(parts, path, {"a_bits": "0", "b_bits": "0"})
    limit = "sentence_bert_config.json"
    members = {"model/model.safetensors": plain.read_bytes(), f"model/{limit}": b'{"max_seq_length": 256}'}
    make_wheel(wheels, "toy_reader", members)
    said = b'{"max_seq_length": 320, "do_lower_case": false}'
    model = PackagedModel(
        name="reader",
        title="Reader",
        wheels=("toy-reader==1.0",),
        inside="model/",
        files={"model.safetensors": sha256(wanted.read_bytes()), limit: sha256(said)},
        size=10,
        adapter=Adapter("model.safetensors", sha256(plain.read_bytes()), adapters, tokens=320),
    )
    folder = fetch_model(model, tmp_path / "models")
    assert load_file(folder / "model.safetensors")["layer.weight"].tolist() == [[4.0, 4.0], [4.0, 4.0]]
    assert token_limit(folder) == 320


def test_an_adapter_is_added_once_to_what_came_and_the_sum_is_checked(wheels: Path, tmp_path: Path) -> None:
    plain, adapter = tmp_path / "plain.safetensors", tmp_path / "adapter.safetensors"
    save_file({"layer.weight": np.ones((2, 2), np.float32)}, plain)
    save_file(
        {"layer.weight.a": np.ones((1, 2), np.int16), "layer.weight.b": np.full((2, 1), 3, np.int16)},
        adapter,
        {"a_bits": "0", "b_bits": "1"},
    )
    make_wheel(wheels, "toy_adapted", {"model/model.safetensors": plain.read_bytes()})
    wanted = tmp_path / "wanted.safetensors"
    save_file({"layer.weight": np.full((2, 2), 2.5, np.float32)}, wanted)
    model = PackagedModel(
        name="adapted",
        title="Adapted",
        wheels=("toy-adapted==1.0",),
        inside="model/",
        files={"model.safetensors": sha256(wanted.read_bytes())},
        size=10,
        adapter=Adapter("model.safetensors", sha256(plain.read_bytes()), (adapter,)),
    )
    path = fetch_model(model, tmp_path / "models")
    assert load_file(path / "model.safetensors")["layer.weight"].tolist() == [[2.5, 2.5], [2.5, 2.5]]

    # A run that was killed after the adapter was added, before the folder got its name, goes on from there.
    (path / ".checked.json").rename(path / ".fetched.json")
    state = {"parts": 1, "sizes": {"model.safetensors": wanted.stat().st_size}}
    (path / ".fetched.json").write_text(json.dumps(state))
    path.rename(tmp_path / "models/.adapted.partial")
    assert (fetch_model(model, tmp_path / "models") / "model.safetensors").read_bytes() == wanted.read_bytes()

    save_file({"layer.weight.a": np.zeros((1, 2), np.int16), "layer.weight.b": np.zeros((2, 1), np.int16)}, adapter)
    with pytest.raises(ModelError, match="is no adapter"):
        fetch_model(model, tmp_path / "elsewhere")
