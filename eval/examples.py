"""Questions as the ranking sees them: the features of each question's candidates, and which of them answer it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from app.access import Reader
from app.question import Question, Turn, read_question
from app.rank import WEIGHTS, features_of
from app.retrieve import Filters, Retriever
from eval.cases import Case
from eval.relevance import Passage, finds, units
from ingest.index import Index

Array = NDArray[np.float64]
NAMES = tuple(WEIGHTS)
NO_LIMITS, ANYBODY = Filters(), Reader("examples")
Read = Callable[[str, Sequence[Turn]], Question]


@dataclass(frozen=True, slots=True)
class Sought:
    """A question, the limits it is asked within, and what answers it."""

    text: str
    answers: Callable[[Passage], bool]
    history: tuple[Turn, ...] = ()
    filters: Filters = NO_LIMITS
    reader: Reader = ANYBODY


@dataclass(frozen=True, slots=True)
class Example:
    """Features of a question's candidates (rows, features) and which of them answer it (rows,); maybe none."""

    features: Array
    gold: NDArray[np.bool_]

    @property
    def teaches(self) -> bool:
        """Whether weights can be fitted on it."""
        return bool(self.gold.any() and not self.gold.all())


def sought_by(cases: Sequence[Case]) -> list[Sought]:
    """The answerable cases that name a place."""
    return [_sought(case) for case in cases if case.answerable and case.gold]


def _sought(case: Case) -> Sought:
    wanted = units(case.gold, "any")
    return Sought(
        case.question,
        lambda passage: any(finds(passage, unit, "any") for unit in wanted),
        case.history,
        Filters(case.as_of or date.today(), case.rails, case.regions),
        Reader("examples", frozenset(case.readers or ())),
    )


def example(sought: Sought, retriever: Retriever, source: Index, read: Read = read_question) -> Example:
    """The candidates' features; `source` is the index that has the texts by which their rows are judged."""
    question = read(sought.text, sought.history)
    vector, candidates = retriever.candidates(question, sought.filters, sought.reader)
    if not len(candidates):
        return Example(np.zeros((0, len(NAMES))), np.zeros(0, dtype=bool))
    found = features_of(question, vector, retriever.index, candidates)
    gold = []
    for row, chunk in zip(found.rows, source.chunks(found.rows), strict=True):
        file = source.documents[int(source.document_of[row])].record.file
        gold.append(sought.answers(Passage(file, " > ".join(chunk.heading_path), chunk.page, chunk.text)))
    matrix = np.stack([found.features[name] for name in NAMES], axis=1).astype(np.float64)
    return Example(matrix, np.array(gold, dtype=bool))


def mean_reciprocal_rank(examples: Sequence[Example], weights: Array) -> float:
    """Of the first passage that answers; nothing where none is among the candidates."""
    return float(np.mean([_reciprocal_rank(one, weights) for one in examples])) if examples else 0.0


def _reciprocal_rank(one: Example, weights: Array) -> float:
    order = np.argsort(-(one.features @ weights), kind="stable")
    return 1 / (1 + int(np.argmax(one.gold[order]))) if one.gold.any() else 0.0
