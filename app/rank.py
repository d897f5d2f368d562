"""The ranking of candidate passages: a few features of question and passage, added with weights fitted on cases.

`eval tune` fits the weights by a listwise softmax and prints what each group of features is worth on cases that the
fit has not seen.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import log
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.question import Question
from app.values import currencies, has_value, shows
from ingest.chunk import Chunk
from ingest.index import Alternatives, Index, Rows, Scores
from ingest.lexical import analyse

READ = 60  # best candidates whose text is read for the finer features
FIRST = {"dense": 0.3, "passage": 0.15, "section": 0.15, "unit_dense": 0.4}  # chooses those

DEMOTED = 0.8  # what a passage about the document itself keeps of its score
_ABOUT_ITSELF = re.compile(
    r"^\W*[\d.]*\s*(?:end ?notes?|foot ?notes?|references|bibliography|(?:table of )?contents|attachments?|index"
    r"|(?:change|version|revision|document) (?:history|control|log|record)|changes)\W*$",
    re.IGNORECASE,
)

WEIGHTS: Mapping[str, float] = {
    "dense": 2.6,
    "passage": 0.8,
    "section": 1.8,
    "unit_dense": 1.4,
    "unit_lexical": 1.5,
    "coverage": 2.4,
    "heading": 0.9,
    "title": 0.9,
    "section_best": 2.1,
    "document_best": 1.8,
    "names": 1.2,
    "defines": 0.8,
    "currency": 0.1,
    "value": 1.0,
    "steps": 0.6,
    "length": 0.8,
}


def rank(
    question: Question, vector: Scores, index: Index, rows: Rows, weights: Mapping[str, float] = WEIGHTS
) -> tuple[Rows, Scores]:
    """The best of the candidate `rows`, best first, with scores from 0 to 1."""
    if not len(rows):
        return rows, np.zeros(0, dtype=np.float32)
    best, features = features_of(question, vector, index, rows)
    scores = sum(weights.get(name, 0.0) * values for name, values in features.items()) / sum(weights.values())
    scores = np.where(_apparatus(index, best), DEMOTED, 1.0) * scores
    order = np.argsort(-np.asarray(scores), kind="stable")
    return best[order], np.asarray(scores, dtype=np.float32)[order]


def _apparatus(index: Index, rows: Rows) -> NDArray[np.bool_]:
    """Which passages stand under a heading of the document about itself: they repeat its words, and tell nothing."""
    headings = ["".join(chunk.heading_path[-1:]) for chunk in index.chunks(rows)]
    return np.array([bool(_ABOUT_ITSELF.search(heading)) for heading in headings], dtype=bool)


def features_of(question: Question, vector: Scores, index: Index, rows: Rows) -> tuple[Rows, dict[str, Scores]]:
    """The candidates worth reading, and each feature of them (rows,), mostly from 0 to 1."""
    coarse = _scores(question, vector, index, rows)
    first = np.asarray(sum(weight * coarse[name] for name, weight in FIRST.items()))
    coarse["section_best"] = _best_of_group(first, index.section_of[rows], 1)
    coarse["document_best"] = _best_of_group(first, index.document_of[rows], 3)
    keep = np.argsort(-first, kind="stable")[:READ]
    features = {name: values[keep] for name, values in coarse.items()}
    best = rows[keep]
    return best, features | _read(question, index, best, index.chunks(best))


def _scores(question: Question, vector: Scores, index: Index, rows: Rows) -> dict[str, Scores]:
    """What arrays alone tell: similarities, BM25 on three units of text, and the share of the question found."""
    by_term = index.term_scores(question.searched, rows)
    units = index.score_units(question.searched)
    ranges = [index.unit_range(int(row)) for row in rows]
    found = by_term[: len(question.terms)] > 0
    idf = np.array(weigh_terms(question, index).weights, dtype=np.float32)
    keys = [position for position, group in enumerate(question.searched) if group in question.keys]
    return {
        "dense": _scaled(index.vectors(rows) @ vector),
        "passage": _scaled(by_term.sum(axis=0)),
        "section": _scaled(index.score_sections(question.searched)[rows]),
        "unit_dense": _scaled(np.array([(index.unit_vectors(int(row)) @ vector).max(initial=-1) for row in rows])),
        "unit_lexical": _scaled(np.array([units[start:end].max(initial=0) for start, end in ranges])),
        "coverage": (idf @ found / idf.sum()) if len(idf) else np.zeros(len(rows), dtype=np.float32),
        "names": (by_term[keys] > 0).mean(axis=0) if keys else np.zeros(len(rows), dtype=np.float32),
    }


def _read(question: Question, index: Index, rows: Rows, chunks: Sequence[Chunk]) -> dict[str, Scores]:
    """What the passage's words and place in the document tell."""
    terms = weigh_terms(question, index)
    asked = currencies(question.text)
    titles = [index.documents[int(index.document_of[row])].record.title for row in rows]
    columns = {
        "heading": [terms.share_in(words_of("".join(chunk.heading_path[-1:]))) for chunk in chunks],
        "title": [terms.share_in(words_of(title)) for title in titles],
        "defines": [float(any(defines(question, line) for line in chunk.text.split("\n"))) for chunk in chunks],
        "currency": [float(bool(asked & currencies(chunk.text))) for chunk in chunks],
        "value": [float(has_value(question.wants) and shows(question.wants, chunk.text)) for chunk in chunks],
        "steps": [float(question.wants == "steps" and any(p.kind == "step" for p in chunk.parts)) for chunk in chunks],
        "length": [min(len(chunk.text) / 1000, 1.0) for chunk in chunks],
    }
    return {name: np.array(values, dtype=np.float32) for name, values in columns.items()}


def defines(question: Question, line: str) -> bool:
    """Whether the line is a table row about one of the question's identifiers: its first cell names it."""
    first, bar, _ = line.partition(" | ")
    return bool(bar) and any(not words_of(first).isdisjoint(group) for group in question.keys)


@dataclass(frozen=True, slots=True)
class Terms:
    """The question's terms, each with its synonyms, and what each weighs (its idf in this library)."""

    groups: tuple[Alternatives, ...]
    weights: tuple[float, ...]

    def share_in(self, words: frozenset[str]) -> float:
        """The idf-weighted share of the terms that stand among the words, themselves or by a synonym."""
        found = sum(w for group, w in zip(self.groups, self.weights, strict=True) if not words.isdisjoint(group))
        return found / (sum(self.weights) or 1.0)


def weigh_terms(question: Question, index: Index) -> Terms:
    """The question's own terms (not what the glossary added as further terms) with their weights."""
    groups = question.searched[: len(question.terms)]
    return Terms(groups, tuple(_idf(index, group) for group in groups))


@lru_cache(maxsize=20_000)
def words_of(text: str) -> frozenset[str]:
    """The terms of a text as a set; remembered, because headings and titles come again and again."""
    return frozenset(analyse(text))


def _idf(index: Index, alternatives: Sequence[str]) -> float:
    """Of the term as typed if the library has it, else of its commonest synonym."""
    counts = [index.document_frequency(term) for term in alternatives]
    return log(1 + len(index) / (1 + (counts[0] or max(counts))))


def _best_of_group(scores: NDArray[Any], groups: Rows, count: int) -> Scores:
    """For each row the mean of the `count` best scores of its group."""
    best = {group: float(np.sort(scores[groups == group])[-count:].mean()) for group in np.unique(groups)}
    return np.array([best[group] for group in groups], dtype=np.float32)


def _scaled(scores: NDArray[Any]) -> Scores:
    """Scores as 0 to 1 over the candidates."""
    low, high = float(scores.min()), float(scores.max())
    return np.asarray((scores - low) / (high - low) if high > low else np.zeros_like(scores), dtype=np.float32)
