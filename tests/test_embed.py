"""Embedders: unit vectors, order kept, identified by their files."""

from pathlib import Path

import numpy as np
import pytest

from ingest.embed import EmbedderInfo, Passage, load_embedder, load_embedder_of
from ingest.embed_words import WordHashEmbedder
from ingest.errors import ModelError
from ingest.langchain import EmbedderEmbeddings
from ingest.models import MINILM_OPS

MODELS = Path(".models")
needs_minilm = pytest.mark.skipif(
    not (MODELS / MINILM_OPS.name).is_dir(),
    reason="the embedding model is not fetched: python -m ingest models minilm-ops",
)


def test_word_hash_keeps_meaning() -> None:
    embedder = WordHashEmbedder()
    about = embedder.embed_documents(["The account is closed, code AC04.", "Cut-off of CHAPS is at 17:00.", ""])
    near, far, empty = about @ embedder.embed_query("closed accounts AC04")
    assert near > 0.5 > far
    assert np.allclose(np.linalg.norm(about, axis=1), 1)
    assert about.dtype == np.float32
    assert empty < near
    assert embedder.embed_documents([]).shape == (0, 256)


@needs_minilm
@pytest.mark.slow
def test_minilm_embeds_in_order_whatever_the_lengths() -> None:
    embedder = load_embedder("minilm-ops", models=MODELS, threads=1)
    assert embedder.info.dim == 384
    texts = ["AC04", "A long text about the return of a payment to a closed account. " * 8, "Cut-off times"]
    done: list[int] = []
    vectors = embedder.embed_documents(texts, progress=done.append)
    assert vectors.shape == (3, 384)
    assert sum(done) == 3
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    for text, vector in zip(texts, vectors, strict=True):
        assert embedder.embed_query(text) @ vector > 0.9998
    assert embedder.embed_query("the account was closed") @ vectors[1] > embedder.embed_query("zebra") @ vectors[1]


@needs_minilm
@pytest.mark.slow
def test_units_are_pooled_from_their_passage() -> None:
    embedder = load_embedder("minilm-ops", models=MODELS, threads=1)
    text = "AC04 means a closed account. The cut-off is at 17:00."
    whole, account, cutoff, beyond = embedder.embed_passages([Passage(text, ((0, 28), (29, 53), (900, 950)))])[0]
    assert np.allclose(whole, embedder.embed_documents([text])[0], atol=0.02)
    assert np.allclose(beyond, whole)
    question = embedder.embed_query("Which code says that an account is closed?")
    assert account @ question > cutoff @ question


@needs_minilm
def test_the_same_files_in_any_folder_are_the_same_model() -> None:
    packaged = load_embedder("minilm-ops", models=MODELS)
    folder = load_embedder(str(MODELS / "minilm-ops"), models=MODELS)
    assert folder.info.sha256 == packaged.info.sha256


@needs_minilm
def test_an_index_made_by_another_model_is_refused() -> None:
    other = EmbedderInfo(id="minilm-ops", sha256="0" * 64, dim=384)
    with pytest.raises(ModelError, match="made with another minilm-ops"):
        load_embedder_of(other, models=MODELS)


def test_missing_models_say_what_mends_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ModelError, match="python -m ingest models minilm-ops"):
        load_embedder("minilm-ops", models=tmp_path)
    with pytest.raises(ModelError, match="qwen is a chat model"):
        load_embedder("qwen", models=tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelError, match="not a sentence-transformers folder"):
        load_embedder(str(tmp_path / "empty"), models=tmp_path)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(ModelError, match="no embedding model 'nobody/nothing'"):
        load_embedder("nobody/nothing", models=tmp_path)


def test_langchain_gets_plain_lists() -> None:
    embeddings = EmbedderEmbeddings(WordHashEmbedder())
    assert embeddings.embed_documents(["a", "b"])[1] == embeddings.embed_query("b")
    assert isinstance(embeddings.embed_query("b")[0], float)
