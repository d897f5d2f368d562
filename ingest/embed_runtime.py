"""What computes an embedding: OpenVINO or PyTorch, in bfloat16 or in full floats. Light: imports neither of them."""

import json
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

from ingest.errors import ModelError

Runtime = Literal["auto", "openvino-bf16", "openvino-f32", "torch-bf16", "torch-f32"]
_CPU_INFO = Path("/proc/cpuinfo")
_BF16_FLAGS = {"avx512_bf16", "amx_bf16"}
_ARCHITECTURES = {"bert", "distilbert", "mpnet", "roberta", "xlm-roberta"}
_POOLINGS = ("pooling_mode_mean_tokens", "pooling_mode_cls_token")


def choose_runtime(folder: Path, wanted: str = "auto") -> str:
    """The runtime for the model in a folder; ModelError where the one that is wanted can't be had.

    Products in bfloat16, where the processor has them in hardware, are more than twice as fast, and the vectors' cosine
    to those in full floats is above 0.999.
    """
    if wanted == "auto":
        library = "openvino" if _has_openvino() and pooling_of(folder) else "torch"
        return f"{library}-{'bf16' if has_bf16() else 'f32'}"
    if not can_run(wanted):
        raise ModelError(f"{wanted} can't be had on this machine", hint="set INGEST_EMBED_RUNTIME=auto")
    if wanted.startswith("openvino") and not pooling_of(folder):
        raise ModelError(f"{folder} is no model that OpenVINO is used for", hint="set INGEST_EMBED_RUNTIME=auto")
    return wanted


def can_run(runtime: str) -> bool:
    """Whether this machine has the library and the precision that a runtime names."""
    library, _, precision = runtime.partition("-")
    return (library == "torch" or (library == "openvino" and _has_openvino())) and (precision != "bf16" or has_bf16())


def pooling_of(folder: Path) -> str:
    """How OpenVinoEmbedder makes one vector of the tokens': "mean", "cls", or "" for a model it is not made for."""
    config, modules = _read(folder / "config.json"), _read(folder / "modules.json")
    kinds = [module["type"].rpartition(".")[2] for module in modules] if isinstance(modules, list) else []
    prompt = (_read(folder / "config_sentence_transformers.json") or {}).get("default_prompt_name")
    plain = kinds in (["Transformer", "Pooling"], ["Transformer", "Pooling", "Normalize"]) and not prompt
    known = isinstance(config, dict) and config.get("model_type") in _ARCHITECTURES
    if not (plain and known and (folder / "tokenizer.json").is_file()):
        return ""
    pooling = _read(folder / "1_Pooling/config.json") or {}
    chosen = [name for name, value in pooling.items() if name.startswith("pooling_mode") and value is True]
    return {_POOLINGS[0]: "mean", _POOLINGS[1]: "cls"}.get(chosen[0], "") if len(chosen) == 1 else ""


def token_limit(folder: Path) -> int:
    """The most tokens of a text that a model reads."""
    for name, key in (("sentence_bert_config.json", "max_seq_length"), ("config.json", "max_position_embeddings")):
        limit = (_read(folder / name) or {}).get(key)
        if limit:
            return int(limit)
    return 512


@cache
def has_bf16() -> bool:
    """Whether the processor multiplies bfloat16 matrices in hardware."""
    try:
        text = _CPU_INFO.read_text("utf-8")
    except OSError:
        return False
    flags = next((line for line in text.splitlines() if line.startswith("flags")), "")
    return bool(_BF16_FLAGS & set(flags.split()))


@cache
def _has_openvino() -> bool:
    return find_spec("openvino") is not None


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return None
