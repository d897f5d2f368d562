"""Time to the first token: chosen sentences and steps against whole passages, with the packaged local model.

    python -m eval.bench_first_token [--index DIR] [--cases FILE] [--questions N] [--seconds S]

Both prompts have the same fixed part and the same question. The usual one holds the first five passages as they are
stored in the index; ours what `app.evidence` chose from them. The model begins to answer one after the other,
so that a busy machine slows both alike: read the ratio. After S seconds no further question is asked.
"""

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from langchain_core.messages import BaseMessage, HumanMessage
from rich.console import Console
from rich.table import Table

from app.access import Reader
from app.evidence import select_evidence
from app.library import Library
from app.llm import LLM, Finish, UnfinishedError, load_llm
from app.prompt import build_messages
from app.question import read_question
from app.retrieve import Filters, Retriever
from app.settings import load_settings
from eval.bench import CASES
from eval.cases import Case, load_cases
from eval.options import Parser, exit_code_of, positive
from eval.progress import progress_bars
from eval.stats import percentile
from ingest.errors import LLMError

PASSAGES = 5
FEWEST = 16  # tokens; the least that the settings take, and one would do
Messages = list[BaseMessage]


@dataclass(frozen=True, slots=True)
class First:
    """The first token of an answer: after how many seconds, and how many tokens were read before it."""

    seconds: float
    tokens: int


Pair = tuple[First, First]
"""Ours and the usual way, for one question."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Ask both ways in turn and print the table."""
    parser = Parser(prog="python -m eval.bench_first_token", description="Time to the first token, both ways.")
    parser.add_argument("--index", type=Path, help="folder of the index (default: APP_INDEX)")
    parser.add_argument("--cases", type=Path, default=CASES, help=f"questions (default {CASES})")
    parser.add_argument("--questions", type=positive, default=10, help="so many, spread over the cases (default 10)")
    parser.add_argument("--seconds", type=positive, default=300, help="ask no longer than this (default 300)")
    return exit_code_of(print_comparison, parser.parse_args(arguments))


def print_comparison(options: argparse.Namespace) -> None:
    """The medians of both ways; LLMError where the time was too short for a single question."""
    settings = load_settings(index=options.index, llm="local", llm_max_tokens=FEWEST, llm_timeout_s=options.seconds)
    retriever = Library(settings.index, settings.models).current()
    answerable = [case for case in load_cases(options.cases) if case.answerable and not case.history]
    cases = answerable[:: max(1, len(answerable) // options.questions)][: options.questions]
    prompts = [found for case in cases if (found := both_prompts(retriever, case))]
    llm = load_llm(settings)
    assert llm is not None  # noqa: S101  # "local" always is a model
    try:
        llm.warm(build_messages("", ()))
        with progress_bars() as bars:
            pairs = list(ask_both_ways(llm, prompts, options.seconds, bars("questions", len(prompts))))
    finally:
        llm.close()
    if not pairs:
        raise LLMError(f"no question was done within {options.seconds} s", hint="raise --seconds")
    _print(pairs, f"{llm.name}, {len(pairs)} of {len(prompts)} questions")


def both_prompts(retriever: Retriever, case: Case) -> tuple[Messages, Messages] | None:
    """What the model reads our way and the usual way, or None where no evidence was chosen."""
    question = read_question(case.question)
    filters = Filters(case.as_of or date.today(), case.rails, case.regions)
    found = retriever.search(question, filters, Reader("bench", frozenset(case.readers or ())))
    chosen = select_evidence(question, found.hits, retriever.index, found.vector, retriever.passage_reader).chosen
    if not chosen:
        return None
    own = build_messages(question.text, chosen)
    texts = [retriever.index.chunk(hit.chunk_id) for hit in found.hits[:PASSAGES]]
    passages = "\n".join(f"[{number}] {chunk.text}" for number, chunk in enumerate(texts, start=1) if chunk)
    return own, [own[0], HumanMessage(f"<passages>\n{passages}\n</passages>\n\nQuestion: {question.text}")]


def ask_both_ways(
    llm: LLM, prompts: Sequence[tuple[Messages, Messages]], seconds: float, advance: Callable[[], object]
) -> Iterator[Pair]:
    """A pair for each question that is done both ways within `seconds`."""
    ends = time.monotonic() + seconds
    for own, usual in prompts:
        try:
            yield first_token(llm, own, ends), first_token(llm, usual, ends)
        except LLMError as error:
            if error.kind == "timeout":
                return
            raise
        advance()


def first_token(llm: LLM, messages: Messages, ends: float) -> First:
    """Ask until the first token or the moment `ends`; LLMError if none comes."""
    started = time.monotonic()
    if ends <= started:
        raise LLMError("the time is over", kind="timeout")
    seconds = 0.0
    try:
        for piece in llm.stream(messages, deadline_s=ends - started):
            seconds = seconds or time.monotonic() - started
            if isinstance(piece, Finish):
                return First(seconds, piece.usage.input_tokens)
    except UnfinishedError as stopped:  # after the few tokens that it may write
        if seconds:
            return First(seconds, stopped.usage.input_tokens)
        raise
    raise LLMError(f"{llm.name} wrote nothing")


def _print(pairs: Sequence[Pair], title: str) -> None:
    table = Table("what the model reads", "prompt tokens, median", "first token, median s", "first token, p95 s")
    names = ("chosen sentences and steps (ours)", f"{PASSAGES} whole passages")
    for name, firsts in zip(names, zip(*pairs, strict=True), strict=True):
        seconds = [first.seconds for first in firsts]
        tokens = percentile([first.tokens for first in firsts], 0.5)
        table.add_row(name, f"{tokens:.0f}", f"{percentile(seconds, 0.5):.1f}", f"{percentile(seconds, 0.95):.1f}")
    times = percentile([usual.seconds / own.seconds for own, usual in pairs], 0.5)
    Console().print(title, table, f"whole passages take {times:.1f} times as long (median over the questions)")


if __name__ == "__main__":
    sys.exit(main())
