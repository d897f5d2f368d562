"""BM25 is Lucene's formula, and a term's scores are found by its number."""

from collections import Counter
from math import log
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest import index_terms
from ingest.index_terms import K1, B, count_postings, open_terms, score_terms, write_terms

SIZE = 5
VOCABULARY = {f"t{number}": number for number in range(SIZE)}
TEXTS = st.lists(st.lists(st.integers(0, SIZE - 1), max_size=8), max_size=6)


def expected(texts: list[list[int]], term: int) -> list[float]:
    """The formula, text by text."""
    mean = sum(map(len, texts)) / len(texts)
    found = sum(term in text for text in texts)
    weight = log(1 + (len(texts) - found + 0.5) / (found + 0.5))
    often = [Counter(text)[term] for text in texts]
    return [
        weight * n / (n + K1 * (1 - B + B * len(text) / mean)) if n else 0.0
        for n, text in zip(often, texts, strict=True)
    ]


@pytest.mark.parametrize("block", [1, 3, 1000])
@given(texts=TEXTS)
def test_scores_are_those_of_the_formula(
    tmp_path_factory: pytest.TempPathFactory, block: int, texts: list[list[int]]
) -> None:
    folder = tmp_path_factory.mktemp("terms")
    terms = np.array([term for text in texts for term in text], dtype=np.int32)
    numbers = np.repeat(np.arange(len(texts)), [len(text) for text in texts])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(index_terms, "_BLOCK", block)
        write_terms(folder, terms, numbers, len(texts), SIZE)
    stored = open_terms(folder, VOCABULARY)
    for term, number in VOCABULARY.items():
        assert count_postings(stored, term) == sum(number in text for text in texts)
        wanted = expected(texts, number) if terms.size else [0.0] * len(texts)
        assert score_terms(stored, [(term,)], len(texts)) == pytest.approx(wanted, rel=1e-6)


def test_a_text_may_have_its_terms_in_several_places(tmp_path: Path) -> None:
    together, apart = tmp_path / "together", tmp_path / "apart"
    write_terms(together, np.array([1, 1, 2, 0], dtype=np.int32), np.array([0, 0, 0, 1]), 2, 3)
    write_terms(apart, np.array([1, 0, 2, 1], dtype=np.int32), np.array([0, 1, 0, 0]), 2, 3)
    for name in ("starts.npy", "texts.npy", "scores.npy"):
        assert (together / name).read_bytes() == (apart / name).read_bytes()
