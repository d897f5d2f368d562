"""BM25 over numbered terms: write it, open it, score with it (the only importer of bm25s)."""

from array import array
from collections.abc import Sequence
from pathlib import Path

import bm25s
import numpy as np

from ingest.index_form import Alternatives, Mask, Rows, Scores


def write_terms(folder: Path, terms: "Sequence[array[int]]", vocabulary: dict[str, int]) -> None:
    """Write the scores of texts, each given as the numbers of its terms in `vocabulary`."""
    model = bm25s.BM25(k1=1.2, b=0.75)
    model.index((terms if len(terms) and vocabulary else [[0]], vocabulary or {"": 0}), show_progress=False)
    model.save(str(folder), show_progress=False)


def open_terms(folder: Path) -> bm25s.BM25:
    """The scores in a folder, mapped into memory."""
    return bm25s.BM25.load(str(folder), mmap=True)


def score_terms(model: bm25s.BM25, terms: Sequence[Alternatives], size: int) -> Scores:
    """The sum over the terms of the best score among each term's alternatives, for all texts (size,).

    Only the texts that hold a term are touched: the array of all is made once, whatever the number of terms.
    """
    total = np.zeros(size, dtype=np.float32)
    best = np.zeros(size if any(len(alternatives) > 1 for alternatives in terms) else 0, dtype=np.float32)
    for alternatives in terms:
        found = [postings for term in alternatives if (postings := _postings(model, term))]
        if len(found) == 1:
            rows, scores = found[0]
            total[rows] += scores
        elif found:
            for rows, scores in found:
                best[rows] = np.maximum(best[rows], scores)
            for rows, _ in found:
                total[rows] += best[rows]
                best[rows] = 0  # added once, and ready for the next term
    return total


def score_terms_in(model: bm25s.BM25, terms: Sequence[Alternatives], rows: Rows) -> Scores:
    """The best score among each term's alternatives in each of the given texts, (terms, rows)."""
    scores = np.zeros((len(terms), len(rows)), dtype=np.float32)
    for number, alternatives in enumerate(terms):
        for term in alternatives:
            if postings := _postings(model, term):
                texts, found = postings
                at = np.minimum(np.searchsorted(texts, rows), len(texts) - 1)
                scores[number] = np.maximum(scores[number], np.where(texts[at] == rows, found[at], 0))
    return scores


def stands_in(model: bm25s.BM25, alternatives: Alternatives, allowed: Mask) -> bool:
    """Whether any of the alternatives stands in a text that is allowed (texts,)."""
    found = (_postings(model, term) for term in alternatives)
    return any(bool(allowed[postings[0]].any()) for postings in found if postings)


def count_postings(model: bm25s.BM25, term: str) -> int:
    """In how many texts the term stands."""
    postings = _postings(model, term)
    return len(postings[0]) if postings else 0


def _postings(model: bm25s.BM25, term: str) -> tuple[Rows, Scores] | None:
    """The texts that hold the term, in order, and its score in each; None where it stands in none."""
    column = model.vocab_dict.get(term)
    if column is None:
        return None
    start, end = model.scores["indptr"][column : column + 2]
    return (model.scores["indices"][start:end], model.scores["data"][start:end]) if start < end else None
