"""Vectors are taken over where they can be, and nothing heavy is loaded where nothing is new."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from ingest.embed import embedder_info
from ingest.generations import current_generation
from ingest.manifest import read_manifest
from ingest.task import VECTOR_FORM
from tests.ingest_folder import TEXTS, content_hash, run, settings_for, write_corpus


def test_another_runtime_embeds_everything_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_corpus(tmp_path / "corpus")
    settings = settings_for(tmp_path)
    passages = run(settings).chunks
    other = replace(embedder_info("word-hash", models=tmp_path), runtime="openvino-bf16")
    monkeypatch.setattr("ingest.run.embedder_info", lambda *_, **__: other)
    before = content_hash(settings.index)
    report = run(settings)
    assert (report.published, report.parsed, report.embedded, report.reused) == (True, 0, passages, 0)
    assert not run(settings).published
    assert content_hash(settings.index) == before  # the same texts, made in the same way


@pytest.mark.parametrize(
    ("form", "embedded"),
    [("index 0 units 2 words 1 lexical 3", True), (f"{VECTOR_FORM} lexical 0", False)],
    ids=["another form", "other terms"],
)
def test_an_index_of_an_older_form_is_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str, embedded: bool
) -> None:
    write_corpus(tmp_path / "corpus")
    settings = settings_for(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr("ingest.run.INDEX_FORM", form)
        passages = run(settings).chunks
    report = run(settings)
    assert (report.published, report.parsed, report.embedded) == (True, 0, passages if embedded else 0)
    anew = settings_for(tmp_path, index=tmp_path / "anew")
    run(anew)
    ours, theirs = (read_manifest(current_generation(index)) for index in (settings.index, anew.index))
    assert ours.files.keys() == theirs.files.keys()
    assert ours.content_hash == theirs.content_hash


def test_an_unchanged_run_loads_no_index_no_arrays_and_no_model(tmp_path: Path) -> None:
    write_corpus(tmp_path / "corpus")
    settings = settings_for(tmp_path)
    run(settings)
    code = (
        "import sys; from ingest.__main__ import main; main(sys.argv[1:]); "
        "sys.exit(','.join({'faiss', 'numpy', 'openvino', 'psutil', 'rich', 'scipy', 'torch'} & set(sys.modules)))"
    )
    command = [sys.executable, "-c", code, "run", "--json", "--corpus", settings.corpus, "--index", str(settings.index)]
    environment = {**os.environ, "INGEST_EMBEDDER": "word-hash", "INGEST_OCR": "none"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.stderr.strip() == ""
    assert '"published": false' in done.stdout


def test_an_incremental_run_stores_the_files_of_a_full_one(tmp_path: Path) -> None:
    corpus = write_corpus(tmp_path / "corpus")
    settings = settings_for(tmp_path)
    run(settings)
    (corpus / "returns.md").write_text(TEXTS["returns.md"] + "\n## Open account\n\nAC01 is wrong.\n", "utf-8")
    (corpus / "more.md").write_text(TEXTS["returns.md"], "utf-8")
    assert run(settings).embedded < 5
    anew = settings_for(tmp_path, index=tmp_path / "anew")
    run(anew)
    ours, theirs = (read_manifest(current_generation(index)) for index in (settings.index, anew.index))
    assert ours.files == theirs.files
