"""`python -m eval bench`: speed, memory and rank of our search against the usual ways over the same passages."""

import argparse
import resource
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from rich.console import Console
from rich.table import Table

from app.access import Reader
from app.answer import Assistant, Filters, open_assistant
from app.question import read_question
from app.rank import WEIGHTS
from app.retrieve import Retriever
from app.settings import load_settings
from eval.cases import Case, load_cases
from eval.options import Parser
from eval.progress import StartBar, progress_bars
from eval.ranking import score_retrieval
from eval.stats import percentile

CASES = Path("corpus/golden/cases.jsonl")
SYSTEMS: dict[str, tuple[str, ...]] = {
    "ours": (),
    "dense only (same embedder, FAISS flat)": ("dense",),
    "BM25 only (stemmed)": ("passage",),
    "dense + BM25": ("dense", "passage"),
}


@dataclass(frozen=True, slots=True)
class Measure:
    """One system over the answerable cases: mean rank metrics, and seconds from question to hits."""

    hit_at_1: float
    hit_at_5: float
    mrr: float
    in_4000_chars: float
    p50: float
    p95: float


def bench_command(argv: Sequence[str]) -> int:
    """Print the tables; always 0, because speed is judged by a reader, not a gate."""
    args = _parser().parse_args(argv)
    cases = [case for case in load_cases(args.cases) if case.answerable and case.gold]
    settings = load_settings(index=args.index, llm="none", state=args.state, ledger_url="")
    started = time.perf_counter()
    assistant = open_assistant(settings)
    retriever = assistant.library.current()
    retriever.embedder.embed_query("warm up")
    ready = time.perf_counter() - started
    with progress_bars() as bars:
        measures = {name: _measure(retriever, chosen, cases, bars, name) for name, chosen in SYSTEMS.items()}
        answers = _answer_seconds(assistant, cases, bars)
    assistant.close()
    _print(measures, answers, ready, len(retriever.index), len(cases))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = Parser(prog="python -m eval bench", description="Speed and memory against named alternatives.")
    parser.add_argument("--cases", type=Path, default=CASES, help=f"golden cases (default {CASES})")
    parser.add_argument("--index", type=Path, help="folder of the index (default: APP_INDEX)")
    parser.add_argument("--state", type=Path, default=Path(".eval/bench"), help="folder for the ledger of this run")
    return parser


def only(names: Sequence[str]) -> Mapping[str, float]:
    """Equal weights for the named features and none for the others; the fitted ones (ours) without names."""
    return dict.fromkeys(names, 1.0) if names else WEIGHTS


def _measure(retriever: Retriever, chosen: Sequence[str], cases: Sequence[Case], bars: StartBar, name: str) -> Measure:
    system = Retriever(retriever.index, retriever.embedder, only(chosen))
    advance = bars(name, len(cases))
    seconds, scores = [], []
    for case in cases:
        filters = Filters(as_of=case.as_of or date.today(), rails=case.rails, regions=case.regions)
        reader = Reader("bench", frozenset(case.readers or ()))
        started = time.perf_counter()
        found = system.search(read_question(case.question, case.history), filters, reader)
        seconds.append(time.perf_counter() - started)
        scores.append(score_retrieval(case, found.hits))
        advance()

    def mean(metric: str) -> float:
        return sum(score[metric] or 0.0 for score in scores) / len(scores)

    return Measure(
        hit_at_1=mean("hit_at_1"),
        hit_at_5=mean("hit_at_5"),
        mrr=mean("mrr"),
        in_4000_chars=mean("hit_in_4000_chars"),
        p50=percentile(seconds, 0.5),
        p95=percentile(seconds, 0.95),
    )


def _answer_seconds(assistant: Assistant, cases: Sequence[Case], bars: StartBar) -> list[float]:
    advance = bars("whole answers", len(cases))
    seconds = []
    for case in cases:
        started = time.perf_counter()
        assistant.ask(case.question, history=case.history, filters=Filters(as_of=case.as_of))
        seconds.append(time.perf_counter() - started)
        advance()
    return seconds


def _print(measures: dict[str, Measure], answers: Sequence[float], ready: float, passages: int, n: int) -> None:
    table = Table("search", "hit@1", "hit@5", "MRR", "hit in 4,000 chars", "p50 ms", "p95 ms")
    for name, m in measures.items():
        ranks = (m.hit_at_1, m.hit_at_5, m.mrr, m.in_4000_chars)
        table.add_row(name, *(f"{v:.3f}" for v in ranks), f"{1000 * m.p50:.1f}", f"{1000 * m.p95:.1f}")
    console = Console(soft_wrap=True)
    console.print(table)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    console.print(
        f"{n} questions over {passages} passages; ready after {ready:.1f} s; whole extractive answers "
        f"p50 {percentile(answers, 0.5):.2f} s, p95 {percentile(answers, 0.95):.2f} s; peak memory {peak:.0f} MB",
        highlight=False,
    )
