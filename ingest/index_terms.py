"""BM25: the scores of numbered terms in texts, made once and looked up by term.

Lucene's form of the formula (Kamphuis et al., 2020), computed over whole arrays: every run that changes a document
scores the whole library, because a term's weight depends on all texts.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ingest.index_form import Alternatives, Mask, Rows, Scores, Vocabulary
from ingest.ragged import save_array, starts_of

K1 = 1.2
B = 0.75
_BLOCK = 4_000_000  # terms scored at a time, which bounds the memory


@dataclass(frozen=True, slots=True)
class TermScores:
    """The texts with term n are texts[starts[n]:starts[n + 1]], in order; their scores stand beside them."""

    vocabulary: Vocabulary
    starts: Rows
    texts: NDArray[np.int32]
    scores: Scores

    def postings(self, term: str) -> tuple[NDArray[np.int32], Scores] | None:
        """The texts that hold the term, in order, and its score in each; None where it stands in none."""
        number = self.vocabulary.get(term)
        if number is None:
            return None
        start, end = self.starts[number : number + 2]
        return (self.texts[start:end], self.scores[start:end]) if start < end else None


def write_vocabulary(folder: Path, terms: Sequence[str]) -> None:
    """Write the terms in the order of their numbers."""
    (folder / "vocabulary.json").write_text(json.dumps(terms), "utf-8")


def read_vocabulary(folder: Path) -> dict[str, int]:
    """The number of each term of an index."""
    terms: list[str] = json.loads((folder / "vocabulary.json").read_bytes())
    return {term: number for number, term in enumerate(terms)}


def write_terms(folder: Path, terms: NDArray[np.int32], texts: Rows, count: int, size: int) -> None:
    """Score `count` texts and write the scores into `folder`.

    `terms` are those of all texts, numbered below `size`, `texts` the number of the text that each stands in.
    """
    lengths = np.bincount(texts, minlength=count)
    length_norm = K1 * (1 - B + B * lengths / max(len(terms) / max(count, 1), 1e-9))
    found_in = np.zeros(size, dtype=np.int64)
    rows, scores = [np.zeros(0, np.int32)], [np.zeros(0, np.float32)]
    for low, high in _blocks(np.bincount(terms, minlength=size)):
        inside = (terms >= low) & (terms < high)
        pairs, often = np.unique(terms[inside] * np.int64(count) + texts[inside], return_counts=True)
        term, text = np.divmod(pairs, count)
        found_in += np.bincount(term, minlength=size)
        weights = np.log(1 + (count - found_in + 0.5) / (found_in + 0.5)).astype(np.float32)
        rows.append(text.astype(np.int32))
        scores.append((weights[term] * (often / (length_norm[text] + often))).astype(np.float32))
    folder.mkdir(exist_ok=True)
    save_array(folder / "starts.npy", starts_of(found_in))
    save_array(folder / "texts.npy", np.concatenate(rows))
    save_array(folder / "scores.npy", np.concatenate(scores))


def _blocks(often: Rows) -> Iterator[tuple[int, int]]:
    """Ranges of term numbers that occur about _BLOCK times together, from how often each occurs."""
    block = np.cumsum(often) // _BLOCK
    edges = [0, *(np.flatnonzero(np.diff(block)) + 1).tolist(), len(often)]
    return ((low, high) for low, high in pairwise(edges) if low < high)


def open_terms(folder: Path, vocabulary: Vocabulary) -> TermScores:
    """The scores in a folder, mapped into memory."""
    texts, scores = (np.asarray(np.load(folder / name, mmap_mode="r")) for name in ("texts.npy", "scores.npy"))
    return TermScores(vocabulary, np.load(folder / "starts.npy"), texts, scores)


def score_terms(stored: TermScores, terms: Sequence[Alternatives], size: int) -> Scores:
    """The sum over the terms of the best score among each term's alternatives, for all texts (size,).

    Only the texts that hold a term are touched: the array of all is made once, whatever the number of terms.
    """
    total = np.zeros(size, dtype=np.float32)
    best = np.zeros(size if any(len(alternatives) > 1 for alternatives in terms) else 0, dtype=np.float32)
    for alternatives in terms:
        found = [postings for term in alternatives if (postings := stored.postings(term))]
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


def score_terms_in(stored: TermScores, terms: Sequence[Alternatives], rows: Rows) -> Scores:
    """The best score among each term's alternatives in each of the given texts, (terms, rows)."""
    scores = np.zeros((len(terms), len(rows)), dtype=np.float32)
    for number, alternatives in enumerate(terms):
        for term in alternatives:
            if postings := stored.postings(term):
                texts, found = postings
                at = np.minimum(np.searchsorted(texts, rows), len(texts) - 1)
                scores[number] = np.maximum(scores[number], np.where(texts[at] == rows, found[at], 0))
    return scores


def stands_in(stored: TermScores, alternatives: Alternatives, allowed: Mask) -> bool:
    """Whether any of the alternatives stands in a text that is allowed (texts,)."""
    found = (stored.postings(term) for term in alternatives)
    return any(bool(allowed[postings[0]].any()) for postings in found if postings)


def count_postings(stored: TermScores, term: str) -> int:
    """In how many texts the term stands."""
    postings = stored.postings(term)
    return len(postings[0]) if postings else 0
