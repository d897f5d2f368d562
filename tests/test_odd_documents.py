"""A folder of odd files (scans, locked, malformed, empty) goes through a whole run: each is indexed or explained."""

import os
import re
import resource
from pathlib import Path

import pytest

from ingest.generations import check_generation, current_generation
from ingest.manifest import read_manifest
from ingest.report import last_report
from tests.ingest_folder import run, settings_for

JARGON = re.compile(r"error|exception|traceback|errno|0x|None|pdfium|xml|\bNULL\b", re.IGNORECASE)
ADVICE = re.compile(r"\([^()]+\)$")  # what to do about it comes last


@pytest.mark.slow
def test_every_odd_document_is_indexed_or_explained(tmp_path: Path) -> None:
    folder = os.environ.get("SHARED_DATA")
    if not folder or not Path(folder, "odd-documents").is_dir():
        pytest.skip("SHARED_DATA does not name the folder with odd documents")
    corpus = Path(folder, "odd-documents")
    settings = settings_for(tmp_path, corpus=str(corpus), ocr="rapidocr", parse_seconds=600, parse_memory_mb=1500)
    report = run(settings)
    manifest = read_manifest(current_generation(settings.index))
    indexed = {entry.record.file for entry in manifest.documents}
    failed = {line.file: line.reason for line in manifest.quarantine}
    skipped = {line["file"] for line in report.skipped}
    every = {path.relative_to(corpus).as_posix() for path in corpus.rglob("*") if path.is_file()}
    assert indexed | set(failed) | skipped == every
    assert len(indexed) + len(failed) + len(skipped) == len(every)
    assert (report.exit_code, report.published) == (1, True)
    assert {line["file"]: line["reason"] for line in (last_report(settings.index) or {})["failed"]} == failed
    assert len(indexed) >= 0.7 * len(every)
    assert [reason for reason in failed.values() if JARGON.search(reason) or not ADVICE.search(reason)] == []
    assert [reason for reason in failed.values() if "took longer" in reason or "needs more than" in reason] == []
    assert max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) < 1.5e6
    assert check_generation(current_generation(settings.index))
    again = run(settings)
    assert (again.published, again.parsed, again.embedded) == (False, 0, 0)
