"""Training of a reader: the units that answer a question are to score above the others, and above zero.

A unit's score is the cosine of question and unit when the model reads them together (`app.reading`), scaled and
shifted. Each unit that answers has to win against all that do not, and against zero, which stands for "nothing here
answers": where nothing does, zero has to win. So the reader learns what an answer is from questions without one, too.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from math import log

import torch
import torch.nn.functional as F  # noqa: N812 -- its usual name
from torch import Tensor, nn

from app.reading import joint
from eval.adapt_examples import Lesson, Lessons
from eval.adapt_fit import ALIKE, Batch, Schedule, fit
from eval.adapt_model import Encoder

QUESTIONS = 4  # of a batch
PASSAGES = 6  # that a question is read with: those that answer, then the best that the search found
MOST_RIGHT = 3  # of them, those that answer
WORST = 0.3  # share of the loss that is the best answer's alone: one is enough to be found


class Scorer(nn.Module):
    """Cosines to scores."""

    def __init__(self) -> None:
        super().__init__()
        self.log_scale = nn.Parameter(torch.tensor(log(12.0)))
        self.bias = nn.Parameter(torch.tensor(-6.0))

    def forward(self, cosines: Tensor) -> Tensor:
        """The same shape."""
        return cosines * self.log_scale.exp() + self.bias


def train(
    encoder: Encoder, libraries: Sequence[Lessons], schedule: Schedule, advance: Callable[[], object] = lambda: None
) -> Scorer:
    """Train the encoder's adapter in place; the returned scorer makes scores of its cosines.

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
    """For each lesson, whether the unit that comes first among the passages found answers; where none does, whether all
    are below zero."""
    right = []
    with torch.no_grad():
        for lesson in lessons.lessons:
            places, scores = _scores(encoder, scorer, lessons, lesson, lesson.rows)
            best = int(scores.argmax())
            right.append(places[best] in lesson.answers if lesson.answers else bool(scores[best] < 0))
    return right


def _batches(libraries: Sequence[Lessons], shuffle: random.Random) -> Iterator[Batch]:
    batches: list[Batch] = []
    for lessons in libraries:
        own = list(lessons.lessons)
        shuffle.shuffle(own)
        batches += [(lessons, own[at : at + QUESTIONS]) for at in range(0, len(own), QUESTIONS)]
    shuffle.shuffle(batches)
    yield from batches


def _loss(encoder: Encoder, scorer: Scorer, lessons: Lessons, batch: Sequence[Lesson]) -> Tensor:
    losses = []
    for lesson in batch:
        places, scores = _scores(encoder, scorer, lessons, lesson, _rows(lesson))
        right = torch.tensor([place in lesson.answers for place in places])
        if not right.any():
            losses.append(F.softplus(torch.logsumexp(scores, 0)))
            continue
        others = torch.cat([scores[~right & ~_alike(lessons, places, right)], torch.zeros(1)])
        lost = torch.logaddexp(torch.logsumexp(others, 0), scores[right]) - scores[right]
        losses.append((1 - WORST) * lost.mean() + WORST * lost.min())
    return torch.stack(losses).mean()


def _rows(lesson: Lesson) -> list[int]:
    right = sorted({row for row, _ in lesson.answers})
    others = [row for row in lesson.rows if row not in right]
    return [*right[:MOST_RIGHT], *others][:PASSAGES]


def _scores(
    encoder: Encoder, scorer: Scorer, lessons: Lessons, lesson: Lesson, rows: Sequence[int]
) -> tuple[list[tuple[int, int]], Tensor]:
    """The (row, unit) of all units of the passages, and their scores."""
    passages = [lessons.candidates[row].passage for row in rows]
    vectors = encoder.encode(joint(lesson.passage.text, passages))
    places = [(row, unit) for row, passage in zip(rows, passages, strict=True) for unit in range(len(passage.units))]
    return places, scorer(torch.cat([own[2:] @ own[1] for own in vectors]))


def _alike(lessons: Lessons, places: Sequence[tuple[int, int]], right: Tensor) -> Tensor:
    """Which units say much the same as one that answers, by their vectors in the index."""
    vectors = torch.stack([torch.from_numpy(lessons.candidates[row].vectors[unit]) for row, unit in places])
    return (vectors @ vectors[right].T).amax(1) > ALIKE
