"""The terminal: answers for people and for programs, and one clear line when it can't."""

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from app.__main__ import main
from app.answer import Answer
from app.statement import Citation, Statement
from app.terminal import print_answer
from ingest.__main__ import main as ingest

PROCEDURE = """# Returned payments

## Closed account (AC04)

A pacs.004 with AC04 says that the creditor account is closed.

1. Match the return to the original payment by its UETR.
2. Book the funds to the returns account within 2 hours.
"""


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cli")
    (folder / "docs").mkdir()
    (folder / "docs" / "returns.md").write_text(PROCEDURE)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("INGEST_EMBEDDER", "word-hash")
        assert ingest(["run", "--corpus", str(folder / "docs"), "--index", str(folder / "index")]) == 0
    return folder / "index"


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APP_STATE", str(tmp_path / "state"))


def test_json_holds_the_whole_answer(index: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["pacs.004 came back AC04, what now?", "--json", "--index", str(index)]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["question"] == "pacs.004 came back AC04, what now?"
    assert answer["abstained"] is False
    citation = answer["statements"][0]["citations"][0]
    assert set(citation) >= {"doc", "version", "title", "section", "page", "page_label", "quote"}
    assert citation["doc"] == "returns.md"
    assert set(answer["hits"][0]) >= {"doc", "page", "section", "text", "score"}
    assert answer["hits"][0]["page"] is None
    assert answer["timings"]["total"] > 0
    assert answer["id"]


def test_people_get_numbered_sources(index: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["pacs.004 came back AC04, what now?", "--index", str(index)]) == 0
    shown = capsys.readouterr().out
    assert "Match the return to the original payment by its UETR." in shown
    assert "[1]" in shown and "Returned payments" in shown


def test_a_batch_answers_line_by_line_with_the_cases_ids(
    index: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    history = [
        {"role": "user", "content": "pacs.004 came back with AC04"},
        {"role": "assistant", "content": "Match it."},
    ]
    lines = [
        json.dumps({"id": "a", "question": "how soon do we book it?", "history": history}),
        "",
        json.dumps("What is the cut-off for yen payments?"),
    ]
    monkeypatch.setattr("sys.stdin", io.StringIO("\n".join(lines)))
    assert main(["--batch", "--index", str(index)]) == 0
    first, second = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert first["id"] == "a" and "2 hours" in first["text"]
    assert second["abstained"]


@pytest.mark.parametrize(
    ("arguments", "line", "code"),
    [
        (["question", "--index", "nowhere"], "there is no index in nowhere (run: python -m ingest run)", 2),
        ([" "], "no question", 3),
    ],
)
def test_what_can_not_run_says_why(
    arguments: list[str], line: str, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == code
    assert line in capsys.readouterr().err


def test_an_unknown_setting_is_refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("APP_MODLE", "x")
    assert main(["question"]) == 3
    assert "APP_MODLE" in capsys.readouterr().err


def test_an_unreachable_model_leaves_the_passages(
    index: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("APP_LOCAL_URL", "http://127.0.0.1:9/v1")
    monkeypatch.setenv("APP_LOCAL_MODEL", "any")
    assert main(["pacs.004 came back AC04, what now?", "--json", "--llm", "local", "--index", str(index)]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["composed_by"] == "extractive"
    assert answer["statements"] and any("word for word" in note for note in answer["notes"])


def test_nothing_in_a_document_is_read_as_terminal_markup() -> None:
    citation = Citation("a.md", "a", "1", "[red]t[/red]", "s", None, "", "[link=http://x]q[/link]", "c", 0, 1)
    statement = Statement("[bold]do it[/bold]", (citation,))
    answer = Answer("", "q", False, "", "", (statement,), (), "g", "none")
    console = Console(file=io.StringIO(), width=200, force_terminal=True, no_color=True)
    print_answer(answer, console)
    shown = console.file.getvalue()  # type: ignore[attr-defined]  # it is the StringIO from above
    assert "[bold]do it[/bold]" in shown and "[link=http://x]q[/link]" in shown
