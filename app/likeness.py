"""How like a question passages are, by their vectors: as a whole, by their units, and word by word."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.question import Question
from app.terms import weigh_terms
from ingest.chunk import Chunk
from ingest.embed import Embedder, Passage
from ingest.index import Index, Rows, Scores
from ingest.lexical import analyse
from ingest.units import UnitSpan, table_header, unit_spans
from ingest.words import all_words, content_words, fold, match


@dataclass(frozen=True, slots=True)
class QuestionVectors:
    """A question's vector (dim,), its words' folded vectors (m, WORD_DIM), and the share of each word (m,)."""

    whole: Scores
    words: Scores
    shares: Scores


def embed_question(question: Question, embedder: Embedder, index: Index) -> QuestionVectors:
    """The vectors of a question and its words, in one pass of the model."""
    passage, shares = weigh_words(question, index)
    vectors = embedder.embed_passages([passage])[0]
    return QuestionVectors(vectors[0], fold(vectors[1:]), shares)


def weigh_words(question: Question, index: Index) -> tuple[Passage, Scores]:
    """What of a question is embedded, and the share of each of its words (m,) by what they weigh in this library."""
    spans = content_words(question.text) or all_words(question.text)
    terms = weigh_terms(question, index)
    weight_of = {group[0]: weight for group, weight in zip(terms.groups, terms.weights, strict=True)}
    words = [analyse(question.text[start:end]) for start, end in spans]
    weights = np.array([max((weight_of.get(term, 0.0) for term in own), default=0.0) for own in words], np.float32)
    return Passage(question.text, words=spans), weights / max(float(weights.sum()), 1e-9)


def late_interaction(vectors: QuestionVectors, index: Index, rows: Rows) -> Scores:
    """For each passage (rows,) the mean cosine of the question's words with their nearest words in it."""
    words = [index.word_vectors(int(row)) for row in rows]
    return _nearest(vectors, np.concatenate(words), np.array([len(own) for own in words]))


def late_interaction_of_units(vectors: QuestionVectors, index: Index, row: int, chunk: Chunk) -> Scores:
    """The same for each unit (units,) of one passage; a table row has the words of its column names, too."""
    cosines = match(vectors.words, index.word_vectors(row))
    return np.array(
        [float(vectors.shares @ cosines[:, inside].max(axis=1, initial=0)) for inside in words_of_units(chunk)],
        dtype=np.float32,
    )


def words_of_units(chunk: Chunk) -> list[NDArray[np.bool_]]:
    """For each unit of a passage, which of the passage's words belong to it; a table row has its column names', too."""
    starts = np.array([start for start, _ in content_words(chunk.text)], dtype=np.int64)
    return [_inside(span, chunk, starts) for span in unit_spans(chunk)]


def _inside(span: UnitSpan, chunk: Chunk, starts: Rows) -> NDArray[np.bool_]:
    """Which of the passage's words, by where they start, are words of the unit."""
    inside = (starts >= span.start) & (starts < span.end)
    if span.kind == "row":
        table = next(part.start for part in chunk.parts if part.start <= span.start < part.end)
        inside |= (starts >= table) & (starts < table + len(table_header(chunk, span.start)))
    return np.asarray(inside)


def _nearest(vectors: QuestionVectors, words: "np.ndarray[tuple[int, ...], np.dtype[np.int8]]", counts: Rows) -> Scores:
    """`counts` says how many of the words belong to each passage."""
    filled = np.flatnonzero(counts)
    scores = np.zeros(len(counts), dtype=np.float32)
    if len(filled) and len(vectors.words):
        starts = (np.cumsum(counts) - counts)[filled]
        best = np.maximum.reduceat(match(vectors.words, words), starts, axis=1)
        scores[filled] = vectors.shares @ best
    return scores
