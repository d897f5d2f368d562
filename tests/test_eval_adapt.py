"""Adapting embedder and reader to how people ask: what they learn from, what they learn, the files that come of it."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from small_library import CUTOFFS, DOCUMENTS, EMBEDDER, block, build, indexed
from tokenizers import BertWordPieceTokenizer
from transformers import BertConfig, BertModel

from app.retrieve import Retriever
from eval import adapt_reader
from eval.adapt_examples import Lessons, make_lessons
from eval.adapt_fit import Schedule
from eval.adapt_model import Encoder
from eval.adapt_train import Scorer, first_answers, fold, train
from eval.cases import Case, Gold
from ingest.embed import EmbedderInfo, Passage
from ingest.embed_torch import TorchEmbedder
from ingest.words import fold as fold_stored

DESKS = "Fruit | Shelf\nApples | north wall\nPears | south wall\nPlums | cellar\nFigs | attic"
ASKED = {
    "red crunchy ones": "Apples | north wall",
    "green drops": "Pears | south wall",
    "blue stones": "Plums | cellar",
}


@pytest.fixture
def taught(tmp_path: Path) -> tuple[list[Case], Retriever]:
    """Questions that share no word with the row that answers, and some that nothing answers."""
    index = build(
        tmp_path / "g",
        [*DOCUMENTS, indexed(CUTOFFS, block("heading", "Shelves", "Shelves"), block("table", DESKS, "Shelves"))],
    )
    cases = [
        Case(f"c{number}", question, True, gold=(Gold(CUTOFFS.file, quote=quote),))
        for number, (question, quote) in enumerate(ASKED.items())
    ]
    cases.append(Case("none", "who pays", False))
    cases.append(Case("moved", "who pays", True, gold=(Gold(CUTOFFS.file, quote="A sentence that stands nowhere."),)))
    return cases, Retriever(index, EMBEDDER)


@pytest.fixture
def lessons(taught: tuple[list[Case], Retriever]) -> Lessons:
    return make_lessons(*taught)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A sentence-transformers folder of a BERT with two small layers that has learned nothing."""
    words = sorted({word for text in (*ASKED, *ASKED.values(), DESKS) for word in text.lower().split() if word != "|"})
    folder = tmp_path / "tiny"
    folder.mkdir()
    (folder / "vocab.txt").write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "|", *words]))
    tokenizer = BertWordPieceTokenizer(str(folder / "vocab.txt"))
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text('{"tokenizer_class": "BertTokenizerFast", "model_max_length": 256}')
    torch.manual_seed(3)
    size = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
    BertModel(BertConfig(vocab_size=6 + len(words), **size)).save_pretrained(folder)
    (folder / "1_Pooling").mkdir()
    (folder / "1_Pooling/config.json").write_text(
        '{"word_embedding_dimension": 32, "pooling_mode_mean_tokens": true, "pooling_mode_cls_token": false}'
    )
    modules = [("0", "", "Transformer"), ("1", "1_Pooling", "Pooling")]
    (folder / "modules.json").write_text(
        json.dumps(
            [
                {"idx": int(name), "name": name, "path": path, "type": f"sentence_transformers.models.{kind}"}
                for name, path, kind in modules
            ]
        )
    )
    return folder


def test_a_lesson_has_the_units_that_answer_and_passages_to_tell_them_from(lessons: Lessons) -> None:
    assert len(lessons.lessons) == len(ASKED)  # what has no gold, or whose gold is gone, teaches nothing
    for lesson in lessons.lessons:
        ((row, unit),) = lesson.answers
        start, end = lessons.candidates[row].passage.units[unit]
        assert lessons.candidates[row].passage.text[start:end] == ASKED[lesson.passage.text]
        assert lessons.document(lesson) == CUTOFFS.file
        assert set(lesson.rows) <= set(lessons.candidates)


@pytest.mark.slow
def test_what_is_learned_puts_the_right_row_first(lessons: Lessons, model: Path) -> None:
    encoder = Encoder(model, rank=4)
    assert not all(first_answers(encoder, Scorer(), lessons))
    before = {
        name: value.clone()
        for name, value in encoder.model.state_dict().items()
        if ".layer." in name and "layer.weight" in name
    }
    batches = []
    scorer = train(encoder, [lessons], Schedule(epochs=60, rate=0.01), lambda: batches.append(1))
    assert all(first_answers(encoder, scorer, lessons))
    assert len(batches) == 60
    after = encoder.model.state_dict()
    assert all(torch.equal(value, after[name]) for name, value in before.items())  # only the adapter learned


@pytest.mark.slow
def test_the_written_model_gives_the_vectors_that_were_learned(lessons: Lessons, model: Path, tmp_path: Path) -> None:
    encoder = Encoder(model, rank=4)
    train(encoder, [lessons], Schedule(epochs=40, rate=0.01))
    encoder.save(tmp_path / "adapter.safetensors", tmp_path / "model")
    passages = [Passage("apples north wall", ((0, 6),), ((7, 12),)), Passage("figs")]
    with torch.no_grad():
        learned = [vectors.numpy() for vectors in encoder.encode(passages)]
    info = EmbedderInfo("tiny", "", 32, "torch-f32")
    for wanted, written, old in zip(
        learned,
        TorchEmbedder(info, tmp_path / "model").embed_passages(passages),
        TorchEmbedder(info, model).embed_passages(passages),
        strict=True,
    ):
        assert wanted.shape == written.shape
        assert (wanted * written).sum(axis=1).min() > 0.999  # learned in bfloat16, rounded to 16 bits
        assert (old * written).sum(axis=1).min() < 0.999


def test_a_quote_of_several_sentences_is_answered_by_each_of_them(tmp_path: Path) -> None:
    text = "Call the lead of the day. Then lock the grey cabinet twice. Nobody else needs to know."
    index = build(tmp_path / "g", [indexed(CUTOFFS, block("paragraph", text, "Keys"))])
    quote = "Call the lead of the day. Then lock the grey cabinet twice."
    case = Case("c", "keys lost", True, gold=(Gold(CUTOFFS.file, quote=quote),))
    (lesson,) = make_lessons([case], Retriever(index, EMBEDDER)).lessons
    assert lesson.answers == {(0, 0), (0, 1)}


@pytest.mark.slow
def test_a_reader_learns_what_answers_and_when_nothing_does(taught: tuple[list[Case], Retriever], model: Path) -> None:
    lessons = make_lessons(*taught, unanswered=True)
    assert [bool(lesson.answers) for lesson in lessons.lessons] == [True, True, True, False]
    encoder = Encoder(model, rank=4, dropout=False)
    assert not all(adapt_reader.first_answers(encoder, adapt_reader.Scorer(), lessons))
    scorer = adapt_reader.train(encoder, [lessons], Schedule(epochs=80, rate=0.01))
    assert all(adapt_reader.first_answers(encoder, scorer, lessons))


def test_words_are_folded_as_they_are_stored() -> None:
    vectors = np.random.default_rng(1).normal(size=(5, 384)).astype(np.float32)
    assert np.allclose(fold(torch.from_numpy(vectors)).numpy(), fold_stored(vectors), atol=1e-6)
