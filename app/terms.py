"""What the words of a question weigh in this library, and how many of them a text holds."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import log

from app.question import Question
from ingest.index import Alternatives, Index
from ingest.lexical import analyse


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
