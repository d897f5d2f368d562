"""How like a question passages are, by their vectors: as a whole, by their units, and word by word."""

from dataclasses import dataclass

import numpy as np

from app.question import Question
from app.terms import weigh_terms
from ingest.embed import Embedder, Passage
from ingest.index import Index, Rows, Scores
from ingest.lexical import analyse
from ingest.words import all_words, content_words, fold, match


@dataclass(frozen=True, slots=True)
class QuestionVectors:
    """A question's vector (dim,), its words' folded vectors (m, WORD_DIM), and the share of each word (m,)."""

    whole: Scores
    words: Scores
    shares: Scores


def embed_question(question: Question, embedder: Embedder, index: Index) -> QuestionVectors:
    """The vectors of a question and its words, in one pass of the model."""
    spans = content_words(question.text) or all_words(question.text)
    vectors = embedder.embed_passages([Passage(question.text, words=spans)])[0]
    terms = weigh_terms(question, index)
    weight_of = {group[0]: weight for group, weight in zip(terms.groups, terms.weights, strict=True)}
    words = [analyse(question.text[start:end]) for start, end in spans]
    weights = np.array([max((weight_of.get(term, 0.0) for term in own), default=0.0) for own in words], np.float32)
    return QuestionVectors(vectors[0], fold(vectors[1:]), weights / max(float(weights.sum()), 1e-9))


def late_interaction(vectors: QuestionVectors, index: Index, rows: Rows) -> Scores:
    """For each passage (rows,) the mean cosine of the question's words with their nearest words in it."""
    words = [index.word_vectors(int(row)) for row in rows]
    return _nearest(vectors, np.concatenate(words), np.array([len(own) for own in words]))


def late_interaction_of_units(vectors: QuestionVectors, index: Index, row: int, units: Rows) -> Scores:
    """The same for each unit of one passage; `units` (words,) says in which unit each word stands, -1 in none."""
    cosines = match(vectors.words, index.word_vectors(row))
    count = int(units.max(initial=-1)) + 1
    best = np.zeros((len(vectors.words), count), dtype=np.float32)
    for unit in range(count):
        best[:, unit] = cosines[:, units == unit].max(axis=1, initial=0)
    return np.asarray(vectors.shares @ best, dtype=np.float32)


def _nearest(vectors: QuestionVectors, words: "np.ndarray[tuple[int, ...], np.dtype[np.int8]]", counts: Rows) -> Scores:
    """`counts` says how many of the words belong to each passage."""
    filled = np.flatnonzero(counts)
    scores = np.zeros(len(counts), dtype=np.float32)
    if len(filled) and len(vectors.words):
        starts = (np.cumsum(counts) - counts)[filled]
        best = np.maximum.reduceat(match(vectors.words, words), starts, axis=1)
        scores[filled] = vectors.shares @ best
    return scores
