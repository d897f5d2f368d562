"""Ingestion against the tutorial LangChain pipeline, over the same files with the same model.

    python -m eval.bench_ingest --corpus DIR

The tutorial: PyPDFLoader or TextLoader, RecursiveCharacterTextSplitter(1000, 200), HuggingFaceEmbeddings
(all-MiniLM-L6-v2), FAISS.from_documents. Files that it has no loader for, or finds no text in (scans), are left out of
both. Each pipeline runs in a process of its own: seconds are wall time, CPU seconds and memory those of the process and
its children, memory the highest sum of their proportional set sizes. Of `--repeat` measurements the quickest counts.
"""

import argparse
import os
import platform
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil
from rich.console import Console
from rich.table import Table

from ingest.models import MINILM_OPS, find_model
from ingest.settings import load_settings

_SUFFIXES = (".pdf", ".md", ".txt")
_POLL_SECONDS = 0.1
_LEAST_PAGE_CHARS = 50  # of a page of a PDF: less is a scan's page number


@dataclass(frozen=True, slots=True)
class Cost:
    """What one pipeline took: wall and processor seconds, peak memory in MB."""

    name: str
    wall: float
    cpu: float
    peak_mb: float


def main(arguments: Sequence[str] | None = None) -> int:
    """Run all pipelines one after the other and print the table."""
    parser = argparse.ArgumentParser(prog="python -m eval.bench_ingest", description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True, help="folder with documents")
    parser.add_argument("--repeat", type=int, default=1, help="how often each pipeline is measured")
    parser.add_argument("--tutorial-only", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.tutorial_only:
        run_tutorial(options.corpus)
        return 0
    with tempfile.TemporaryDirectory(prefix="bench-ingest-") as folder:
        corpus = Path(folder) / "corpus"
        size = copy_corpus(options.corpus, corpus)
        print_costs(list(measure_all(corpus, Path(folder) / "index", options.repeat)), f"{options.corpus.name}: {size}")
    return 0


def copy_corpus(source: Path, target: Path) -> str:
    """Copy the files that both pipelines read; says how many they are, and how many were left out."""
    taken, left, pages = 0, 0, 0
    for path in sorted(path for path in source.rglob("*") if path.is_file()):
        if path.suffix.lower() in _SUFFIXES and (path.suffix.lower() != ".pdf" or _has_text(path)):
            copy = target / path.relative_to(source)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
            taken, pages = taken + 1, pages + (_page_count(path) if path.suffix.lower() == ".pdf" else 0)
        else:
            left += 1
    return f"{taken} files ({pages} PDF pages), {left} left out"


def _has_text(path: Path) -> bool:
    from pypdf import PdfReader  # noqa: PLC0415 -- the tutorial's parser, for it decides

    return all(len(page.extract_text().strip()) >= _LEAST_PAGE_CHARS for page in PdfReader(path).pages[:3])


def _page_count(path: Path) -> int:
    from pypdf import PdfReader  # noqa: PLC0415 -- as above

    return len(PdfReader(path).pages)


def measure_all(corpus: Path, index: Path, repeat: int) -> Iterator[Cost]:
    """The tutorial, then our first run, an unchanged one, and one after 1% of the documents changed."""
    python = [sys.executable, "-m"]
    run = [*python, "ingest", "run", "--corpus", str(corpus), "--index", str(index), "--json"]
    tutorial = [*python, "eval.bench_ingest", "--tutorial-only", "--corpus", str(corpus)]
    yield _quickest(repeat, lambda: measure("tutorial", tutorial))
    yield _quickest(repeat, lambda: measure("first run", run), before=lambda: shutil.rmtree(index, ignore_errors=True))
    yield _quickest(repeat, lambda: measure("unchanged run", run))
    changed = change_some(corpus)
    yield _quickest(repeat, lambda: measure(f"{changed} changed", run), before=lambda: change_some(corpus))


def _quickest(repeat: int, once: Callable[[], Cost], before: Callable[[], object] = lambda: None) -> Cost:
    costs = []
    for _ in range(repeat):
        before()
        costs.append(once())
    return min(costs, key=lambda cost: cost.wall)


def change_some(corpus: Path) -> str:
    """Add a sentence to one text file for each hundred files, at least one; says how many of how many."""
    files = sorted(path for path in corpus.rglob("*") if path.is_file())
    texts = [path for path in files if path.suffix.lower() in (".md", ".txt")]
    chosen = texts[: max(1, len(files) // 100)]
    for path in chosen:
        with path.open("a", encoding="utf-8") as stream:
            stream.write("\n\nThis sentence was added for the measurement.\n")
    return f"{len(chosen)} of {len(files)}"


def measure(name: str, command: Sequence[str]) -> Cost:
    """Run a command to its end and take its cost; RuntimeError when it fails."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    peaks: list[int] = [0]
    ended = threading.Event()
    started = time.monotonic()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        watch = threading.Thread(target=_watch_memory, args=(process.pid, peaks, ended))
        watch.start()
        _, complaint = process.communicate()
        wall = time.monotonic() - started
    ended.set()
    watch.join()
    if process.returncode != 0:
        raise RuntimeError(f"{name} failed: {complaint[-500:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)  # of the process and of all that it waited for
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(name, wall, cpu, max(peaks) / 1e6)


def _watch_memory(pid: int, peaks: list[int], ended: threading.Event) -> None:
    while not ended.wait(_POLL_SECONDS):
        peaks.append(_memory(pid))


def _memory(pid: int) -> int:
    """Bytes of a process and all below it; memory that they share counts once."""
    try:
        family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
        return sum(getattr(member.memory_full_info(), "pss", 0) or member.memory_info().rss for member in family)
    except psutil.Error:
        return 0  # a member ended between two looks


def run_tutorial(corpus: Path) -> None:
    """The pipeline of LangChain's tutorials."""
    # Imported here: this runs in a process of its own, and its imports are part of its cost.
    from langchain_community.document_loaders import PyPDFLoader, TextLoader  # noqa: PLC0415
    from langchain_community.embeddings import HuggingFaceEmbeddings  # noqa: PLC0415
    from langchain_community.vectorstores import FAISS  # noqa: PLC0415
    from langchain_text_splitters import RecursiveCharacterTextSplitter  # noqa: PLC0415

    documents = []
    for path in sorted(path for path in corpus.rglob("*") if path.is_file()):
        loader = PyPDFLoader(str(path)) if path.suffix.lower() == ".pdf" else TextLoader(str(path), encoding="utf-8")
        documents += loader.load()
    pieces = RecursiveCharacterTextSplitter(chunk_size=1000, chunk_overlap=200).split_documents(documents)
    model = find_model(MINILM_OPS, load_settings().models)
    FAISS.from_documents(pieces, HuggingFaceEmbeddings(model_name=str(model)))


def print_costs(costs: Sequence[Cost], title: str) -> None:
    """The table, each pipeline beside the tutorial, and the machine."""
    table = Table(title=title)
    for column in ("pipeline", "seconds", "times faster", "of the first run", "CPU seconds", "peak MB"):
        table.add_column(column, justify="left" if column == "pipeline" else "right")
    for cost in costs:
        faster, share = f"{costs[0].wall / cost.wall:.1f}", f"{cost.wall / costs[1].wall:.1%}"
        costly = f"{cost.cpu:.1f}", f"{cost.peak_mb:.0f}"
        table.add_row(cost.name, f"{cost.wall:.2f}", faster, "" if cost is costs[0] else share, *costly)
    console = Console()
    console.print(table)
    console.print(f"{os.cpu_count()} cores, {_processor()}, Python {platform.python_version()}", highlight=False)


def _processor() -> str:
    """The processor's name, and whether it multiplies bfloat16 matrices."""
    lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines() if Path("/proc/cpuinfo").exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    bf16 = any("avx512_bf16" in line or "amx_bf16" in line for line in lines)
    return f"{names[0] if names else platform.processor()}{' with bfloat16' if bf16 else ''}"


if __name__ == "__main__":
    sys.exit(main())
