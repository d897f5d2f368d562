"""The sample library: files and register agree, outputs come from their sources, golden quotes stand where they say."""

import hashlib
import json
import subprocess
import sys
from collections import Counter
from functools import cache
from pathlib import Path

import pytest
import yaml

from eval.cases import Case, load_cases
from ingest.document import Document
from ingest.parse import parse_file
from ingest.register import load_register

CORPUS = Path(__file__).resolve().parents[1] / "corpus"
LIBRARY = CORPUS / "library"
CHEAP = ("RUN-PAY-012", "REF-ESC-002", "REF-CUT-001", "SOP-PAY-010", "SOP-ACH-501")


@pytest.fixture(scope="module")
def build():  # type: ignore[no-untyped-def]  # the modules of corpus/build are scripts without a package
    """The build script's modules, importable for the time of these tests."""
    sys.path.insert(0, str(CORPUS / "build"))
    import golden  # noqa: PLC0415  # only on this path
    import library  # noqa: PLC0415  # only on this path
    import source  # noqa: PLC0415  # only on this path

    yield {"golden": golden, "library": library, "source": source}
    sys.path.remove(str(CORPUS / "build"))


@cache
def cases() -> tuple[Case, ...]:
    return tuple(load_cases(CORPUS / "golden" / "cases.jsonl") + load_cases(CORPUS / "golden" / "holdout.jsonl"))


@cache
def parsed(doc: str) -> Document:
    return parse_file(LIBRARY / doc)


def fold(text: str) -> str:
    return "".join(text.replace("|", " ").split())


def test_register_is_consistent_and_names_every_file() -> None:
    records = load_register(LIBRARY)
    assert records is not None
    on_disk = {p.relative_to(LIBRARY).as_posix() for p in LIBRARY.rglob("*") if p.is_file()}
    assert set(records) == on_disk - {"register.yaml"}


def test_register_says_what_the_sources_say(build) -> None:  # type: ignore[no-untyped-def]  # see build
    text = (LIBRARY / "register.yaml").read_text(encoding="utf-8")
    assert text == build["library"].register(build["source"].load_all())


def test_readme_table_is_current(build) -> None:  # type: ignore[no-untyped-def]  # see build
    sources = build["source"].load_all()
    assert build["library"].README.read_text(encoding="utf-8") == build["library"].readme(sources)


def test_documents_refer_to_sections_that_exist(build) -> None:  # type: ignore[no-untyped-def]  # see build
    assert build["library"].cross_references(build["source"].load_all()) == []


def test_rebuilding_gives_the_same_bytes() -> None:
    """Rebuilds documents of five forms in a fresh interpreter and compares every file of the library."""
    before = _hashes()
    done = subprocess.run([sys.executable, str(CORPUS / "build"), *CHEAP], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert _hashes() == before


def _hashes() -> dict[str, str]:
    folders = (LIBRARY, CORPUS / "golden")
    files = [p for folder in folders for p in folder.rglob("*") if p.is_file()]
    return {str(p): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


def test_forms_and_traps_that_a_real_store_has() -> None:
    entries = yaml.safe_load((LIBRARY / "register.yaml").read_text(encoding="utf-8"))["documents"]
    statuses = Counter(e["status"] for e in entries)
    assert statuses["superseded"] >= 1
    assert any(e["readers"] for e in entries)
    assert {Path(e["file"]).suffix for e in entries} == {".pdf", ".docx", ".html", ".md", ".xlsx"}


def test_a_fifth_of_the_cases_has_no_answer() -> None:
    unanswerable = [c for c in cases() if not c.answerable]
    assert len(unanswerable) >= len(cases()) / 5
    assert all(c.reference for c in cases())


def test_holdout_is_a_tenth() -> None:
    held = (CORPUS / "golden" / "holdout.jsonl").read_text(encoding="utf-8").splitlines()
    assert abs(len(held) / len(cases()) - 0.1) < 0.03
    assert not {json.loads(line)["id"] for line in held} & {c.id for c in load_cases(CORPUS / "golden" / "cases.jsonl")}


def scans(build) -> set[str]:  # type: ignore[no-untyped-def]  # see build
    return {s.file for s in build["source"].load_all() if s.meta["form"] == "scan"}


def test_quotes_stand_in_the_parsed_documents(build) -> None:  # type: ignore[no-untyped-def]  # see build
    missing = [
        f"{case.id}: {gold.doc} {gold.pages}: {gold.quote}"
        for case in cases()
        for gold in case.gold
        if gold.doc not in scans(build) and not _stands(gold.doc, gold.pages, gold.quote)
    ]
    assert missing == []


def _stands(doc: str, pages: tuple[int, ...], quote: str) -> bool:
    blocks = [b for b in parsed(doc).blocks if not pages or b.page is None or pages[0] - 1 <= b.page <= pages[0]]
    return fold(quote) in fold("\n".join(b.text for b in blocks))


def test_quotes_of_scans_stand_on_the_page_before_scanning(build) -> None:  # type: ignore[no-untyped-def]  # see build
    by_file = {s.file: s for s in build["source"].load_all()}
    golds = [(g, c.id) for c in cases() for g in c.gold if g.doc in scans(build)]
    problems = [
        f"{name}: {problem}"
        for gold, name in golds
        for problem in build["golden"].check_gold(
            {"doc": gold.doc, "section": gold.section, "quote": gold.quote}, by_file
        )
    ]
    assert problems == []


@pytest.mark.slow
def test_a_scan_is_read_by_ocr() -> None:
    text = fold("\n".join(b.text for b in parsed("global/continuity/sop-bcp-901-v1.0.pdf").blocks))
    assert fold("Three persons sign each MR-1") in text
