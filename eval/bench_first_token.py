"""Time to the first token: chosen sentences and steps against whole passages, with the packaged local model.

    python -m eval.bench_first_token [--index DIR] [--cases FILE] [--questions N]

Both prompts have the same fixed part and the same question. The usual one holds the first five passages as they are
stored in the index; ours what `app.evidence` chose from them. The model writes one token of each.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from langchain_core.messages import BaseMessage, HumanMessage
from rich.console import Console
from rich.table import Table

from app.access import Reader
from app.evidence import select_evidence
from app.library import Library
from app.llm import LLM, load_llm
from app.prompt import build_messages
from app.question import read_question
from app.retrieve import Filters, Retriever
from app.settings import load_settings
from eval.bench import CASES
from eval.cases import Case, load_cases
from eval.options import Parser, positive
from eval.progress import progress_bars
from eval.stats import percentile
from ingest.errors import AssistantError, LLMError

PASSAGES = 5
Messages = list[BaseMessage]


@dataclass(frozen=True, slots=True)
class First:
    """The first token of an answer: after how many seconds, and how many tokens were read before it."""

    seconds: float
    tokens: int


def main(arguments: Sequence[str] | None = None) -> int:
    """Ask both ways in turn and print the table."""
    parser = Parser(prog="python -m eval.bench_first_token", description="Time to the first token, both ways.")
    parser.add_argument("--index", type=Path, help="folder of the index (default: APP_INDEX)")
    parser.add_argument("--cases", type=Path, default=CASES, help=f"questions (default {CASES})")
    parser.add_argument("--questions", type=positive, default=10, help="so many, spread over the cases (default 10)")
    try:
        print_comparison(parser.parse_args(arguments))
    except AssistantError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    return 0


def print_comparison(options: argparse.Namespace) -> None:
    """The medians of both ways."""
    settings = load_settings(index=options.index, llm="local")
    retriever = Library(settings.index, settings.models).current()
    answerable = [case for case in load_cases(options.cases) if case.answerable and not case.history]
    cases = answerable[:: max(1, len(answerable) // options.questions)][: options.questions]
    llm = load_llm(settings)
    assert llm is not None  # noqa: S101  # "local" always is a model
    found: list[tuple[First, First]] = []
    try:
        llm.warm(build_messages("", ()))
        with progress_bars() as bars:
            advance = bars("questions", len(cases))
            for case in cases:
                found += ask_both_ways(llm, retriever, case)
                advance()
    finally:
        llm.close()
    _print([own for own, _ in found], [usual for _, usual in found], llm.name)


def ask_both_ways(llm: LLM, retriever: Retriever, case: Case) -> list[tuple[First, First]]:
    """Ours and the usual way, or nothing where no evidence was chosen."""
    question = read_question(case.question)
    filters = Filters(case.as_of or date.today(), case.rails, case.regions)
    found = retriever.search(question, filters, Reader("bench", frozenset(case.readers or ())))
    chosen = select_evidence(question, found.hits, retriever.index, found.vector).chosen
    if not chosen:
        return []
    own = build_messages(question.text, chosen)
    texts = [retriever.index.chunk(hit.chunk_id) for hit in found.hits[:PASSAGES]]
    passages = "\n".join(f"[{number}] {chunk.text}" for number, chunk in enumerate(texts, start=1) if chunk)
    usual: Messages = [own[0], HumanMessage(f"<passages>\n{passages}\n</passages>\n\nQuestion: {question.text}")]
    return [(first_token(llm, own), first_token(llm, usual))]


def first_token(llm: LLM, messages: Messages) -> First:
    """Ask for one token; LLMError if none comes."""
    started = time.perf_counter()
    seconds, tokens = 0.0, 0
    for chunk in llm.chat_model.stream(messages, extra_body={"max_tokens": 1}):
        seconds = seconds or (time.perf_counter() - started if chunk.text else 0.0)
        usage = getattr(chunk, "usage_metadata", None)
        tokens = usage["input_tokens"] if usage else tokens
    if not seconds:
        raise LLMError(f"{llm.name} wrote nothing")
    return First(seconds, tokens)


def _print(own: Sequence[First], usual: Sequence[First], name: str) -> None:
    table = Table("what the model reads", "prompt tokens, median", "first token, median s", "first token, p95 s")
    for title, firsts in (("chosen sentences and steps (ours)", own), (f"{PASSAGES} whole passages", usual)):
        seconds = [first.seconds for first in firsts]
        tokens = percentile([first.tokens for first in firsts], 0.5)
        table.add_row(title, f"{tokens:.0f}", f"{percentile(seconds, 0.5):.1f}", f"{percentile(seconds, 0.95):.1f}")
    Console().print(f"{name}, {len(own)} questions", table)


if __name__ == "__main__":
    sys.exit(main())
