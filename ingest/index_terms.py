"""BM25 over numbered terms: write it, open it, score with it (the only importer of bm25s)."""

from array import array
from collections.abc import Sequence
from pathlib import Path

import bm25s
import numpy as np

from ingest.index_form import Alternatives, Scores


def write_terms(folder: Path, terms: "Sequence[array[int]]", vocabulary: dict[str, int]) -> None:
    """Write the scores of texts, each given as the numbers of its terms in `vocabulary`."""
    model = bm25s.BM25(k1=1.2, b=0.75)
    model.index((terms if len(terms) and vocabulary else [[0]], vocabulary or {"": 0}), show_progress=False)
    model.save(str(folder), show_progress=False)


def open_terms(folder: Path) -> bm25s.BM25:
    """The scores in a folder, mapped into memory."""
    return bm25s.BM25.load(str(folder), mmap=True)


def score_terms(model: bm25s.BM25, terms: Sequence[Alternatives], size: int) -> Scores:
    """The sum over the terms of the best score among each term's alternatives."""
    total = np.zeros(size, dtype=np.float32)
    for alternatives in terms:
        columns = [model.vocab_dict[term] for term in alternatives if term in model.vocab_dict]
        if columns:
            scores = [np.asarray(model.get_scores_from_ids([column]), dtype=np.float32)[:size] for column in columns]
            total += scores[0] if len(scores) == 1 else np.maximum.reduce(scores)
    return total


def count_postings(model: bm25s.BM25, term: str) -> int:
    """In how many texts the term stands."""
    column = model.vocab_dict.get(term)
    if column is None:
        return 0
    indptr = model.scores["indptr"]
    return int(indptr[column + 1] - indptr[column])
