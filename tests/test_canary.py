"""Canary questions, metrics: what a nightly job is judged by."""

import json
import re
from pathlib import Path

import pytest

from ingest.errors import PublishRefusedError, SettingsError
from ingest.generations import current_generation
from ingest.report import last_report
from tests.ingest_folder import run, settings_for, write_corpus

CASES = [
    {"question": "What does AC04 in a pacs.004 mean?", "gold": [{"doc": "returns.md"}]},
    {"question": "When is the Fedwire cut-off?", "gold": [{"doc": "us/cutoffs.md"}], "answerable": True},
    {"question": "Who won the cup?", "gold": [], "answerable": False},
]


def write_cases(path: Path) -> Path:
    path.write_text("".join(json.dumps(case) + "\n" for case in CASES))
    return path


def test_a_generation_that_fails_its_canaries_is_not_published(tmp_path: Path) -> None:
    corpus = write_corpus(tmp_path / "corpus")
    settings = settings_for(tmp_path, canaries=write_cases(tmp_path / "cases.jsonl"))
    good = run(settings)
    assert (good.published, good.canaries_missed) == (True, [])
    (corpus / "us/cutoffs.md").write_text("# Lunch\n\nMonday is soup.\n")
    (corpus / "times.md").write_text("# Cut-offs\n\nThe Fedwire cut-off is 18:15 in New York.\n")
    for number in range(6):
        (corpus / f"{number}.md").write_text(f"# Fedwire cut-off {number}\n\nWhen is the cut-off of Fedwire?\n")
    with pytest.raises(PublishRefusedError, match="1 of 2 canary questions find their document, less than a share of"):
        run(settings)
    assert current_generation(settings.index).name == good.generation
    assert (last_report(settings.index) or {})["canaries_missed"] == ["When is the Fedwire cut-off?"]
    assert not list((settings.index / "generations").glob(".building-*"))
    assert run(settings, force="the question moved").published


def test_unreadable_canaries_stop_the_run(tmp_path: Path) -> None:
    write_corpus(tmp_path / "corpus")
    (tmp_path / "cases.jsonl").write_text('{"gold": []}\n')
    with pytest.raises(SettingsError, match="does not hold canary questions"):
        run(settings_for(tmp_path, canaries=tmp_path / "cases.jsonl"))


def test_metrics_are_in_prometheus_form(tmp_path: Path) -> None:
    corpus = write_corpus(tmp_path / "corpus")
    settings = settings_for(tmp_path, metrics_file=tmp_path / "ingest.prom")
    run(settings)
    (corpus / "returns.md").write_bytes(b"")
    run(settings)
    text = (tmp_path / "ingest.prom").read_text()
    values = dict(re.findall(r"^(procedures_ingest_[^ ]+) ([0-9.]+)$", text, re.MULTILINE))
    assert values["procedures_ingest_exit_code"] == "1"
    assert values["procedures_ingest_documents"] == "3"
    assert values['procedures_ingest_last_run_documents{outcome="failed"}'] == "1"
    assert values['procedures_ingest_last_run_documents{outcome="stale"}'] == "1"
    assert all(line.startswith(("# HELP ", "# TYPE ", "procedures_ingest_")) for line in text.splitlines())
    assert float(values["procedures_ingest_last_run_timestamp_seconds"]) > 1_700_000_000
