"""A cross-encoder from a folder changes the order of the best passages, their scale stays, and nothing else moves."""

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from sentence_transformers import CrossEncoder
from small_library import EMBEDDER, build
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast

from app.access import Reader
from app.library import Library
from app.question import read_question
from app.rerank import Reranker, load_reranker
from app.retrieve import Filters, Retriever
from ingest.errors import ModelError
from ingest.index import Index

TODAY, ANYONE = Filters(as_of=date(2026, 11, 23)), Reader("anyone")
QUESTION = "How are returned funds booked?"


def make_cross_encoder(folder: Path, labels: int = 1) -> Path:
    """A cross-encoder with two tiny layers of random weights, in sentence-transformers' layout."""
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "funds", "returned", "booked", "chaps", "account", "approve", "gbp"]
    tokenizer = Tokenizer(models.WordLevel({word: number for number, word in enumerate(words)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
    )
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]"
    )
    fast.model_max_length = 64
    torch.manual_seed(7)
    config = BertConfig(
        vocab_size=len(words), hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32,
        max_position_embeddings=64, num_labels=labels, initializer_range=0.5,
    )  # fmt: skip
    BertForSequenceClassification(config).save_pretrained(folder)
    fast.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_cross_encoder(tmp_path_factory.mktemp("cross") / "encoder")


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Index:
    return build(tmp_path_factory.mktemp("index") / "g")


def test_rows_are_ordered_by_both_and_keep_the_scale(folder: Path, index: Index) -> None:
    rows, scores = np.arange(4), np.array([0.9, 0.7, 0.5, 0.2], dtype=np.float32)
    found, blended = Reranker(str(folder)).rerank(QUESTION, index, rows, scores)
    chunks = index.chunks(rows)
    pairs = [(QUESTION, "\n".join([*chunk.heading_path, chunk.text])) for chunk in chunks]
    judged = CrossEncoder(str(folder), device="cpu").predict(pairs)
    placed = (judged - judged.min()) / (judged.max() - judged.min())
    expected = 0.5 * scores + 0.5 * (0.2 + 0.7 * placed)
    assert found.tolist() == np.argsort(-expected).tolist()
    assert blended == pytest.approx(np.sort(expected)[::-1], abs=1e-5)
    assert blended.min() >= 0.2 and blended.max() <= 0.9


def test_passages_beyond_those_it_reads_stay_where_they_are(
    folder: Path, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.rerank.READ", 2)
    rows, scores = np.array([3, 1, 0, 2]), np.array([0.9, 0.8, 0.3, 0.1], dtype=np.float32)
    found, blended = Reranker(str(folder)).rerank(QUESTION, index, rows, scores)
    assert found[2:].tolist() == [0, 2] and blended[2:] == pytest.approx([0.3, 0.1])
    assert set(found[:2].tolist()) == {3, 1}


def test_one_passage_or_none_is_left_alone(folder: Path, index: Index) -> None:
    reranker = Reranker(str(folder))
    for rows in (np.zeros(0, dtype=np.int64), np.array([1])):
        found, scores = reranker.rerank(QUESTION, index, rows, np.full(len(rows), 0.4, dtype=np.float32))
        assert found.tolist() == rows.tolist() and len(scores) == len(rows)


def test_the_search_uses_it_and_still_permits_no_more(folder: Path, index: Index) -> None:
    plain, again = Retriever(index, EMBEDDER), Retriever(index, EMBEDDER, reranker=Reranker(str(folder)))
    question = read_question(QUESTION)
    before, after = (retriever.search(question, TODAY, ANYONE) for retriever in (plain, again))
    assert {hit.chunk_id for hit in after.hits} <= {chunk for hit in before.hits for chunk in hit.chunk_ids}
    assert [hit.score for hit in after.hits] != [hit.score for hit in before.hits]
    assert all(hit.doc_id != "SAN-1" for hit in after.hits)


def test_nothing_is_loaded_where_none_is_named(tmp_path: Path) -> None:
    assert load_reranker("") is None
    assert Library(tmp_path, tmp_path)._reranker is None


@pytest.mark.parametrize("what", ["no such folder", "empty", "two outputs", "pickled", "damaged"])
def test_what_can_t_be_loaded_is_one_line(what: str, tmp_path: Path) -> None:
    folder = tmp_path / "encoder"
    match what:
        case "empty":
            folder.mkdir()
        case "two outputs":
            make_cross_encoder(folder, labels=2)
        case "pickled":
            make_cross_encoder(folder)
            weights: dict[str, Any] = {"a": torch.zeros(1)}
            torch.save(weights, folder / "pytorch_model.bin")
            (folder / "model.safetensors").unlink()
        case "damaged":
            make_cross_encoder(folder)
            save_file({}, folder / "model.safetensors")
            (folder / "model.safetensors").write_bytes(b"\xff" * 64)
    with pytest.raises(ModelError, match="APP_RERANKER") as caught:
        Reranker(str(folder))
    assert "\n" not in str(caught.value) and caught.value.hint
