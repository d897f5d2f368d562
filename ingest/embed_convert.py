"""Models in OpenVINO's form: converted once in a process of its own, kept beside the packaged models.

The conversion needs PyTorch and about 600 MB of memory; what it leaves (model.xml and model.bin) needs OpenVINO alone.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock

from ingest.embed_runtime import token_limit
from ingest.errors import ModelError
from ingest.files import sha256_file

_FORM = "1"
_LEAST_COSINE = 0.9999
_CHECKED = ("The account is closed.", "Payments received after the cut-off time are executed on the next business day.")


def converted_model(folder: Path, sha256: str, models: Path) -> Path:
    """The model.xml of the model in `folder`, whose files have the joint `sha256`, below `models`/.openvino.

    Converted first where it is not there or not as it was left; ModelError when that can't be done.
    """
    place = models.resolve() / ".openvino"
    home = place / f"{sha256[:16]}-{_FORM}-{version('openvino')}"
    if not _is_whole(home):
        try:
            place.mkdir(parents=True, exist_ok=True)
            with FileLock(place / "lock"):
                if not _is_whole(home):  # another process may have converted it while we waited
                    _convert_into(home, folder)
        except OSError as error:
            raise ModelError(f"{home} can't be written: {error.strerror}", hint="set INGEST_MODELS") from error
    return home / "model.xml"


def _is_whole(home: Path) -> bool:
    try:
        hashes: dict[str, str] = json.loads((home / "sha256.json").read_text("utf-8"))
        return all(sha256_file(home / name) == expected for name, expected in hashes.items())
    except (OSError, ValueError):
        return False


def _convert_into(home: Path, folder: Path) -> None:
    for older in home.parent.glob(f"{home.name.partition('-')[0]}-*"):
        shutil.rmtree(older)
    with tempfile.TemporaryDirectory(dir=home.parent, prefix=".partial-") as draft:
        command = [sys.executable, "-m", "ingest.embed_convert", str(folder.resolve()), draft]
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[1])}
        done = subprocess.run(command, env=environment, cwd=draft, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            reason = (done.stderr.strip().splitlines() or ["no reason was given"])[-1]
            raise ModelError(
                f"{folder} can't be converted for OpenVINO ({reason})", hint="set INGEST_EMBED_RUNTIME=torch-f32"
            )
        written = Path(draft) / "written"
        hashes = {path.name: sha256_file(path) for path in sorted(written.iterdir())}
        (written / "sha256.json").write_text(json.dumps(hashes), "utf-8")
        written.rename(home)


def import_openvino() -> Any:
    """OpenVINO, kept from its telemetry: by default its import reports to Google Analytics."""
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]  # None is how an import is barred
    import openvino  # noqa: PLC0415 -- slow to import, and only after the line above

    return openvino


def _convert(folder: Path, out: Path) -> None:
    import torch  # noqa: PLC0415 -- only the process that converts needs it
    from transformers import AutoModel, AutoTokenizer  # noqa: PLC0415 -- as above

    openvino = import_openvino()
    model = AutoModel.from_pretrained(folder, local_files_only=True).eval()
    tokens = AutoTokenizer.from_pretrained(folder, local_files_only=True)(
        list(_CHECKED), padding=True, truncation=True, max_length=token_limit(folder), return_tensors="pt"
    )

    class TokenVectors(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = model

        def forward(self, input_ids: Any, attention_mask: Any) -> Any:
            return self.inner(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state

    ones = torch.ones(2, 16, dtype=torch.int64)
    with torch.no_grad():
        converted = openvino.convert_model(
            TokenVectors(), example_input={"input_ids": ones, "attention_mask": ones.clone()}
        )
        expected = TokenVectors()(tokens["input_ids"], tokens["attention_mask"]).numpy()
    exact = {"INFERENCE_PRECISION_HINT": "f32"}
    compiled = openvino.Core().compile_model(converted, "CPU", exact)
    found = compiled([tokens["input_ids"].numpy(), tokens["attention_mask"].numpy()])[0]
    _compare(found, expected, tokens["attention_mask"].numpy().astype(bool))
    openvino.save_model(converted, out / "model.xml", compress_to_fp16=False)


def _compare(found: Any, expected: Any, real: Any) -> None:
    a, b = found[real], expected[real]
    cosines = (a * b).sum(axis=1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)
    if not cosines.min() > _LEAST_COSINE:
        raise ModelError(f"its vectors differ from PyTorch's, cosine {cosines.min():.4f}")


if __name__ == "__main__":
    Path(sys.argv[2], "written").mkdir()
    _convert(Path(sys.argv[1]), Path(sys.argv[2], "written"))
