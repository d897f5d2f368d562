"""The sample library: files and register agree, outputs come from their sources, golden quotes stand where they say."""

import importlib
import json
import sys
from collections import Counter
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from eval.cases import Case, Gold, load_cases
from ingest.document import Document
from ingest.parse import parse_file
from ingest.register_file import load_register

CORPUS = Path(__file__).resolve().parents[1] / "corpus"
LIBRARY = CORPUS / "library"
CHEAP = ("RUN-PAY-012", "REF-ESC-002", "REF-CUT-001", "SOP-PAY-010", "SOP-ACH-501")


# The build is a set of scripts without a package; its modules are loaded from their folder.
sys.path.insert(0, str(CORPUS / "build"))
golden, library, render, source = map(importlib.import_module, ("golden", "library", "render", "source"))
sys.path.remove(str(CORPUS / "build"))


@cache
def sources() -> dict[str, Any]:
    return {s.file: s for s in source.load_all()}


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


def test_register_says_what_the_sources_say() -> None:
    text = (LIBRARY / "register.yaml").read_text(encoding="utf-8")
    assert text == library.register(list(sources().values()))


def test_readme_table_is_current() -> None:
    assert library.README.read_text(encoding="utf-8") == library.readme(list(sources().values()))


def test_documents_refer_to_sections_that_exist() -> None:
    assert library.cross_references(list(sources().values())) == []


def test_building_again_gives_the_same_bytes() -> None:
    """Documents of five forms are built once more and compared with the committed files; scans take too long."""
    changed = [s.file for s in source.load_all(CHEAP) if render.render(s) != (LIBRARY / s.file).read_bytes()]
    assert changed == []


def test_forms_and_versions_that_a_real_store_has() -> None:
    metas = [s.meta for s in sources().values()]
    forms = Counter(m["form"] for m in metas)
    least = {"pdf": 10, "scan": 6, "docx": 10, "html": 8, "md": 4, "xlsx": 1}
    assert {form: n for form, n in least.items() if forms[form] < n} == {}
    today = date(2026, 11, 23)
    current = [m for m in metas if m["status"] == "approved" and m["effective_from"] <= today]
    assert len(current) >= 48
    assert len(metas) >= 60
    assert Counter(m["status"] for m in metas)["superseded"] >= 8


def test_traps_that_a_real_store_has() -> None:
    traps = [(s.meta["id"], *trap.partition(":")[::2]) for s in sources().values() for trap in s.meta["traps"]]
    kinds = Counter(kind for _, kind, _ in traps)
    assert {kind for kind in source.TRAPS if not kinds[kind]} == set()
    assert kinds["restricted"] >= 2
    pairs = {frozenset((one, other)) for one, kind, other in traps if kind == "conflict"}
    assert len(pairs) >= 4
    assert all((other, "conflict", one) in traps for one, kind, other in traps if kind == "conflict")


def test_cases_cover_every_category() -> None:
    counts = Counter(c.category for c in cases())
    assert min(counts[name] for name in golden.CATEGORIES) >= 15
    unanswerable = [c for c in cases() if not c.answerable]
    assert len(unanswerable) >= 40
    premises = [c for c in unanswerable if c.kind == "false premise"]
    assert 3 * len(premises) >= counts["unanswerable"]
    assert all(c.reference for c in cases())


def test_holdout_is_a_tenth() -> None:
    held = (CORPUS / "golden" / "holdout.jsonl").read_text(encoding="utf-8").splitlines()
    assert abs(len(held) / len(cases()) - 0.1) < 0.03
    assert not {json.loads(line)["id"] for line in held} & {c.id for c in load_cases(CORPUS / "golden" / "cases.jsonl")}


def is_scan(doc: str) -> bool:
    return sources()[doc].meta["form"] == "scan"


def test_quotes_stand_in_the_sources_and_on_their_page() -> None:
    """Of a scan the page before it was scanned is searched."""
    problems = [f"{case.id}: {p}" for case in cases() for gold in case.gold for p in _misplaced(gold)]
    assert problems == []


def _misplaced(gold: Gold) -> list[str]:
    told = {"doc": gold.doc, "section": gold.section, "quote": gold.quote}
    problems = golden.check_gold(told, sources())
    return problems or ([] if tuple(told["pages"]) == gold.pages else [f"on page {told['pages']}, not {gold.pages}"])


@pytest.mark.slow
def test_quotes_stand_in_the_parsed_documents() -> None:
    missing = [
        f"{case.id}: {gold.doc} {gold.pages}: {gold.quote}"
        for case in cases()
        for gold in case.gold
        if not is_scan(gold.doc) and not _stands(gold.doc, gold.pages, gold.quote)
    ]
    assert missing == []


def _stands(doc: str, pages: tuple[int, ...], quote: str) -> bool:
    blocks = [b for b in parsed(doc).blocks if not pages or b.page is None or pages[0] - 1 <= b.page <= pages[0]]
    return fold(quote) in fold("\n".join(b.text for b in blocks))


@pytest.mark.slow
def test_a_scan_is_read_by_ocr() -> None:
    text = fold("\n".join(b.text for b in parsed("global/continuity/sop-bcp-901-v1.0.pdf").blocks))
    assert fold("Three persons sign each MR-1") in text
