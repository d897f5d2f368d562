"""Ingestion against the tutorial LangChain pipeline, over the same files with the same model.

    python -m eval.bench_ingest --corpus DIR

The tutorial: PyPDFLoader (or the loader of the format), RecursiveCharacterTextSplitter(1000, 200),
HuggingFaceEmbeddings(all-MiniLM-L6-v2), FAISS.from_documents. Formats it has no common loader for are left out of
both. Each pipeline runs in a process of its own; seconds are wall time, memory is the highest sum over the process
and its children.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil
from rich.console import Console
from rich.table import Table

from ingest.models import MINILM, find_model
from ingest.settings import load_settings

_SUFFIXES = (".pdf", ".md", ".txt")
_POLL_SECONDS = 0.1


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
    parser.add_argument("--tutorial-only", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.tutorial_only:
        run_tutorial(options.corpus)
        return 0
    with tempfile.TemporaryDirectory(prefix="bench-ingest-") as folder:
        corpus = copy_corpus(options.corpus, Path(folder) / "corpus")
        print_costs(list(measure_all(corpus, Path(folder) / "index")))
    return 0


def copy_corpus(source: Path, target: Path) -> Path:
    """Copy the files that both pipelines read."""
    for path in sorted(source.rglob("*")):
        if path.suffix.lower() in _SUFFIXES and path.is_file():
            copy = target / path.relative_to(source)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
    return target


def measure_all(corpus: Path, index: Path) -> Iterator[Cost]:
    """The tutorial, then our first run, an unchanged one, and one after 1% of the documents changed."""
    python = [sys.executable, "-m"]
    run = [*python, "ingest", "run", "--corpus", str(corpus), "--index", str(index), "--json"]
    yield measure("tutorial", [*python, "eval.bench_ingest", "--tutorial-only", "--corpus", str(corpus)])
    yield measure("first run", run)
    yield measure("unchanged run", run)
    change_some(corpus)
    yield measure("1% changed", run)


def change_some(corpus: Path) -> None:
    """Add a sentence to one text file in a hundred, at least one."""
    texts = sorted(path for path in corpus.rglob("*") if path.suffix.lower() in (".md", ".txt"))
    for path in texts[::100]:
        with path.open("a", encoding="utf-8") as stream:
            stream.write("\n\nThis sentence was added for the measurement.\n")


def measure(name: str, command: Sequence[str]) -> Cost:
    """Run a command to its end and take its cost; RuntimeError when it fails."""
    started = time.monotonic()
    peak = cpu = 0.0
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        watched = psutil.Process(process.pid)
        while process.poll() is None:
            try:
                family = [watched, *watched.children(recursive=True)]
                peak = max(peak, sum(member.memory_info().rss for member in family))
                times = watched.cpu_times()
                cpu = times.user + times.system + times.children_user + times.children_system
            except psutil.Error:
                pass  # a member ended between two looks
            time.sleep(_POLL_SECONDS)
        complaint = process.stderr.read() if process.stderr else ""
    if process.returncode != 0:
        raise RuntimeError(f"{name} failed: {complaint[-500:]}")
    return Cost(name, time.monotonic() - started, cpu, peak / 1e6)


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
    model = find_model(MINILM, load_settings().models)
    FAISS.from_documents(pieces, HuggingFaceEmbeddings(model_name=str(model)))


def print_costs(costs: Sequence[Cost]) -> None:
    """The table, each pipeline beside the tutorial."""
    table = Table()
    for column in ("pipeline", "seconds", "times faster", "CPU seconds", "peak MB"):
        table.add_column(column, justify="left" if column == "pipeline" else "right")
    for cost in costs:
        faster = f"{costs[0].wall / cost.wall:.1f}"
        table.add_row(cost.name, f"{cost.wall:.1f}", faster, f"{cost.cpu:.1f}", f"{cost.peak_mb:.0f}")
    Console().print(table)


if __name__ == "__main__":
    sys.exit(main())
