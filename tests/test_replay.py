"""A recorded answer can be made again from its entry, and what has changed since is shown."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from ingest_folder import run, settings_for, write_corpus
from test_answer import ScriptedModel
from test_rerank import make_cross_encoder

import app.prompt
import app.replay
from app.__main__ import main
from app.access import Reader
from app.answer import Answer, Assistant
from app.ledger import Entry, Ledger
from app.library import Library
from app.question import Turn
from app.reading import load_passage_reader
from app.replay import Difference, replay
from app.settings import Settings, load_settings
from ingest.embed import WORD_HASH
from ingest.errors import LedgerError
from ingest.generations import current_generation

TEXTS = {
    "returns.md": "# Returned payments\n\n## Closed account\n\nA pacs.004 with AC04 means the account is closed.\n\n"
    "1. Match the return by its UETR.\n2. Book the funds to the returns account within 2 hours.\n",
    "holds.md": "# Sanctions holds\n\nHold the payment in queue OWL and match the return there.\n",
    "register.yaml": "documents:\n"
    "- {id: SOP-1, file: returns.md, title: Returned payments, version: '1.0', status: approved}\n"
    "- {id: SAN-1, file: holds.md, title: Sanctions holds, version: '1.0', status: approved, readers: [sanctions]}\n",
}
QUESTION = "pacs.004 came back AC04 for DE89370400440532013000, what now?"
Recorder = Callable[..., tuple[Answer, Entry]]
HISTORY = (Turn("user", "John Smith called, IBAN DE89370400440532013000"), Turn("assistant", "Which return?"))


@pytest.fixture(scope="module")
def library_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("replay")
    write_corpus(folder / "corpus", TEXTS)
    run(settings_for(folder))
    return folder


@pytest.fixture
def folder(library_folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(library_folder, tmp_path / "library"))


@pytest.fixture
def settings(folder: Path, tmp_path: Path) -> Settings:
    return load_settings(index=folder / "index", state=tmp_path / "state", reader_model="none")


@pytest.fixture
def record(settings: Settings) -> Recorder:
    def ask(model: ScriptedModel | None = None, reader: Reader | None = None) -> tuple[Answer, Entry]:
        ledger = Ledger(settings.state)
        passage_reader = load_passage_reader(settings.reader_model, settings.models)
        library = Library(settings.index, settings.models, passage_reader=passage_reader)
        assistant = Assistant(library, model, ledger)
        answer = assistant.ask(QUESTION, history=HISTORY, reader=reader)
        return answer, ledger.get(answer.id)

    return ask


def names(differences: tuple[Difference, ...]) -> list[str]:
    return [difference.what for difference in differences]


def test_nothing_differs_when_nothing_has_changed(record: Recorder, settings: Settings) -> None:
    answer, entry = record()
    made = replay(entry, settings)
    assert made.differences == ()
    assert made.passages == len(answer.hits) and made.quotes >= 2
    assert made.prompt_sha256 == entry.body["trace"]["prompt"]["sha256"]


def test_the_recorded_prompt_is_what_the_model_was_asked(record: Recorder) -> None:
    model = ScriptedModel("- Match the return by its UETR. [1]")
    _, entry = record(model)
    assert entry.body["trace"]["prompt"]["messages"] == [[m.type, m.content] for m in model.asked[0]]
    assert entry.body["usage"] == {"cached_tokens": 0, "cost": None, "input_tokens": 100, "output_tokens": 20}


def test_no_account_number_reaches_model_screen_or_ledger(record: Recorder) -> None:
    model = ScriptedModel("- Match the return by its UETR. [1]")
    answer, entry = record(model)
    assert answer.question == "pacs.004 came back AC04 for [IBAN], what now?"
    assert entry.body["trace"]["asked"]["history"][0]["text"] == "[NAME] called, IBAN [IBAN]"
    for written in (str(model.asked), str(answer), str(entry)):
        assert "DE8937" not in written and "Smith" not in written


def test_what_the_reader_could_see_is_replayed(record: Recorder, settings: Settings) -> None:
    analyst, entitled = record()[1], record(reader=Reader("ann", frozenset({"sanctions"})))[1]
    assert "OWL" not in str(analyst.body) and "OWL" in str(entitled.body)
    assert replay(analyst, settings).differences == replay(entitled, settings).differences == ()


def test_a_new_generation_does_not_change_an_old_answer(record: Recorder, settings: Settings, folder: Path) -> None:
    _, entry = record()
    change(folder)
    made = replay(entry, settings)
    assert made.differences == ()
    assert made.generation == entry.body["index"] != current_generation(settings.index).name


def test_a_generation_that_is_gone_is_said_and_the_rest_is_compared(
    record: Recorder, settings: Settings, folder: Path
) -> None:
    _, entry = record()
    change(folder)
    shutil.rmtree(settings.index / "generations" / entry.body["index"])
    found = replay(entry, settings).differences
    assert names(found)[:3] == ["index", "passages", "prompt"]
    assert found[0].now.startswith("gone; replayed over 000002-")
    assert any(line.startswith("+") and "within 9 hours" in line for line in found[2].lines)
    assert any("within 2 hours" in difference.recorded for difference in found[3:])  # a quote


def test_a_damaged_generation_is_not_used(record: Recorder, settings: Settings, folder: Path) -> None:
    _, entry = record()
    change(folder)
    with (settings.index / "generations" / entry.body["index"] / "chunks.sqlite").open("r+b") as stream:
        stream.seek(200)
        stream.write(b"\0\1\2")
    assert "is damaged" in replay(entry, settings).differences[0].now


def change(folder: Path) -> None:
    path = folder / "corpus" / "returns.md"
    path.write_text(path.read_text("utf-8").replace("2 hours", "9 hours"), "utf-8")
    settings = settings_for(folder)
    run(settings)


def test_another_prompt_version_or_model_is_shown(
    record: Recorder, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, entry = record(ScriptedModel("- Match the return by its UETR. [1]"))
    monkeypatch.setattr(app.replay, "PROMPT_VERSION", "next")
    monkeypatch.setattr(app.prompt, "SYSTEM", "Answer in verse.")
    found = {difference.what: difference for difference in replay(entry, settings).differences}
    assert set(found) == {"prompt version", "prompt", "model"}
    assert "+Answer in verse." in found["prompt"].lines
    assert found["model"].recorded == "model scripted" and found["model"].now == "model none"


def test_another_reranker_is_shown(record: Recorder, settings: Settings, tmp_path: Path) -> None:
    _, entry = record()
    encoder = str(make_cross_encoder(tmp_path / "encoder"))
    different = replay(entry, settings.model_copy(update={"reranker": encoder})).differences
    assert Difference("reranker", "none", encoder) in different


def test_another_reader_model_is_shown(record: Recorder, settings: Settings) -> None:
    _, entry = record()
    found = replay(entry, settings.model_copy(update={"reader_model": WORD_HASH})).differences
    different = next(difference for difference in found if difference.what == "reader model")
    assert different.recorded == "none" and different.now.startswith("word-hash ")


def test_what_is_no_answer_can_not_be_replayed(record: Recorder, settings: Settings) -> None:
    answer, entry = record()
    ledger = Ledger(settings.state)
    feedback = ledger.get(ledger.add_feedback(answer.id, thumb="up"))
    for wrong in (feedback, replace(entry, body={"question": "old"}), replace(entry, body={"trace": {"asked": {}}})):
        with pytest.raises(LedgerError, match="replayed"):
            replay(wrong, settings)


def test_an_entry_can_not_lead_out_of_the_index(record: Recorder, settings: Settings) -> None:
    _, entry = record()
    body = json.loads(json.dumps(entry.body))
    body["trace"]["index"] = f"../generations/{body['trace']['index']}"
    assert replay(replace(entry, body=body), settings).differences[0].now.startswith("gone")


def test_the_command_prints_it_and_its_exit_code_tells(
    record: Recorder,
    settings: Settings,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    answer, entry = record()
    monkeypatch.setenv("APP_STATE", str(settings.state))
    monkeypatch.setenv("APP_READER_MODEL", settings.reader_model)
    command = ["replay", answer.id, "--index", str(settings.index)]
    assert main(command) == 0
    assert "the same, byte for byte" in capsys.readouterr().out
    change(folder)
    shutil.rmtree(settings.index / "generations" / entry.body["index"])
    assert main(command) == 1
    assert "within 9 hours" in capsys.readouterr().out
    assert main(["replay", "000009-0000000000"]) == 2
    assert main(["verify"]) == 0 and "1 entries, 0 problems" in capsys.readouterr().out
