"""Adapt embedder or reader to how people ask: `python -m eval adapt --learn CASES INDEX ... --out FOLDER [--reader]`.

Learns a low-rank adapter of a packaged model from cases whose gold quotes stand in an index. Some documents of each
library are held out: the printed table says how often the right unit comes first for the questions about those,
before and after. The adapted model is used with INGEST_EMBEDDER=FOLDER/model, or APP_READER_MODEL=FOLDER/model.
"""

import argparse
import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.table import Table

from app.library import Library
from app.settings import load_settings
from eval.adapt_examples import Lessons, make_lessons
from eval.cases import load_cases
from eval.options import Parser, positive
from eval.progress import progress_bars
from ingest.errors import CaseError
from ingest.models import MINILM, MINILM_OPS, READ_TOKENS, find_model

FEWEST = 32  # lessons


def adapt_command(arguments: Sequence[str]) -> int:
    """Train, print what it gained on documents that were held out, and write adapter and model."""
    options = _options(arguments)
    learned, held = _divide(_read(options), options.hold_out)
    before, after = _learn(options, learned, held)
    table = Table("library", "learned from", "held out", "right unit first, before", "after")
    for (cases, _), lessons, own, was, now in zip(options.learn, learned, held, before, after, strict=True):
        counts = str(len(lessons.lessons)), str(len(own.lessons))
        table.add_row(str(cases), *counts, *(f"{sum(right) / max(len(right), 1):.3f}" for right in (was, now)))
    console = Console()
    console.print(table)
    use = "APP_READER_MODEL={} make run" if options.reader else "INGEST_EMBEDDER={} python -m ingest run"
    console.print(f"use it with {use.format(options.out / 'model')}", markup=False)
    return 0


def _learn(
    options: argparse.Namespace, learned: Sequence[Lessons], held: Sequence[Lessons]
) -> tuple[list[list[bool]], list[list[bool]]]:
    """For each library whether each lesson held out is answered right, before and after."""
    # PyTorch takes seconds to import, and every other command does without.
    from eval import adapt_reader, adapt_train  # noqa: PLC0415
    from eval.adapt_fit import Schedule, count_batches  # noqa: PLC0415
    from eval.adapt_model import LONGEST, Encoder  # noqa: PLC0415

    kind, base, tokens = (adapt_reader, MINILM_OPS, READ_TOKENS) if options.reader else (adapt_train, MINILM, LONGEST)
    encoder = Encoder(find_model(base, load_settings().models), options.rank, tokens, dropout=not options.reader)
    before = [kind.first_answers(encoder, kind.Scorer(), lessons) for lessons in held]
    schedule = Schedule(epochs=options.epochs)
    with progress_bars() as start:
        total = count_batches(learned, schedule, kind.QUESTIONS)
        scorer = kind.train(encoder, learned, schedule, start("batches", total))
    after = [kind.first_answers(encoder, scorer, lessons) for lessons in held]
    encoder.save(options.out / "adapter.safetensors", options.out / "model")
    return before, after


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = Parser(prog="python -m eval adapt", description="An embedder that knows how your people ask.")
    parser.add_argument(
        "--learn",
        nargs=2,
        type=Path,
        action="append",
        required=True,
        metavar=("CASES", "INDEX"),
        help="may be repeated",
    )
    parser.add_argument("--out", type=Path, required=True, help="folder for adapter.safetensors and model/")
    parser.add_argument("--reader", action="store_true", help="the reader is adapted; by default the embedder")
    parser.add_argument("--rank", type=positive, default=16, help="of the adapter (default %(default)s)")
    parser.add_argument("--epochs", type=positive, default=4, help="passes over the cases (default %(default)s)")
    parser.add_argument("--hold-out", type=float, default=0.1, help="share of the documents (default %(default)s)")
    return parser.parse_args(arguments)


def _read(options: argparse.Namespace) -> list[Lessons]:
    found = []
    for cases, index in options.learn:
        library = Library(index, load_settings().models)
        lessons = make_lessons(load_cases(cases), library.current(), unanswered=options.reader)
        if len(lessons.lessons) < FEWEST:
            raise CaseError(
                f"{cases}: the gold quotes of only {len(lessons.lessons)} cases stand in {index}",
                hint=f"an adapter learns from {FEWEST} cases at the least, better from a thousand",
            )
        found.append(lessons)
    return found


def _divide(libraries: Sequence[Lessons], share: float) -> tuple[list[Lessons], list[Lessons]]:
    """What is learned, and what is held out: all questions about that share of each library's documents."""
    learned, held = [], []
    for lessons in libraries:
        documents = sorted({lessons.document(lesson) for lesson in lessons.lessons})
        random.Random(1).shuffle(documents)  # noqa: S311 -- a draw that is the same every time
        out = set(documents[: round(len(documents) * share)])
        sides = [
            tuple(one for one in lessons.lessons if (lessons.document(one) in out) is side) for side in (False, True)
        ]
        learned.append(replace(lessons, lessons=sides[0]))
        held.append(replace(lessons, lessons=sides[1]))
    return learned, held
