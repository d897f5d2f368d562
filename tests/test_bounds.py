"""Large libraries and long documents stay within bounds of time and memory.

A test run takes small ones; `make bounds` takes 20,000 documents and 3,000 pages and prints what it measured.
"""

import json
import os
import random
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest
from pdf_maker import Maker, make_pdf
from pypdf import PdfWriter

pytestmark = pytest.mark.slow

DOCUMENTS = int(os.environ.get("BOUNDS_DOCUMENTS", "600"))
PAGES = int(os.environ.get("BOUNDS_PAGES", "60"))
MOST_MEMORY_MB = 1500
WORDS = (
    "payment return recall account creditor debtor agent cut-off release queue desk approve second person repair hold "
    "amount currency London value date settlement message pacs.008 pacs.004 camt.056 reject reason code AC04 advice"
).split()


@dataclass(frozen=True)
class Measured:
    """One run of the command: its JSON line, wall-clock seconds, and the most memory of all its processes together."""

    report: dict[str, Any]
    seconds: float
    memory_mb: float


def measure(corpus: Path, index: Path) -> Measured:
    command = [sys.executable, "-m", "ingest", "run", "--corpus", str(corpus), "--index", str(index), "--json"]
    environment = {**os.environ, "INGEST_EMBEDDER": "word-hash"}
    started, most = time.monotonic(), 0.0
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        while process.poll() is None:
            most = max(most, resident_mb(process.pid))
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=0.05)
        assert process.stdout
        report = json.loads(process.stdout.read())
    return Measured(report, time.monotonic() - started, most)


def resident_mb(pid: int) -> float:
    try:
        parent = psutil.Process(pid)
        return sum(process.memory_info().rss for process in [parent, *parent.children(recursive=True)]) / 2**20
    except psutil.NoSuchProcess:
        return 0.0


def tell(what: str, run: Measured) -> None:
    stages = ", ".join(f"{stage} {seconds:.0f} s" for stage, seconds in run.report["seconds"].items() if seconds >= 0.5)
    print(f"\n{what}: {run.seconds:.1f} s, {run.memory_mb:.0f} MB at most ({stages})")


def sentence(chance: random.Random) -> str:
    return " ".join(chance.choices(WORDS, k=25)).capitalize() + ".\n"


def test_a_large_folder(tmp_path: Path) -> None:
    chance = random.Random(1)  # noqa: S311 -- reproducible texts
    for number in range(DOCUMENTS):
        path = tmp_path / "corpus" / f"{number // 500}" / f"{number}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        steps = "".join(f"{n}. {sentence(chance)}" for n in range(1, 4))
        path.write_text(f"# Procedure {number}\n\n## Scope\n\n{sentence(chance)}\n## Steps\n\n{steps}", "utf-8")
    first = measure(tmp_path / "corpus", tmp_path / "index")
    tell(f"first run over {DOCUMENTS} documents, {first.report['chunks']} passages", first)
    assert (first.report["documents"], first.report["failed"]) == (DOCUMENTS, 0)
    again = measure(tmp_path / "corpus", tmp_path / "index")
    tell("unchanged run", again)
    assert (again.report["published"], again.report["parsed"], again.report["embedded"]) == (False, 0, 0)
    assert max(first.memory_mb, again.memory_mb) < MOST_MEMORY_MB
    assert again.seconds < first.seconds


def test_a_long_document(tmp_path: Path) -> None:
    chance = random.Random(2)  # noqa: S311 -- as above

    def draw(maker: Maker) -> None:
        for number in range(1, PAGES + 1):
            maker.at(f"{number}", 500, 815)
            if number % 5 == 1:
                maker.line(f"{number // 5 + 1} Procedure {number}", size=14, bold=True)
            for _ in range(4):
                maker.lines(sentence(chance) + sentence(chance))
            if number % 4 == 0:
                maker.grid([72, 212, 352, 492], [chance.choices(WORDS, k=3) for _ in range(6)])
            if number < PAGES:
                maker.page()

    (tmp_path / "corpus").mkdir()
    make_pdf(tmp_path / "corpus" / "manual.pdf", draw)
    first = measure(tmp_path / "corpus", tmp_path / "index")
    tell(f"first run over a PDF of {PAGES} pages, {first.report['chunks']} passages", first)
    assert (first.report["documents"], first.report["failed"]) == (1, 0)
    assert first.report["chunks"] >= PAGES
    assert first.memory_mb < MOST_MEMORY_MB


def test_a_document_without_end_is_refused(tmp_path: Path) -> None:
    writer = PdfWriter()
    for _ in range(10_000):
        writer.add_blank_page(width=595, height=842)
    (tmp_path / "corpus").mkdir()
    writer.write(tmp_path / "corpus" / "endless.pdf")
    (tmp_path / "corpus" / "good.md").write_text("# Good\n\nText.\n")
    run = measure(tmp_path / "corpus", tmp_path / "index")
    tell("run with a PDF of 10,000 pages", run)
    assert (run.report["exit_code"], run.report["documents"]) == (1, 1)
    assert run.report["failures"][0]["reason"] == "10,000 pages; at most 5,000 are read (split the file)"
    assert run.memory_mb < MOST_MEMORY_MB
