"""The loop that every adapter is trained by: batch after batch, the rate rising at first and falling to the end."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from eval.adapt_examples import Lesson, Lessons
from eval.adapt_model import Encoder

WARM_UP = 40  # batches
LEAST = 0.02  # of the rate, at the end
SCORER = 10  # times the rate of the adapter: a handful of numbers that scores are made by
ALIKE = 0.85  # cosine from which a unit beside the answer is taken to answer, too: it is left out

Batch = tuple[Lessons, list[Lesson]]


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long and how fast: passes over the lessons, and the learning rate at its highest."""

    epochs: int = 4
    rate: float = 5e-4
    seed: int = 1


def count_batches(libraries: Sequence[Lessons], schedule: Schedule, questions: int) -> int:
    """How many steps the training takes, with so many questions a batch."""
    return schedule.epochs * sum(-(-len(lessons.lessons) // questions) for lessons in libraries)


def fit(
    encoder: Encoder,
    scorer: nn.Module,
    loss_of: Callable[[Lessons, Sequence[Lesson]], Tensor],
    batches: Sequence[Batch],
    rate: float,
) -> Iterator[None]:
    """Train the encoder's adapter and the scorer in place, and yield after each batch; `rate` is the highest."""
    optimizer = torch.optim.AdamW(
        [
            {"params": encoder.parameters, "weight_decay": 0.01},
            {"params": scorer.parameters(), "weight_decay": 0.0},
        ]
    )
    encoder.model.train()
    for done, (lessons, batch) in enumerate(batches):
        share = min(1.0, (done + 1) / WARM_UP) * max(LEAST, 1 - done / len(batches))
        for group, times in zip(optimizer.param_groups, (1, SCORER), strict=True):
            group["lr"] = rate * share * times
        loss = loss_of(lessons, batch)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it unannotated
        nn.utils.clip_grad_norm_(encoder.parameters, 1.0)
        optimizer.step()
        yield
    encoder.model.eval()
