"""Workers: a document that hangs, grows or crashes takes only its worker along."""

import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest import worker_process
from ingest.errors import PublishError
from ingest.limits import Limits
from ingest.parsed import read_document
from ingest.pool import ParsePool
from ingest.worker_process import Job

# Stands in for ingest.parse in the worker process: the file's text says how the parser behaves.
PARSER = """
import os, sys, time
from ingest.document import Block, Document
from ingest.errors import ParseError
SUFFIXES = frozenset({".md"})
def parse_file(path, *, ocr):
    said = path.read_text()
    print("noise that no one may take for an answer")
    if said == "hang":
        while True: pass
    if said == "grow":
        kept = []
        while True: kept.append(bytearray(50_000_000))
    if said == "crash": os.abort()
    if said == "exit": os._exit(3)
    if said == "recurse": parse_file.__call__; return (lambda f: f(f))(lambda f: f(f))
    if said == "raise": raise ValueError("odd\\ncontent")
    if said == "refuse": raise ParseError("locked with a password", hint="unlock it")
    if said == "import": raise ImportError("No module named pdf")
    if said == "environment": said = " ".join(sorted(k for k in os.environ if not k.startswith("LC_")))
    return Document(path.stem, (Block("paragraph", said),))
"""


@pytest.fixture
def pool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ParsePool]:
    """A pool whose workers find the stand-in parser."""
    (tmp_path / "sitecustomize.py").write_text(
        "import sys, types\nmodule = types.ModuleType('ingest.parse')\n"
        f"exec({textwrap.dedent(PARSER)!r}, module.__dict__)\nsys.modules['ingest.parse'] = module\n"
    )
    monkeypatch.setattr(
        worker_process, "_package_parent", lambda: f"{tmp_path}:{Path(worker_process.__file__).parents[1]}"
    )
    for name in ("AWS_SECRET_ACCESS_KEY", "DATABASE_PASSWORD", "HF_TOKEN", "HOME"):
        monkeypatch.setenv(name, "secret")
    with ParsePool(2, Limits(seconds=8, memory_mb=400), ocr="none") as pool:
        yield pool


def parse(pool: ParsePool, folder: Path, *texts: str) -> list[str]:
    """Why each text failed, "" if it did not, in the order of the texts."""
    jobs = []
    for number, text in enumerate(texts):
        path = folder / f"{number}.md"
        path.write_text(text)
        jobs.append(Job(path, ".md", folder / f"{number}.json.gz"))
    reasons = {job.path: reason for job, reason in pool.parse(jobs)}
    assert len(reasons) == len(texts)
    return [reasons[job.path] for job in jobs]


def test_each_failure_is_its_documents_alone(pool: ParsePool, tmp_path: Path) -> None:
    bad = ["hang", "grow", "crash", "exit", "recurse", "raise", "refuse"]
    reasons = parse(pool, tmp_path, "good 1", *bad, "good 2")
    assert reasons == [
        "",
        "took longer than 8 s to read (split the file, or raise INGEST_PARSE_SECONDS)",
        "needs more than 400 MB of memory to read (split the file, or raise INGEST_PARSE_MEMORY_MB)",
        "reading it broke the program (SIGABRT): it is probably damaged (restore it from its source)",
        "reading it broke the program (exit 3): it is probably damaged (restore it from its source)",
        "its parts are nested too deeply to read (save it again with the program it was made with)",
        "the program can't read it, and its makers should know (ValueError: odd content)",
        "locked with a password (unlock it)",
        "",
    ]
    for number, text in ((0, "good 1"), (8, "good 2")):
        document = read_document(tmp_path / f"{number}.json.gz")
        assert document is not None
        assert document.blocks[0].text == text


def test_parsers_see_no_credentials_and_no_file_name(pool: ParsePool, tmp_path: Path) -> None:
    assert parse(pool, tmp_path, "environment") == [""]
    document = read_document(tmp_path / "0.json.gz")
    assert document is not None
    assert document.title == "untitled-document"
    assert set(document.blocks[0].text.split()) <= {*worker_process._PASSED_ON, "PYTHONPATH"}
    assert {"PATH", "OMP_NUM_THREADS"} <= set(document.blocks[0].text.split())


def test_a_full_disk_is_not_the_documents_fault(pool: ParsePool, tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("good")
    with pytest.raises(OSError, match="No such file or directory"):
        list(pool.parse([Job(tmp_path / "a.md", ".md", tmp_path / "gone" / "a.json.gz")]))


def test_a_broken_installation_is_not_either(pool: ParsePool, tmp_path: Path) -> None:
    with pytest.raises(PublishError, match="the parsers can't be loaded: No module named pdf"):
        parse(pool, tmp_path, "import")


def test_workers_end_with_their_parent(tmp_path: Path) -> None:
    import subprocess  # noqa: PLC0415 -- only here

    started = subprocess.Popen([sys.executable, "-m", "ingest.worker"], stdin=subprocess.PIPE)
    assert started.stdin
    started.stdin.close()
    assert started.wait(timeout=20) == 0
