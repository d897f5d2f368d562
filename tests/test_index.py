"""What is written can be read and searched again, and nothing that is not permitted comes back."""

from pathlib import Path

import bm25s
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_library import DOCUMENTS, EMBEDDER, build

from ingest.errors import BrokenIndexError
from ingest.index import Index, Scores, open_index
from ingest.index_form import PassageVectors
from ingest.index_terms import read_vocabulary
from ingest.index_writer import write_index
from ingest.ragged import Ragged
from ingest.units import unit_spans
from ingest.words import WORD_DIM, content_words, fold, match


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Index:
    return build(tmp_path_factory.mktemp("index") / "g")


def test_round_trip(index: Index) -> None:
    chunks = [chunk for document in DOCUMENTS for chunk in document.chunks]
    assert index.chunks(range(len(index))) == chunks
    assert [document.record for document in index.documents] == [document.record for document in DOCUMENTS]
    assert index.documents[0].page_label(1) == "i"
    assert index.document_of_chunk(chunks[-1].id).record.doc_id == "SAN-1"


def test_each_row_is_the_vector_of_its_chunk(index: Index) -> None:
    everything = np.ones(len(index), dtype=bool)
    for row, chunk in enumerate(index.chunks(range(len(index)))):
        title = index.document_of_chunk(chunk.id).record.title
        vector = EMBEDDER.embed_query("\n".join([title, " > ".join(chunk.heading_path), chunk.text]))
        rows, scores = index.search_dense(vector, everything, 1)
        assert rows[0] == row
        assert scores[0] == pytest.approx(1, abs=1e-5)


def test_each_unit_has_its_own_vector(index: Index) -> None:
    for row, chunk in enumerate(index.chunks(range(len(index)))):
        expected = [EMBEDDER.embed_query(chunk.text[span.start : span.end]) for span in unit_spans(chunk)]
        assert np.allclose(index.unit_vectors(row), expected, atol=0.01)


def test_each_content_word_has_its_own_vector(index: Index) -> None:
    for row, chunk in enumerate(index.chunks(range(len(index)))):
        words = [chunk.text[start:end] for start, end in content_words(chunk.text)]
        cosines = match(fold(EMBEDDER.embed_documents(words)), index.word_vectors(row))
        assert cosines.shape == (len(words), len(words))
        assert np.allclose(np.diag(cosines), 1, atol=0.05)


@settings(max_examples=50, deadline=None)
@given(st.data())
def test_dense_search_returns_as_many_permitted_rows_as_there_are(index: Index, data: st.DataObject) -> None:
    allowed = np.array(data.draw(st.lists(st.booleans(), min_size=len(index), max_size=len(index))), dtype=bool)
    k = data.draw(st.integers(1, 20))
    rows, _ = index.search_dense(EMBEDDER.embed_query("returned funds"), allowed, k)
    assert len(rows) == min(k, allowed.sum())
    assert allowed[rows].all()


def test_lexical_scores_find_codes(index: Index) -> None:
    best = index.chunks([int(index.score_passages([("ac04",)]).argmax())])[0]
    assert "AC04" in best.text
    assert index.document_frequency("ac04") > 0
    assert index.document_frequency("zzzz") == 0
    assert not index.score_passages([("zzzz",)]).any()


def test_any_of_the_alternatives_counts_and_none_twice(index: Index) -> None:
    one, other = index.score_passages([("ac04",)]), index.score_passages([("close",)])
    assert np.allclose(index.score_passages([("ac04", "close")]), np.maximum(one, other))
    assert np.allclose(index.score_passages([("ac04",), ("close",)]), one + other)


def test_a_row_is_found_by_its_column_names(index: Index) -> None:
    scores = index.score_units([("gbp",), ("cutoff",)])
    row = next(row for row, chunk in enumerate(index.chunks(range(len(index)))) if chunk.kind == "table")
    start, end = index.unit_range(row)
    assert end - start == 2
    assert scores.argmax() == start


def test_files_do_not_depend_on_anything_but_the_content(tmp_path: Path) -> None:
    build(tmp_path / "a")
    build(tmp_path / "b")
    for path in sorted((tmp_path / "a").rglob("*")):
        if path.is_file():
            assert path.read_bytes() == (tmp_path / "b" / path.relative_to(tmp_path / "a")).read_bytes(), path.name


def test_an_empty_index_can_be_opened(tmp_path: Path) -> None:
    (tmp_path / "e").mkdir()
    write_index(tmp_path / "e", [], [], 256)
    empty = open_index(tmp_path / "e")
    assert len(empty) == 0
    assert len(empty.search_dense(EMBEDDER.embed_query("x"), np.zeros(0, dtype=bool), 5)[0]) == 0


def test_vectors_and_chunks_must_agree(tmp_path: Path) -> None:
    with pytest.raises(BrokenIndexError, match="chunks but 1 vectors"):
        write_index(
            tmp_path, DOCUMENTS, [PassageVectors(np.zeros((1, 256), np.float32), np.zeros((0, WORD_DIM), np.int8))], 256
        )


def test_a_damaged_file_is_one_clear_line(tmp_path: Path) -> None:
    build(tmp_path / "g").close()
    (tmp_path / "g" / "vectors.faiss").write_bytes(b"nothing")
    with pytest.raises(BrokenIndexError, match="can't be read") as caught:
        open_index(tmp_path / "g")
    assert "\n" not in str(caught.value)


def test_an_index_of_another_version_says_what_to_do(tmp_path: Path) -> None:
    build(tmp_path / "g").close()
    (tmp_path / "g" / "vocabulary.json").unlink()
    with pytest.raises(BrokenIndexError, match="another version of this program") as caught:
        open_index(tmp_path / "g")
    assert caught.value.hint == "run: python -m ingest run"
    assert "\n" not in str(caught.value)


@settings(max_examples=50, deadline=None)
@given(st.data())
def test_lexical_scores_are_those_of_bm25s_whatever_the_synonyms(index: Index, data: st.DataObject) -> None:
    words = ["book", "return", "fund", "chaps", "ac04", "approv", "escal", "strangeword"]
    terms = data.draw(st.lists(st.lists(st.sampled_from(words), min_size=1, max_size=3).map(tuple), max_size=4))
    stored, vocabulary = Ragged(index.folder / "passages" / "terms"), read_vocabulary(index.folder)
    model = bm25s.BM25(k1=1.2, b=0.75)
    texts = [stored.between(row, row + 1).tolist() for row in range(len(stored))]
    model.index((texts, vocabulary), show_progress=False)

    def expected(alternatives: tuple[str, ...]) -> Scores:
        columns = [vocabulary[term] for term in alternatives if term in vocabulary]
        each = [model.get_scores_from_ids([column])[: len(index)] for column in columns]
        return np.max(each, axis=0) if each else np.zeros(len(index), dtype=np.float32)

    by_term = [expected(alternatives) for alternatives in terms]
    whole = np.sum(by_term, axis=0) if by_term else np.zeros(len(index))
    assert np.allclose(index.score_passages(terms), whole)
    rows = np.array(data.draw(st.lists(st.integers(0, len(index) - 1), unique=True)), dtype=np.int64)
    found = index.term_scores(terms, rows)
    assert found.shape == (len(terms), len(rows))
    assert all(np.allclose(mine, scores[rows]) for mine, scores in zip(found, by_term, strict=True))
    allowed = np.array(data.draw(st.lists(st.booleans(), min_size=len(index), max_size=len(index))))
    for alternatives, scores in zip(terms, by_term, strict=True):
        assert index.stands_in(alternatives, allowed) == bool((scores[allowed] > 0).any())
