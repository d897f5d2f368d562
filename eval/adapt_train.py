"""Training of an adapter: each question's answer is to score above all other units of the passages in its batch.

A unit's score adds what the product's ranking adds: cosines of question and unit, of question and passage, late
interaction with both, and the shares of the question's terms in the unit. The terms are not learned; with them in the
score, the model learns what words alone do not tell. The loss is a listwise softmax over the units.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import pairwise
from math import log

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 -- its usual name
from torch import Tensor, nn

from eval.adapt_examples import Candidate, Lesson, Lessons
from eval.adapt_fit import ALIKE, Batch, Schedule, fit
from eval.adapt_model import Encoder
from ingest.words import WORD_DIM

QUESTIONS = 16  # of a batch
PASSAGES = 40  # of a batch: those that answer, then the best candidates of each question in turn
# Weights of the score at the start, about the ranking's: shares of terms in unit and around it, cosine of unit and
# passage, late interaction with unit and passage. They are learned beside the adapter.
START = (3.0, 5.5, 4.0, 1.5, 3.75, 1.5)


class Scorer(nn.Module):
    """Features of question and unit to one score."""

    def __init__(self) -> None:
        super().__init__()
        self.logs = nn.Parameter(torch.tensor([log(weight) for weight in START]))  # none can fall below zero

    def forward(self, features: Tensor) -> Tensor:
        """(questions, units, 6) to (questions, units)."""
        return features @ self.logs.exp()


def train(
    encoder: Encoder, libraries: Sequence[Lessons], schedule: Schedule, advance: Callable[[], object] = lambda: None
) -> Scorer:
    """Train the encoder's adapter in place; the returned scorer is what its scores are added up by.

    `advance` is called after each batch.
    """
    torch.manual_seed(schedule.seed)
    scorer = Scorer()
    shuffle = random.Random(schedule.seed)  # noqa: S311 -- an order, no secret
    batches = [batch for _ in range(schedule.epochs) for batch in _batches(libraries, shuffle)]
    for _ in fit(encoder, scorer, partial(_loss, encoder, scorer), batches, schedule.rate):
        advance()
    return scorer


def first_answers(encoder: Encoder, scorer: Scorer, lessons: Lessons) -> list[bool]:
    """For each lesson, whether the unit that comes first among those found for it today answers."""
    right = []
    with torch.no_grad():
        for start in range(0, len(lessons.lessons), QUESTIONS):
            batch = lessons.lessons[start : start + QUESTIONS]
            rows = sorted({row for lesson in batch for row in lesson.rows})
            scores = scorer(_features(encoder, lessons, batch, rows))
            places = _places(lessons, rows)
            for lesson, own in zip(batch, scores, strict=True):
                found = torch.tensor([row in lesson.rows for row, _ in places])
                right.append(places[int(own.masked_fill(~found, -torch.inf).argmax())] in lesson.answers)
    return right


def _batches(libraries: Sequence[Lessons], shuffle: random.Random) -> Iterator[Batch]:
    """All lessons, those of one document together: its other passages are the hardest to tell from the right one."""
    batches: list[Batch] = []
    for lessons in libraries:
        by_document: dict[str, list[Lesson]] = {}
        for lesson in lessons.lessons:
            by_document.setdefault(lessons.document(lesson), []).append(lesson)
        documents = list(by_document.values())
        shuffle.shuffle(documents)
        for own in documents:
            shuffle.shuffle(own)
        ordered = [lesson for own in documents for lesson in own]
        batches += [(lessons, ordered[at : at + QUESTIONS]) for at in range(0, len(ordered), QUESTIONS)]
    shuffle.shuffle(batches)
    yield from batches


def _loss(encoder: Encoder, scorer: Scorer, lessons: Lessons, batch: Sequence[Lesson]) -> Tensor:
    rows = _rows(batch)
    places = _places(lessons, rows)
    answers = torch.tensor([[place in lesson.answers for place in places] for lesson in batch])
    vectors = encoder.encode([lessons.candidates[row].passage for row in rows])
    features = _features(encoder, lessons, batch, rows, vectors)
    units = _units(lessons, rows, vectors).detach()
    alike = torch.stack([(units @ units[own].T).amax(1) > ALIKE for own in answers])
    scores = scorer(features).masked_fill(alike & ~answers, -1e9)
    return (torch.logsumexp(scores, 1) - torch.logsumexp(scores.masked_fill(~answers, -1e9), 1)).mean()


def _rows(batch: Sequence[Lesson]) -> list[int]:
    """The passages that answer, then the candidates of all questions, best first, while there is room."""
    rows = dict.fromkeys(row for lesson in batch for row, _ in sorted(lesson.answers))
    longest = max(len(lesson.rows) for lesson in batch)
    for row in (lesson.rows[rank] for rank in range(longest) for lesson in batch if rank < len(lesson.rows)):
        if len(rows) < PASSAGES:
            rows.setdefault(row)
    return list(rows)


def _places(lessons: Lessons, rows: Sequence[int]) -> list[tuple[int, int]]:
    return [(row, unit) for row in rows for unit in range(len(lessons.candidates[row].words))]


def _units(lessons: Lessons, rows: Sequence[int], vectors: Sequence[Tensor]) -> Tensor:
    counts = [len(lessons.candidates[row].passage.units) for row in rows]
    return torch.cat([own[1 : 1 + count] for own, count in zip(vectors, counts, strict=True)])


def _features(
    encoder: Encoder,
    lessons: Lessons,
    batch: Sequence[Lesson],
    rows: Sequence[int],
    vectors: Sequence[Tensor] = (),
) -> Tensor:
    """Shape (questions, units, 6), in the order of START; `vectors` are those of the rows, if they are at hand."""
    candidates = [lessons.candidates[row] for row in rows]
    vectors = vectors or encoder.encode([candidate.passage for candidate in candidates])
    asked = encoder.encode([lesson.passage for lesson in batch])
    whole = torch.stack([own[0] for own in asked])
    passage_of = torch.tensor([at for at, one in enumerate(candidates) for _ in one.words])
    late_unit, late_passage = _late(batch, asked, candidates, vectors)
    terms = torch.tensor(_shares(batch, candidates))
    meaning = whole @ _units(lessons, rows, vectors).T
    dense = (whole @ torch.stack([own[0] for own in vectors]).T)[:, passage_of]
    return torch.stack([terms[0], terms[1], meaning, dense, late_unit, late_passage[:, passage_of]], -1)


def _shares(batch: Sequence[Lesson], candidates: Sequence[Candidate]) -> np.ndarray:
    """The shares of the question's terms (2, questions, units): in the unit, and in it with its headings."""
    units = [(own, own | candidate.around) for candidate in candidates for own in candidate.terms]
    return np.array(
        [[[lesson.terms.share_in(unit[at]) for unit in units] for lesson in batch] for at in (0, 1)], dtype=np.float32
    )


def _late(
    batch: Sequence[Lesson], asked: Sequence[Tensor], candidates: Sequence[Candidate], vectors: Sequence[Tensor]
) -> tuple[Tensor, Tensor]:
    """`app.likeness.late_interaction`, to learn through: (questions, units) and (questions, passages)."""
    words = fold(torch.cat([own[1 + len(one.words) :] for own, one in zip(vectors, candidates, strict=True)]))
    cosines = fold(torch.cat([own[1:] for own in asked])) @ words.T
    cosines = torch.cat([cosines, torch.zeros(len(cosines), 1)], 1)  # the last column is no word at all
    starts = np.cumsum([0, *(len(one.passage.words) for one in candidates)])
    of_units = [[int(starts[at]) + word for word in own] for at, one in enumerate(candidates) for own in one.words]
    of_passages = [list(range(int(start), int(end))) for start, end in pairwise(starts)]
    weights = [torch.tensor(lesson.shares)[None] for lesson in batch]
    shares = torch.block_diag(*weights)  # type: ignore[no-untyped-call]  # torch leaves it unannotated
    unit, passage = (shares @ _best(cosines, groups) for groups in (of_units, of_passages))
    return unit, passage


def _best(cosines: Tensor, groups: Sequence[Sequence[int]]) -> Tensor:
    """For each question word its best cosine, zero at the least, within each group of words: (words, groups)."""
    none = cosines.shape[1] - 1
    longest = max(map(len, groups))
    places = torch.tensor([[*group, *[none] * (longest - len(group))] for group in groups])
    return cosines[:, places.reshape(-1)].reshape(len(cosines), *places.shape).amax(2)


def fold(vectors: Tensor) -> Tensor:
    """`ingest.words.fold`, to learn through: (n, dim) to (n, WORD_DIM)."""
    step = -(-vectors.shape[1] // WORD_DIM)
    padded = F.pad(vectors, (0, WORD_DIM * step - vectors.shape[1]))
    signs = torch.ones(WORD_DIM * step)
    signs[1::2] = -1
    return F.normalize((padded * signs).reshape(len(vectors), WORD_DIM, step).sum(2), dim=-1)
