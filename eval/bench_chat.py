"""`python -m eval.bench_chat`: many people at the real chat at once, over a scripted model of one second.

Everything stays on this machine, which also runs the clients and the model: its cores are shared by all three.
"""

import asyncio
import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import psutil
from rich.console import Console

from app.ledger import open_ledger
from app.settings import load_settings
from eval.cases import load_cases
from eval.chat_load import Load, Result, Served, run_load, served
from eval.options import Parser
from eval.scripted_model import ScriptedModel
from eval.stats import percentile

CASES = Path("corpus/golden/cases.jsonl")
RETRIEVAL_MS, OVERHEAD_S, BUSY_S = 350, 1.7, 1.0
MOST_GROWTH = 0.05  # of the memory, over the second half of a churn


def main(argv: Sequence[str] | None = None) -> int:
    """Run one load and print it; 1 if a limit was missed."""
    args = _parser().parse_args(argv)
    console = Console(highlight=False, width=150)
    texts = [case.question for case in load_cases(args.cases) if case.answerable][:200]
    load = Load(args.sessions, args.questions, args.think, texts)
    with ScriptedModel(args.model_seconds) as model, tempfile.TemporaryDirectory() as state:
        with served(args.index, Path(state), model) as at:
            console.print(f"machine: {os.cpu_count()} cores, load average {os.getloadavg()[0]:.1f} at the start")
            if args.churn:
                return _churn(at, replace(load, questions=1), args.churn, console)
            before = _cpu_seconds(at.process)
            result = asyncio.run(run_load(at.url, model, load))
            used = _cpu_seconds(at.process) - before
            each, busy = used / max(1, len(result.heard)), os.getloadavg()[0]
            console.print(f"server: {used:.1f} s of CPU, {each:.2f} s a question; load average {busy:.1f} at the end")
        retrieval = _retrieval_seconds(Path(state))
    return _report(result, retrieval, args.model_seconds, console)


def _churn(served_at: Served, load: Load, total: int, console: Console) -> int:
    """`total` people come, ask once and go, `load.people` at a time; the memory after each eighth."""
    sizes: list[float] = []
    wrong = leaks = 0
    for first in range(0, total, load.people):
        result = asyncio.run(run_load(served_at.url, served_at.model, load, first))
        leaks += len(result.leaks)
        wrong += len(result.errors) + sum(bool(one.problem) for one in result.heard)
        if (first + load.people) * 8 // total > len(sizes):
            sizes.append(served_at.process.memory_info().rss / 2**20)
            console.print(f"after {first + load.people} sessions: {sizes[-1]:.0f} MiB")
    # The first half fills caches and the store of closed sessions; after that nothing may grow.
    growth = sizes[-1] - sizes[len(sizes) // 2]
    console.print(f"growth over the second half: {growth:.0f} MiB; errors {wrong}; words of others {leaks}")
    return 1 if wrong or leaks or growth > MOST_GROWTH * sizes[-1] else 0


def _cpu_seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


def _retrieval_seconds(state: Path) -> list[float]:
    entries = open_ledger(load_settings(state=state, llm="none", ledger_url="")).latest(100_000)
    return [float(entry.body["answer"]["timings"]["retrieve"]) for entry in entries]


def _report(result: Result, retrieval: Sequence[float], model_seconds: float, console: Console) -> int:
    answered = [one for one in result.heard if not one.busy and not one.problem]
    busy = [one.done for one in result.heard if one.busy]
    composed = [one for one in answered if one.composed]
    overhead = [one.done - model_seconds for one in composed]
    problems = [*result.errors, *(one.problem for one in result.heard if one.problem)]
    lines = [
        ("questions answered", len(answered), True),
        ("of these by the model", len(composed), bool(composed)),
        ("errors", len(problems), not problems),
        ("words of others seen", len(result.leaks), not result.leaks),
        ("retrieval p95, ms", _p95(retrieval) * 1000, _p95(retrieval) * 1000 <= RETRIEVAL_MS),
        ("passages on the page p95, s", _p95([one.passages for one in answered]), True),
        ("overhead over the model p50, s", percentile(overhead, 0.5) if overhead else 0.0, True),
        ("overhead over the model p95, s", _p95(overhead), _p95(overhead) <= OVERHEAD_S),
        ("refused as busy", len(busy), True),
        ("slowest refusal, s", max(busy, default=0.0), max(busy, default=0.0) <= BUSY_S),
    ]
    for name, value, good in lines:
        shown = f"{value:.2f}" if isinstance(value, float) else f"{value}"
        console.print(f"{'ok  ' if good else 'MISS'} {name:34} {shown:>10}")
    for problem in sorted(set(problems))[:5]:
        console.print(f"     {problem}", markup=False)
    return 0 if all(good for _, _, good in lines) else 1


def _p95(values: Sequence[float]) -> float:
    return percentile(values, 0.95) if values else 0.0


def _parser() -> Parser:
    parser = Parser(prog="python -m eval.bench_chat", description="Load on the real chat, on this machine only.")
    parser.add_argument("--index", type=Path, default=Path(".index"))
    parser.add_argument("--cases", type=Path, default=CASES)
    parser.add_argument("--sessions", type=int, default=50, help="people at once")
    parser.add_argument("--questions", type=int, default=4, help="questions of each")
    parser.add_argument("--think", type=float, default=10.0, help="seconds between answer and next question")
    parser.add_argument("--model-seconds", type=float, default=1.0)
    parser.add_argument("--churn", type=int, default=0, help="that many short sessions instead, for the memory")
    return parser


if __name__ == "__main__":
    sys.exit(main())
