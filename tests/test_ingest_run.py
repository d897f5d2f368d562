"""Runs over a folder: only what changed, nothing lost, failures told."""

import json
import re
import shutil
import unicodedata
from pathlib import Path

import pytest

from ingest.errors import BrokenIndexError, PublishRefusedError, RegisterError, SourceError
from ingest.generations import current_generation, list_generations
from ingest.manifest import read_manifest
from ingest.report import last_report
from ingest.rollback import roll_back
from ingest.task import INDEX_FORM
from tests.ingest_folder import TEXTS, content_hash, run, served_texts, settings_for, write_corpus

REGISTER = """documents:
- {id: SOP-1, title: Returned payments, version: 2.10, status: approved, file: returns.md, rails: [SWIFT]}
- {id: REF-1, title: Cut-offs, version: 1.0, status: approved, file: us/cutoffs.md}
"""


def test_a_first_run_publishes_and_a_second_one_does_nothing(tmp_path: Path) -> None:
    write_corpus(tmp_path / "corpus")
    settings = settings_for(tmp_path)
    first, second = run(settings), run(settings)
    assert first.published
    assert sorted(first.added) == sorted(TEXTS)
    assert (second.published, second.parsed, second.embedded, second.unchanged) == (False, 0, 0, 3)
    assert second.generation == first.generation
    assert "18:15" in served_texts(settings.index)["us/cutoffs.md"]


def test_only_the_changed_passages_are_embedded_again(tmp_path: Path) -> None:
    corpus = write_corpus(tmp_path / "corpus")
    settings = settings_for(tmp_path)
    run(settings)
    path = corpus / "returns.md"
    path.write_text(TEXTS["returns.md"] + "\n## Open account\n\nAC01 means a wrong account number.\n", "utf-8")
    report = run(settings)
    assert (report.changed, report.unchanged, report.parsed, report.embedded) == (["returns.md"], 2, 1, 1)


def test_incremental_equals_a_full_rebuild(tmp_path: Path) -> None:
    corpus = write_corpus(tmp_path / "corpus")
    settings = settings_for(tmp_path)
    run(settings)
    (corpus / "recalls.txt").unlink()
    (corpus / "us/cutoffs.md").write_text("# Cut-offs\n\nThe CHAPS cut-off is 17:00 in London.\n", "utf-8")
    (corpus / "new.md").write_text("# Claims\n\nA beneficiary claims non-receipt.\n", "utf-8")
    report = run(settings)
    assert (report.removed, report.changed, report.added) == (["recalls.txt"], ["us/cutoffs.md"], ["new.md"])
    anew = settings_for(tmp_path, index=tmp_path / "anew")
    run(anew)
    assert content_hash(anew.index) == content_hash(settings.index)
    assert served_texts(anew.index) == served_texts(settings.index)


def test_a_moved_file_is_neither_parsed_nor_embedded(tmp_path: Path) -> None:
    corpus = write_corpus(tmp_path / "corpus")
    settings = settings_for(tmp_path)
    run(settings)
    (corpus / "us/cutoffs.md").rename(corpus / "times.md")
    report = run(settings)
    assert report.moved == ["us/cutoffs.md -> times.md"]
    assert (report.parsed, report.embedded, report.added, report.removed) == (0, 0, [], [])
    assert "times.md" in served_texts(settings.index)


def test_a_dry_run_says_what_would_be_done_and_does_nothing(tmp_path: Path) -> None:
    corpus = write_corpus(tmp_path / "corpus")
    settings = settings_for(tmp_path)
    assert sorted(run(settings, dry_run=True).added) == sorted(TEXTS)
    assert not settings.index.exists()
    run(settings)
    (corpus / "recalls.txt").unlink()
    (corpus / "returns.md").write_text("# Other\n\nText.\n", "utf-8")
    report = run(settings, dry_run=True)
    assert (report.removed, report.changed, report.added, report.unchanged) == (["recalls.txt"], ["returns.md"], [], 1)
    assert "recalls.txt" in served_texts(settings.index)


def test_a_broken_document_is_quarantined_alone_and_not_tried_again(tmp_path: Path) -> None:
    corpus = write_corpus(tmp_path / "corpus")
    (corpus / "broken.docx").write_bytes(b"PK\x03\x04 not a zip")
    settings = settings_for(tmp_path)
    first, second = run(settings), run(settings)
    assert [line["file"] for line in first.failed] == ["broken.docx"]
    assert first.failed[0]["reason"]
    assert first.exit_code == second.exit_code == 1
    assert (second.published, second.parsed) == (False, 0)
    assert run(settings, retry=True).parsed == 1
    shutil.copy(corpus / "returns.md", corpus / "broken.docx")  # changed, so it is tried again
    assert run(settings).parsed == 1


def test_the_last_good_version_serves_as_stale(tmp_path: Path) -> None:
    corpus = write_corpus(tmp_path / "corpus")
    settings = settings_for(tmp_path)
    run(settings)
    good = content_hash(settings.index)
    (corpus / "returns.md").write_bytes(b"")
    report = run(settings)
    assert report.failed == [{"file": "returns.md", "reason": report.failed[0]["reason"], "serving": True}]
    manifest = read_manifest(current_generation(settings.index))
    assert [entry.record.file for entry in manifest.documents if entry.stale] == ["returns.md"]
    assert "AC04" in served_texts(settings.index)["returns.md"]
    assert not run(settings).published
    (corpus / "returns.md").write_text(TEXTS["returns.md"], "utf-8")
    healed = run(settings)
    assert (healed.exit_code, healed.embedded) == (0, 0)
    assert content_hash(settings.index) == good


def test_a_quarantine_line_knows_who_may_read_the_document(tmp_path: Path) -> None:
    restricted = REGISTER.replace("rails: [SWIFT]", "readers: [Sanctions]")
    corpus = write_corpus(tmp_path / "corpus", {**TEXTS, "register.yaml": restricted, "returns.md": ""})
    settings = settings_for(tmp_path)
    run(settings)
    (line,) = read_manifest(current_generation(settings.index)).quarantine
    assert (line.file, line.readers) == ("returns.md", ("sanctions",))
    (corpus / "register.yaml").write_text(restricted.replace("Sanctions", "Sanctions, Audit"), "utf-8")
    assert run(settings).published  # who may know of it has changed
    (line,) = read_manifest(current_generation(settings.index)).quarantine
    assert line.readers == ("audit", "sanctions")


def test_without_any_good_document_the_reason_is_told(tmp_path: Path) -> None:
    write_corpus(tmp_path / "corpus", {"a.pdf": ""})
    with pytest.raises(
        PublishRefusedError, match=r"no document would be left in the index \(a\.pdf: the file is empty"
    ):
        run(settings_for(tmp_path))


def test_a_folder_that_went_empty_leaves_the_index_alone(tmp_path: Path) -> None:
    corpus = write_corpus(tmp_path / "corpus")
    settings = settings_for(tmp_path)
    run(settings)
    shutil.rmtree(corpus)
    corpus.mkdir()
    with pytest.raises(SourceError, match="holds no documents"):
        run(settings)
    assert len(served_texts(settings.index)) == 3
    assert (last_report(settings.index) or {})["exit_code"] == 2


def test_the_register_decides_what_is_indexed_and_as_what(tmp_path: Path) -> None:
    corpus = write_corpus(tmp_path / "corpus", {**TEXTS, "register.yaml": REGISTER})
    settings = settings_for(tmp_path)
    report = run(settings)
    assert report.skipped == [{"file": "recalls.txt", "reason": "not in the register"}]
    records = {e.record.doc_id: e.record for e in read_manifest(current_generation(settings.index)).documents}
    assert (records["SOP-1"].version, records["SOP-1"].rails) == ("2.10", ("swift",))
    (corpus / "register.yaml").write_text(REGISTER.replace("1.0, status: approved", "1.0, status: withdrawn"), "utf-8")
    report = run(settings)
    assert (report.removed, report.parsed, report.embedded) == (["us/cutoffs.md"], 0, 0)
    assert list(served_texts(settings.index)) == ["returns.md"]


def test_a_changed_register_entry_costs_no_parsing(tmp_path: Path) -> None:
    corpus = write_corpus(tmp_path / "corpus", {**TEXTS, "register.yaml": REGISTER})
    settings = settings_for(tmp_path)
    run(settings)
    changed = REGISTER.replace("2.10", "3.0").replace("file: us/", "owner: Treasury, file: us/")
    (corpus / "register.yaml").write_text(changed, "utf-8")
    report = run(settings)
    assert (report.parsed, report.embedded) == (0, 0)
    records = {e.record.doc_id: e.record for e in read_manifest(current_generation(settings.index)).documents}
    assert (records["SOP-1"].version, records["REF-1"].owner) == ("3.0", "Treasury")


def test_a_broken_register_stops_the_run_and_the_old_index_serves(tmp_path: Path) -> None:
    corpus = write_corpus(tmp_path / "corpus", {**TEXTS, "register.yaml": REGISTER})
    settings = settings_for(tmp_path)
    run(settings)
    (corpus / "register.yaml").write_text(REGISTER.replace("approved", "aproved"), "utf-8")
    with pytest.raises(RegisterError, match="unknown status 'aproved'"):
        run(settings)
    assert len(served_texts(settings.index)) == 2


def test_an_approved_document_may_not_just_vanish(tmp_path: Path) -> None:
    corpus = write_corpus(tmp_path / "corpus", {**TEXTS, "register.yaml": REGISTER})
    settings = settings_for(tmp_path)
    run(settings)
    (corpus / "register.yaml").write_text(REGISTER.rpartition("- {")[0], "utf-8")
    with pytest.raises(PublishRefusedError, match=r"approved REF-1 version 1\.0 .* has vanished") as refused:
        run(settings)
    assert refused.value.exit_code == 4
    assert len(served_texts(settings.index)) == 2
    assert run(settings, force="retired by order of 3 May").published
    assert read_manifest(current_generation(settings.index)).forced == "retired by order of 3 May"


def test_too_many_failures_refuse_publication(tmp_path: Path) -> None:
    corpus = write_corpus(tmp_path / "corpus")
    settings = settings_for(tmp_path, max_failed_share=0.4)
    run(settings)
    for name in ("returns.md", "recalls.txt"):
        (corpus / name).write_bytes(b"")
    with pytest.raises(PublishRefusedError, match="2 of 3 documents failed"):
        run(settings)
    report = last_report(settings.index) or {}
    assert [line["file"] for line in report["failed"]] == ["recalls.txt", "returns.md"]


def test_rolled_back_content_is_not_published_again_by_itself(tmp_path: Path) -> None:
    corpus = write_corpus(tmp_path / "corpus")
    settings = settings_for(tmp_path)
    first = run(settings).generation
    (corpus / "recalls.txt").write_text("Recalls\n\nWrong text.\n", "utf-8")
    second = run(settings).generation
    assert roll_back(settings.index).name == first
    with pytest.raises(PublishRefusedError, match=f"rolled back as generation {second}"):
        run(settings)
    assert current_generation(settings.index).name == first
    (corpus / "recalls.txt").write_text("Recalls\n\nRight text.\n", "utf-8")
    assert run(settings).published


@pytest.mark.parametrize(("part", "embeds"), [("lexical", False), ("units", True)])
def test_new_terms_cost_no_vectors_but_new_units_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: str, embeds: bool
) -> None:
    write_corpus(tmp_path / "corpus")
    settings = settings_for(tmp_path)
    monkeypatch.setattr("ingest.run.INDEX_FORM", re.sub(f"{part} [^ ]+", f"{part} other", INDEX_FORM))
    passages = run(settings).chunks
    monkeypatch.undo()
    report = run(settings)
    assert (report.published, report.unchanged, report.parsed) == (True, 3, 0)
    assert report.embedded == (passages if embeds else 0)


def test_only_the_last_generations_are_kept(tmp_path: Path) -> None:
    corpus = write_corpus(tmp_path / "corpus", {"a.md": "# A\n\nzero\n"})
    settings = settings_for(tmp_path, keep=2)
    for number in range(4):
        (corpus / "a.md").write_text(f"# A\n\nnumber {number}\n", "utf-8")
        run(settings)
    assert [path.name[:6] for path in list_generations(settings.index)] == ["000003", "000004"]
    assert len(list((settings.index / "cache").iterdir())) == 1


def test_names_in_any_unicode_form_are_the_same_document(tmp_path: Path) -> None:
    name = "Überweisung – 支払い.md"
    corpus = write_corpus(tmp_path / "corpus", {unicodedata.normalize("NFD", name): "# A\n\nText.\n"})
    (corpus / b"latin-\xe9.md".decode("utf-8", "surrogateescape")).write_text("# B\n\nOther text.\n", "utf-8")
    settings = settings_for(tmp_path)
    run(settings)
    assert sorted(served_texts(settings.index)) == ["latin-\\xe9.md", unicodedata.normalize("NFC", name)]
    assert not run(settings).published


def test_a_file_without_title_is_called_by_its_name_also_after_renaming(tmp_path: Path) -> None:
    corpus = write_corpus(tmp_path / "corpus", {"table.csv": "code;meaning\nAC04;closed\n"})
    settings = settings_for(tmp_path)
    run(settings)
    (corpus / "table.csv").rename(corpus / "codes.csv")
    run(settings)
    titles = [entry.record.title for entry in read_manifest(current_generation(settings.index)).documents]
    assert titles == ["codes"]
    assert "untitled" not in json.dumps(served_texts(settings.index))


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    corpus = write_corpus(tmp_path / "corpus")
    with (corpus / "huge.txt").open("wb") as stream:
        stream.truncate(3 << 20)
    report = run(settings_for(tmp_path, max_file_mb=1))
    assert report.failed[0]["reason"] == "larger than 1 MB (INGEST_MAX_FILE_MB)"


def test_an_index_of_another_form_is_made_anew_without_parsing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_corpus(tmp_path / "corpus")
    settings = settings_for(tmp_path)
    run(settings)

    def unreadable(folder: Path) -> None:
        raise BrokenIndexError(f"{folder} has another form")

    (tmp_path / "corpus/new.md").write_text("# New\n\nText.\n", "utf-8")
    with monkeypatch.context() as patch:
        patch.setattr("ingest.index.open_index", unreadable)
        report = run(settings)
    assert (report.published, report.embedded, report.reused, report.added) == (True, 4, 0, ["new.md"])
    assert len(served_texts(settings.index)) == 4
