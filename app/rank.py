"""The ranking of candidate passages: a few features of question and passage, added with weights fitted on cases.

`eval tune` fits the weights by a listwise softmax; `eval ablate` prints what each feature is worth on questions
that the fit has not seen.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.aside import keeps
from app.code_row import defines
from app.likeness import QuestionVectors, late_interaction
from app.question import Question
from app.terms import weigh_terms, words_of
from app.values import has_value, shows
from ingest.chunk import Chunk
from ingest.index import Index, Rows, Scores

READ = 100  # best candidates whose text is read for the finer features
FIRST = {"dense": 0.3, "passage": 0.15, "section": 0.15, "unit_dense": 0.4}  # chooses those

LATE = 0.6  # late interaction beside those, where section and document are weighed

WEIGHTS: Mapping[str, float] = {
    "dense": 3.0,
    "late": 0.6,
    "passage": 0.1,
    "section": 0.5,
    "unit_dense": 1.9,
    "unit_lexical": 0.4,
    "coverage": 1.3,
    "heading": 1.6,
    "title": 2.2,
    "section_best": 2.2,
    "document_best": 1.9,
    "names": 1.2,
    "defines": 0.6,
    "value": 1.0,
    "steps": 0.4,
}


@dataclass(frozen=True, slots=True)
class Candidates:
    """Passages worth reading, with their texts and each feature of them (rows,), mostly from 0 to 1."""

    rows: Rows
    chunks: Sequence[Chunk]
    features: Mapping[str, Scores]


def rank(
    question: Question, vectors: QuestionVectors, index: Index, rows: Rows, weights: Mapping[str, float] = WEIGHTS
) -> tuple[Rows, Scores]:
    """The best of the candidate `rows`, best first, with scores from 0 to 1."""
    if not len(rows):
        return rows, np.zeros(0, dtype=np.float32)
    found = features_of(question, vectors, index, rows)
    scores = sum(weights.get(name, 0.0) * values for name, values in found.features.items()) / sum(weights.values())
    scores = np.array([keeps(question, "".join(chunk.heading_path[-1:])) for chunk in found.chunks]) * scores
    order = np.argsort(-np.asarray(scores), kind="stable")
    return found.rows[order], np.asarray(scores, dtype=np.float32)[order]


def features_of(question: Question, vectors: QuestionVectors, index: Index, rows: Rows) -> Candidates:
    """The candidates worth reading with their features."""
    coarse = _scores(question, vectors, index, rows)
    first = np.asarray(sum(weight * coarse[name] for name, weight in FIRST.items()))
    keep = np.argsort(-first, kind="stable")[:READ]
    best = rows[keep]
    chunks = index.chunks(best)
    features = {name: values[keep] for name, values in coarse.items()}
    features["late"] = _scaled(late_interaction(vectors, index, best))
    together = first[keep] + LATE * features["late"]
    features["section_best"] = _best_of_group(together, index.section_of[best], 1)
    features["document_best"] = _best_of_group(together, index.document_of[best], 3)
    return Candidates(best, chunks, features | _read(question, index, best, chunks))


def _scores(question: Question, vectors: QuestionVectors, index: Index, rows: Rows) -> dict[str, Scores]:
    """What arrays alone tell: similarities, BM25 on three units of text, and the share of the question found."""
    by_term = index.term_scores(question.searched, rows)
    units = index.score_units(question.searched)
    ranges = [index.unit_range(int(row)) for row in rows]
    found = by_term[: len(question.terms)] > 0
    idf = np.array(weigh_terms(question, index).weights, dtype=np.float32)
    keys = [position for position, group in enumerate(question.searched) if group in question.keys]
    return {
        "dense": _scaled(index.vectors(rows) @ vectors.whole),
        "passage": _scaled(by_term.sum(axis=0)),
        "section": _scaled(index.score_sections(question.searched)[rows]),
        "unit_dense": _scaled(
            np.array([(index.unit_vectors(int(row)) @ vectors.whole).max(initial=-1) for row in rows])
        ),
        "unit_lexical": _scaled(np.array([units[start:end].max(initial=0) for start, end in ranges])),
        "coverage": (idf @ found / idf.sum()) if len(idf) else np.zeros(len(rows), dtype=np.float32),
        "names": (by_term[keys] > 0).mean(axis=0) if keys else np.zeros(len(rows), dtype=np.float32),
    }


def _read(question: Question, index: Index, rows: Rows, chunks: Sequence[Chunk]) -> dict[str, Scores]:
    """What the passage's words and place in the document tell."""
    terms = weigh_terms(question, index)
    titles = [index.documents[int(index.document_of[row])].record.title for row in rows]
    columns = {
        "heading": [terms.share_in(words_of("".join(chunk.heading_path[-1:]))) for chunk in chunks],
        "title": [terms.share_in(words_of(title)) for title in titles],
        "defines": [float(any(defines(question, line) for line in chunk.text.split("\n"))) for chunk in chunks],
        "value": [float(has_value(question.wants) and shows(question.wants, chunk.text)) for chunk in chunks],
        "steps": [float(question.wants == "steps" and any(p.kind == "step" for p in chunk.parts)) for chunk in chunks],
    }
    return {name: np.array(values, dtype=np.float32) for name, values in columns.items()}


def _best_of_group(scores: NDArray[Any], groups: Rows, count: int) -> Scores:
    """For each row the mean of the `count` best scores of its group."""
    best = {group: float(np.sort(scores[groups == group])[-count:].mean()) for group in np.unique(groups)}
    return np.array([best[group] for group in groups], dtype=np.float32)


def _scaled(scores: NDArray[Any]) -> Scores:
    """Scores as 0 to 1 over the candidates."""
    low, high = float(scores.min()), float(scores.max())
    return np.asarray((scores - low) / (high - low) if high > low else np.zeros_like(scores), dtype=np.float32)
