"""Time of retrieval over a library of many passages.

    python -m eval.bench_size --index DIR --passages 200000 [--cases FILE] [--work DIR]

The library is grown from the index given: its documents come again and again, each time with some words exchanged for
others of the same length and with vectors that are moved a little, written by ingestion's own index writer. What such
a library answers means nothing; how long its search takes, the question's embedding included, is that of any library
of this size.
"""

import argparse
import random
import re
import shutil
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from app.access import Reader
from app.library import Library
from app.question import read_question
from app.retrieve import Filters, Retriever
from app.settings import load_settings
from eval.bench import CASES
from eval.cases import Case, load_cases
from eval.options import Parser, exit_code_of, positive
from eval.progress import progress_bars
from eval.stats import percentile
from ingest.chunk import Chunk
from ingest.index import Index, IndexedDocument, Scores, open_index
from ingest.index_form import PassageVectors
from ingest.index_writer import IndexWriter
from ingest.units import unit_spans
from ingest.words import content_words

EXCHANGED = 0.25  # share of the longer words that a copy has others for
MOVED = 0.02  # standard deviation of what is added to each coordinate of a vector
SEED = 20261123
_WORD = re.compile(r"[A-Za-z]{4,}")
Vocabulary = Mapping[int, Sequence[str]]


def main(arguments: Sequence[str] | None = None) -> int:
    """Grow the library where needed, ask every case, print the times."""
    parser = Parser(prog="python -m eval.bench_size", description="Time of retrieval over many passages.")
    parser.add_argument("--index", type=Path, required=True, help="folder of the index to grow from")
    parser.add_argument("--passages", type=positive, default=200_000, help="default 200,000")
    parser.add_argument("--cases", type=Path, default=CASES, help=f"questions (default {CASES})")
    parser.add_argument("--work", type=Path, default=Path(".eval/size"), help="where the library is made")
    return exit_code_of(print_times, parser.parse_args(arguments))


def print_times(options: argparse.Namespace) -> None:
    """Retrieval over the index as it is and over the grown one."""
    small = Library(options.index, load_settings().models).current()
    folder = options.work / f"{small.index.generation}-{options.passages}"
    if not folder.exists():
        grow(small.index, folder, options.passages)
    large = Retriever(open_index(folder), small.embedder)
    cases = [case for case in load_cases(options.cases) if case.answerable]
    table = Table("passages", "units", "p50 ms", "p95 ms", "p50 ms without embedding")
    for retriever in (small, large):
        whole, rest = search_seconds(retriever, cases)
        index = retriever.index
        row = (whole, 0.5), (whole, 0.95), (rest, 0.5)
        units = index.unit_range(len(index) - 1)[1]
        table.add_row(f"{len(index):,}", f"{units:,}", *(f"{1000 * percentile(v, share):.1f}" for v, share in row))
    Console().print(f"{len(cases)} questions", table)


def search_seconds(retriever: Retriever, cases: Sequence[Case]) -> tuple[list[float], list[float]]:
    """For each question the seconds of its retrieval, and those without its embedding; a first round warms up."""
    whole: list[float] = []
    rest: list[float] = []
    for measured in (False, True):
        for case in cases if measured else cases[:20]:
            filters = Filters(case.as_of or date.today(), case.rails, case.regions)
            reader = Reader("bench", frozenset(case.readers or ()))
            started = time.perf_counter()
            question = read_question(case.question, case.history)
            retriever.search(question, filters, reader)
            ended = time.perf_counter()
            retriever.embedder.embed_query(question.text)
            embedding = time.perf_counter() - ended
            if measured:
                whole.append(ended - started)
                rest.append(ended - started - embedding)
    return whole, rest


def grow(small: Index, folder: Path, passages: int) -> None:
    """Write an index of at least so many passages into the new `folder`."""
    building = folder.with_name(f"{folder.name}.building")
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir(parents=True)
    with progress_bars() as bars, IndexWriter(building, small.dim) as writer:
        advance = bars("growing", -(-passages // len(small)) * len(small.documents))
        for document, vectors in copies(small, passages):
            writer.add(document, vectors)
            advance()
    building.replace(folder)


def copies(small: Index, passages: int) -> Iterator[tuple[IndexedDocument, list[PassageVectors]]]:
    """The documents of the index with their vectors, then changed ones, until there are so many passages."""
    content = [small.document_chunks(number) for number in range(len(small.documents))]
    vocabulary = _vocabulary(chunk.text for chunks in content for chunk in chunks)
    count = turn = 0
    while count < passages:
        chance, noise = random.Random(SEED + turn), np.random.default_rng(SEED + turn)  # noqa: S311  # no secret
        for number, (document, chunks) in enumerate(zip(small.documents, content, strict=True)):
            stored = [small.passage_vectors(row) for row in small.rows_of(number)]
            changed = [_changed(chunk, turn, vocabulary, chance) for chunk in chunks]
            vectors = [_moved(own, chunk, noise) for own, chunk in zip(stored, changed, strict=True)]
            record = replace(document.record, doc_id=f"{document.record.doc_id}~{turn}")
            yield replace(document, record=record, chunks=tuple(changed)), vectors
            count += len(chunks)
        turn += 1


def _vocabulary(texts: Iterator[str]) -> Vocabulary:
    by_length: dict[int, set[str]] = {}
    for text in texts:
        for word in _WORD.findall(text):
            by_length.setdefault(len(word), set()).add(word)
    return {length: sorted(words) for length, words in by_length.items()}


def _changed(chunk: Chunk, turn: int, vocabulary: Vocabulary, chance: random.Random) -> Chunk:
    def other(match: re.Match[str]) -> str:
        return chance.choice(vocabulary[len(match[0])]) if turn and chance.random() < EXCHANGED else match[0]

    text = _WORD.sub(other, chunk.text)  # the same lengths: parts and spans stay where they are
    return replace(chunk, id=f"{chunk.id}~{turn}", section_id=f"{chunk.section_id}~{turn}", text=text)


def _moved(own: PassageVectors, chunk: Chunk, noise: np.random.Generator) -> PassageVectors:
    # A changed text may have more sentences or fewer words: vectors are repeated or left out to fit.
    source = own.units[1:] if len(own.units) > 1 else own.units
    units = np.resize(source, (len(unit_spans(chunk)), own.units.shape[1]))
    moved: Scores = np.vstack([own.units[:1], units])
    moved += noise.normal(0, MOVED, moved.shape).astype(np.float32)
    moved /= np.linalg.norm(moved, axis=1, keepdims=True)
    words = np.resize(own.words, (len(content_words(chunk.text)), own.words.shape[1]))
    return PassageVectors(moved, words.astype(np.int8))


if __name__ == "__main__":
    sys.exit(main())
