"""The command line: exit codes, one line an error, JSON."""

import json
from pathlib import Path

import pytest

from ingest.__main__ import main
from tests.ingest_folder import write_corpus


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, value in {"EMBEDDER": "word-hash", "OCR": "none", "WORKERS": "1"}.items():
        monkeypatch.setenv(f"INGEST_{name}", value)
    monkeypatch.setenv("INGEST_INDEX", str(tmp_path / "index"))
    monkeypatch.setenv("INGEST_CORPUS", str(tmp_path / "corpus"))
    monkeypatch.setenv("INGEST_MODELS", str(tmp_path / "models"))


def test_a_run_ends_with_a_table_and_status_tells_it_later(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_corpus(tmp_path / "corpus", {"a.md": "# A\n\nText.\n", "bad\x1b[31m.docx": "no zip", "b.jpg": ""})
    assert main(["run"]) == 1
    out = capsys.readouterr().out
    assert "added" in out
    assert "failed: bad�[31m.docx: not a Word file" in out
    assert "\x1b" not in out
    assert "left out: b.jpg: not a document type that is read (.jpg)" in out
    assert "published 000001-" in out
    assert main(["status"]) == 0
    shown = capsys.readouterr().out
    assert "(no register)" in shown
    assert "quarantine: bad" in shown
    assert main(["verify"]) == 0
    assert "is whole" in capsys.readouterr().out


def test_json_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_corpus(tmp_path / "corpus")
    assert main(["run", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["added"], report["published"], report["exit_code"], report["failures"]) == (3, True, 0, [])
    assert main(["status", "--json"]) == 0
    status = json.loads(capsys.readouterr().out)
    assert status["generation"] == report["generation"]
    assert [entry["record"]["file"] for entry in status["documents"]] == ["recalls.txt", "returns.md", "us/cutoffs.md"]
    assert status["last_run"]["generation"] == report["generation"]


def test_a_run_that_fails_has_its_line_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "--json"]) == 2
    report = json.loads(capsys.readouterr().out)
    assert (report["exit_code"], report["published"]) == (2, False)
    assert "no folder" in report["error"]
    write_corpus(tmp_path / "corpus", {"a.pdf": ""})
    assert main(["run", "--json"]) == 4
    report = json.loads(capsys.readouterr().out)
    assert (report["exit_code"], report["failed"], report["failures"][0]["file"]) == (4, 1, "a.pdf")


def test_dry_run_names_what_would_be_done(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_corpus(tmp_path / "corpus")
    assert main(["run", "--dry-run"]) == 0
    assert "would be done" in capsys.readouterr().out
    assert main(["status"]) == 2
    assert "there is no index" in capsys.readouterr().err


def test_rollback(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for text in ("one", "two"):
        write_corpus(tmp_path / "corpus", {"a.md": text})
        assert main(["run"]) == 0
    assert main(["rollback"]) == 0
    assert "serving 000001-" in capsys.readouterr().out
    assert main(["run"]) == 4
    assert "--force REASON" in capsys.readouterr().err
    assert main(["run", "--force", "it was right after all"]) == 0


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["run"], 2, "no folder"),
        (["status"], 2, "there is no index"),
        (["verify"], 2, "there is no index"),
        (["rollback"], 2, "no generation"),
        (["models", "nope"], 2, "unknown model 'nope'"),
    ],
)
def test_errors_are_one_line_with_an_exit_code(
    arguments: list[str], code: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == code
    err = capsys.readouterr().err
    assert message in err
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize("setting", ["INGEST_KEEPS", "INGEST_WORKERS"])
def test_bad_settings_have_their_own_exit_code(
    setting: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(setting, "many")
    assert main(["run"]) == 3
    err = capsys.readouterr().err
    assert setting in err
    assert len(err.splitlines()) == 1


def test_a_missing_embedding_model_is_told_before_anything_is_parsed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write_corpus(tmp_path / "corpus")
    monkeypatch.setenv("INGEST_EMBEDDER", "minilm-ops")
    assert main(["run"]) == 2
    assert "python -m ingest models minilm-ops" in capsys.readouterr().err
    assert not (tmp_path / "index/cache").exists()


def test_an_index_folder_that_can_not_be_written_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_corpus(tmp_path / "corpus")
    (tmp_path / "index").write_text("a file")
    assert main(["run"]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
