"""The same library gives the same manifest content hash on any machine, day and place."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import docx
import openpyxl
import pytest
from pdf_maker import make_pdf

from ingest import source
from ingest.generations import current_generation
from ingest.manifest import read_manifest
from tests.ingest_folder import content_hash, run, settings_for, write_corpus

REGISTER = """documents:
- {id: A, title: Upper, version: 1.0, status: approved, file: B.md, effective_from: 2026-01-01, rails: [SWIFT, chaps]}
- {id: B, title: Lower, version: 1.10, status: approved, file: a.md, effective_to: 2026-12-31, readers: [ops, audit]}
- {id: C, title: Accents, version: 1, status: approved, file: Ä – 支払い.md}
- {id: D, title: Page, version: 1, status: approved, file: deep/er/page.html}
- {id: E, title: Table, version: 1, status: approved, file: codes.csv}
- {id: F, title: Letter, version: 1, status: approved, file: letter.docx}
- {id: G, title: Book, version: 1, status: approved, file: book.xlsx}
- {id: H, title: Print, version: 1, status: approved, file: print.pdf}
- {id: I, title: Broken, version: 1, status: approved, file: broken.pdf}
"""
TEXTS = {
    "register.yaml": REGISTER,
    "B.md": "# Upper\n\n1. First.\n2. Second.\n\n| Code | Meaning |\n|---|---|\n| AC04 | closed |\n",
    "a.md": "# Lower\n\nThe cut-off is 17:00 in London.\n",
    "Ä – 支払い.md": "# Überweisung\n\nZahlungen gehen um 17:00 ab. 支払い。\n",
    "deep/er/page.html": "<html><body><h1 id=x>Page</h1><p>Words &amp; more</p><ul><li>one<li>two</ul></body></html>",
    "codes.csv": "code;meaning\nAC01;wrong number\nAC04;closed\n",
    "broken.pdf": "",
}
PLACES = (
    {"PYTHONHASHSEED": "0", "TZ": "UTC", "LC_ALL": "C.UTF-8", "INGEST_WORKERS": "1"},
    {"PYTHONHASHSEED": "1", "TZ": "Asia/Kathmandu", "LC_ALL": "C", "INGEST_WORKERS": "3"},
    # No UTF-8 at all: names and files are bytes that Python must not guess at.
    {"PYTHONHASHSEED": "2", "TZ": "America/Los_Angeles", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    {"PYTHONHASHSEED": "3", "TZ": "Pacific/Kiritimati", "LC_ALL": "POSIX", "LANG": "tr_TR.UTF-8", "LANGUAGE": "tr"},
)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One document of each format, made once: its bytes are what stays the same."""
    folder = write_corpus(tmp_path_factory.mktemp("library"), TEXTS)
    letter = docx.Document()
    letter.add_heading("Letter", 1)
    letter.add_paragraph("Ask the desk.", style="List Number")
    letter.save(str(folder / "letter.docx"))
    book = openpyxl.Workbook()
    for row in (("Currency", "Cut-off"), ("GBP", "17:00"), ("USD", "18:15")):
        book.active.append(row)
    book.save(folder / "book.xlsx")
    make_pdf(folder / "print.pdf", lambda maker: maker.lines("The printed procedure says what to do. " * 20))
    return folder


def copied(library: Path, folder: Path, order: Callable[[list[Path]], list[Path]]) -> Path:
    """A copy whose files were made in another order and at other times."""
    files = order(sorted(path for path in library.rglob("*") if path.is_file()))
    for number, path in enumerate(files):
        target = folder / path.relative_to(library)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
        os.utime(target, (number * 10_000_000, number * 10_000_000))
    return folder


@pytest.mark.slow
def test_the_content_hash_is_the_same_anywhere(library: Path, tmp_path: Path) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "LANG", "PYTHON"))}
    manifests = []
    for number, place in enumerate(PLACES):
        corpus = copied(library, tmp_path / str(number), lambda files, n=number: files[n:] + files[:n][::-1])
        index = tmp_path / f"index {number}"
        command = [sys.executable, "-m", "ingest", "run", "--corpus", str(corpus), "--index", str(index)]
        environment = {**kept, "INGEST_EMBEDDER": "word-hash", "INGEST_OCR": "none", **place}
        ended = subprocess.run(command, env=environment, check=False, capture_output=True)
        assert ended.returncode == 1, ended.stderr.decode("utf-8", "replace")
        manifests.append(read_manifest(current_generation(index)))
    assert {len(manifest.documents) for manifest in manifests} == {8}
    assert {tuple(line.file for line in manifest.quarantine) for manifest in manifests} == {("broken.pdf",)}
    assert len({manifest.content_hash for manifest in manifests}) == 1
    # Everything but the day, the place and the random bits of a generation's name: the files are the same too.
    assert len({tuple(sorted(manifest.files.items())) for manifest in manifests}) == 1


def test_the_order_in_which_a_store_lists_its_files_does_not_count(
    library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.walk

    def backwards(*arguments: object, **options: object) -> Iterator[tuple[str, list[str], list[str]]]:
        for root, folders, names in real(*arguments, **options):  # type: ignore[call-overload]
            folders.reverse()
            yield root, folders, names[::-1]

    one, other = (settings_for(tmp_path, corpus=str(library), index=tmp_path / name) for name in ("one", "other"))
    run(one)
    with monkeypatch.context() as patch:
        patch.setattr(source.os, "walk", backwards)
        run(other)
    assert content_hash(one.index) == content_hash(other.index)


def test_another_word_is_another_hash(library: Path, tmp_path: Path) -> None:
    settings = settings_for(tmp_path, corpus=str(shutil.copytree(library, tmp_path / "corpus")))
    run(settings)
    before = content_hash(settings.index)
    (tmp_path / "corpus/a.md").write_text("# Lower\n\nThe cut-off is 17:01 in London.\n")
    run(settings)
    assert content_hash(settings.index) != before
