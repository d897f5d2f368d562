"""Runtimes of an embedder: which one is chosen, that they agree, that a vector depends on its text alone."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from ingest.embed import EmbedderInfo, Passage, load_embedder, load_embedder_of
from ingest.embed_convert import converted_model
from ingest.embed_runtime import choose_runtime, pooling_of, token_limit
from ingest.errors import ModelError
from ingest.models import MINILM_OPS

MODELS = Path(".models")
needs_minilm = pytest.mark.skipif(
    not (MODELS / MINILM_OPS.name).is_dir(),
    reason="the embedding model is not fetched: python -m ingest models minilm-ops",
)
TEXTS = [
    "AC04",
    "The cut-off of CHAPS is at 17:00.",
    "Return the funds within two business days. " * 9,
    "A payment to a closed account comes back as pacs.004. " * 40,
]


def describe_model(folder: Path, *, pooling: str = "mean_tokens", **changes: object) -> Path:
    """The configuration files of a sentence-transformers folder, without weights."""
    paths = {"Transformer": "", "Pooling": "1_Pooling", "Normalize": "2_Normalize"}
    files: dict[str, object] = {
        "config.json": {"model_type": "bert", "hidden_size": 32},
        "modules.json": [
            {"idx": number, "name": str(number), "path": path, "type": f"sentence_transformers.models.{kind}"}
            for number, (kind, path) in enumerate(paths.items())
        ],
        "1_Pooling/config.json": {"word_embedding_dimension": 32, f"pooling_mode_{pooling}": True},
        "sentence_bert_config.json": {"max_seq_length": 48},
        "tokenizer.json": {},
        **changes,
    }
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(json.dumps(content), "utf-8")
    return folder


def make_model(folder: Path) -> Path:
    """A tiny BERT with random weights that takes its first token's vector for the text's."""
    import torch  # noqa: PLC0415 -- slow, and only this model needs it
    from transformers import BertConfig, BertModel, BertTokenizerFast  # noqa: PLC0415 -- as above

    torch.manual_seed(1)
    describe_model(folder, pooling="cls_token")
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"abcdefghijklmnopqrstuvwxyz0123456789.-:"]
    vocabulary = {word: number for number, word in enumerate(words + [f"##{word}" for word in words[5:]])}
    BertTokenizerFast(vocab=vocabulary).save_pretrained(str(folder))
    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
    BertModel(BertConfig(vocab_size=len(vocabulary), max_position_embeddings=64, **sizes)).save_pretrained(folder)
    return folder


def test_openvino_is_used_for_the_models_it_is_made_for(tmp_path: Path) -> None:
    bert = describe_model(tmp_path / "bert")
    assert choose_runtime(bert).startswith("openvino-")
    assert (pooling_of(bert), token_limit(bert)) == ("mean", 48)
    assert pooling_of(describe_model(tmp_path / "cls", pooling="cls_token")) == "cls"
    others: dict[str, dict[str, object]] = {
        "architecture": {"config.json": {"model_type": "gemma3"}},
        "prompt": {"config_sentence_transformers.json": {"default_prompt_name": "query"}},
        "dense": {"modules.json": [{"type": f"models.{kind}"} for kind in ("Transformer", "Pooling", "Dense")]},
    }
    for name, changes in others.items():
        folder = describe_model(tmp_path / name, **changes)
        assert choose_runtime(folder).startswith("torch-"), name
        with pytest.raises(ModelError, match="no model that OpenVINO is used for"):
            choose_runtime(folder, "openvino-f32")


def test_a_precision_that_the_processor_lacks_is_not_promised(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest.embed_runtime.has_bf16", lambda: False)
    folder = describe_model(tmp_path)
    assert choose_runtime(folder) == "openvino-f32"
    with pytest.raises(ModelError, match="openvino-bf16 can't be had"):
        choose_runtime(folder, "openvino-bf16")


@needs_minilm
def test_an_index_from_a_machine_with_another_runtime_can_be_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    made = load_embedder("minilm-ops", models=MODELS).info
    monkeypatch.setattr("ingest.embed_runtime.has_bf16", lambda: False)
    made_there = EmbedderInfo(made.id, made.sha256, made.dim, "openvino-bf16")
    assert load_embedder_of(made_there, models=MODELS).info.runtime == "openvino-f32"


@needs_minilm
@pytest.mark.slow
def test_a_vector_depends_on_its_text_alone() -> None:
    embedder = load_embedder("minilm-ops", models=MODELS)
    passages = [Passage(text, ((0, 4),)) for text in TEXTS]
    alone = [embedder.embed_passages([passage])[0] for passage in passages]
    one_thread = load_embedder("minilm-ops", models=MODELS, threads=1)
    for among_others in (embedder.embed_passages(passages * 4), one_thread.embed_passages(passages[::-1])[::-1]):
        assert all(np.array_equal(*pair) for pair in zip(alone, among_others, strict=False))
    assert all(np.array_equal(embedder.embed_query(text), own[0]) for text, own in zip(TEXTS, alone, strict=True))


@needs_minilm
@pytest.mark.slow
def test_all_runtimes_give_the_same_vectors() -> None:
    passages = [Passage(text, ((0, 4), (4, 12))) for text in TEXTS]
    auto, exact = (load_embedder("minilm-ops", models=MODELS, runtime=name) for name in ("auto", "torch-f32"))
    for ours, theirs in zip(auto.embed_passages(passages), exact.embed_passages(passages), strict=True):
        assert ours.shape == theirs.shape
        assert (ours * theirs).sum(axis=1).min() > 0.999
    assert auto.embed_query(TEXTS[1]) @ exact.embed_query(TEXTS[1]) > 0.999


@pytest.mark.slow
def test_any_folder_is_converted_once_and_again_when_damaged(tmp_path: Path) -> None:
    folder, models = make_model(tmp_path / "model"), tmp_path / "models"
    ours = load_embedder(str(folder), models=models, runtime="openvino-f32")
    theirs = load_embedder(str(folder), models=models, runtime="torch-f32")
    assert (ours.embed_documents(TEXTS) * theirs.embed_documents(TEXTS)).sum(axis=1).min() > 0.9999
    path = converted_model(folder, ours.info.sha256, models)
    made = path.stat().st_mtime_ns
    assert converted_model(folder, ours.info.sha256, models).stat().st_mtime_ns == made
    path.write_bytes(path.read_bytes().replace(b"f32", b"f16"))
    assert b"f32" in converted_model(folder, ours.info.sha256, models).read_bytes()
    assert sorted(entry.name for entry in path.parents[1].iterdir()) == sorted([path.parent.name, "lock"])


@pytest.mark.slow
def test_a_model_that_cannot_be_converted_says_why(tmp_path: Path) -> None:
    embedder = load_embedder(str(describe_model(tmp_path / "model")), models=tmp_path, runtime="openvino-f32")
    with pytest.raises(ModelError, match=r"can't be converted for OpenVINO .*INGEST_EMBED_RUNTIME=torch-f32"):
        embedder.embed_query("AC04")


def test_openvino_sends_no_telemetry(tmp_path: Path) -> None:
    code = "import sys; from ingest.embed_convert import import_openvino as load; load().Core(); "
    code += "sys.exit(any(name.startswith('openvino_telemetry.') for name in sys.modules))"
    subprocess.run([sys.executable, "-c", code], env={**os.environ, "HOME": str(tmp_path)}, check=True)
    assert list(tmp_path.iterdir()) == []
