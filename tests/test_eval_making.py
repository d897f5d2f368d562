"""Draft cases from the index and from feedback: checked, without doubles, and no case until a person says so."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from eval_judges import ScriptedJudge
from eval_scripted import TODAY, build_stored
from ingest_folder import run, settings_for, write_corpus

from app.answer import Assistant
from app.ledger import Ledger
from app.library import Library
from app.settings import load_settings
from eval.__main__ import main
from eval.cases import load_cases
from eval.completer import Completer
from eval.drafts import best_quote, draft_of_sample, drop_duplicates, read_drafts
from eval.making import open_existing, passages_in_force
from eval.settings import JudgeSettings
from eval.stored import Stored
from eval.testset import Sample, generate_samples
from ingest.errors import CaseError, LedgerError, LLMError

SETTINGS = JudgeSettings(judge="local", judge_retries=0)


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Stored:
    return build_stored(tmp_path_factory.mktemp("index"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An ingested folder whose ledger holds an answer with praise, one with a complaint, and one without a word."""
    folder = tmp_path_factory.mktemp("making")
    write_corpus(folder / "corpus")
    run(settings_for(folder))
    ledger = Ledger(folder / "state")
    assistant = Assistant(Library(folder / "index", folder), ledger=ledger)
    questions = ("What does a pacs.004 with AC04 mean?", "What is the Fedwire cut-off?", "Who won the match?")
    good, bad, _ = (assistant.ask(question) for question in questions)
    ledger.add_feedback(good.id, thumb="down")
    ledger.add_feedback(good.id, thumb="up", comment="just right")
    ledger.add_feedback(bad.id, thumb="down", reason="wrong", comment="is it summer time?")
    return folder


def asking(given: dict[str, Any], kind: str) -> Any:
    """A generator that asks about the passage's theme and answers with its first sentence."""
    assert kind == "GeneratedQueryAnswer"
    return {"query": f"what of {given['term']}?", "answer": given["context"].split(" and the")[0] + "."}


def samples(reply: Callable[..., Any], folder: Path, passages: Any) -> list[Sample | LLMError]:
    completer = Completer(ScriptedJudge(reply), SETTINGS, folder / "cache.jsonl")
    return list(generate_samples(completer.for_run(0), passages))


def test_ragas_makes_questions_of_passages(stored: Stored, tmp_path: Path) -> None:
    chunk = stored.chunks("ach.md")[0]
    [made] = samples(asking, tmp_path, [(chunk.id, chunk.text, chunk.heading_path[-1:])])
    assert isinstance(made, Sample)
    draft = draft_of_sample(made, stored)
    assert (draft["status"], draft["question"]) == ("draft", "what of 1 recall?")
    assert draft["gold"][0]["quote"] in chunk.text
    assert draft["facts"] == ["A ach recall must be entered by 8:15."]


def test_the_same_seed_makes_the_same_drafts(stored: Stored, tmp_path: Path) -> None:
    passages = [(chunk.id, chunk.text, chunk.heading_path[-1:]) for chunk in stored.chunks("sepa.md")]
    assert samples(asking, tmp_path / "a", passages) == samples(asking, tmp_path / "b", passages)


def test_a_passage_that_gets_no_question_is_named(stored: Stored, tmp_path: Path) -> None:
    def silent(given: dict[str, Any], kind: str) -> Any:
        return "I would rather not."

    chunk = stored.chunks("ach.md")[0]
    [made] = samples(silent, tmp_path, [(chunk.id, chunk.text, ("recall",))])
    assert "did not follow the schema" in str(made)


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        ("An ach recall must be entered by 9:45.", "does not hold"),
        ("The moon is made of cheese.", "less than half of the answer's words"),
    ],
)
def test_an_answer_that_its_passage_does_not_hold_is_rejected(stored: Stored, answer: str, problem: str) -> None:
    chunk = stored.chunks("ach.md")[0]
    draft = draft_of_sample(Sample(chunk.id, "by when?", answer, "SHORT"), stored)
    assert draft["status"] == "rejected"
    assert problem in draft["note"]


def test_the_quote_is_the_shortest_run_that_holds_the_answer() -> None:
    text = "Call the desk first. Book within 2 hours.\nThen tell the client. The file is kept."
    assert best_quote("within 2 hours, then the client is told", text) == "Book within 2 hours.\nThen tell the client."


def test_a_question_that_is_known_is_dropped() -> None:
    def embed(texts: Any) -> list[list[float]]:
        return [[float("cut-off" in text), float("recall" in text), 0.1] for text in texts]

    drafts = [{"question": q} for q in ("the cut-off, please?", "how do I recall?", "How do I recall!", "who signs?")]
    kept, dropped = drop_duplicates(drafts, ["When is the cut-off?"], embed)
    assert [draft["question"] for draft in kept] == ["how do I recall?", "who signs?"]
    assert len(dropped) == 2


def test_only_what_everyone_may_read_today_is_asked_about(stored: Stored) -> None:
    docs = {stored.record(chunk_id, "").file for chunk_id, _, _ in passages_in_force(stored, TODAY, shortest=10)}  # type: ignore[union-attr]
    assert docs == {"ach.md", "chaps.md", "fedwire.md", "sepa.md", "swift.md"}


def test_feedback_becomes_drafts_and_only_accepted_ones_count(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, index = tmp_path / "drafts.jsonl", str(folder / "index")
    given = ["feedback", "--state", str(folder / "state"), "--index", index, "--out", str(out)]
    assert main(given) == 0
    praised, blamed = read_drafts(out)
    assert praised["gold"][0]["doc"] == "returns.md"  # the last word counts
    assert praised["note"].startswith("thumb up: just right")
    assert (blamed["gold"], blamed["note"].split(";")[0]) == ([], "thumb down: wrong: is it summer time?")
    with pytest.raises(CaseError, match="no cases"):
        load_cases(out)
    assert main(["review", str(out), "--index", index, "--accept", praised["id"], blamed["id"]]) == 1
    assert "an answerable case needs gold" in capsys.readouterr().out
    assert [case.id for case in load_cases(out)] == [praised["id"]]
    assert main(["review", str(out), "--index", index, "--reject", blamed["id"]]) == 0
    assert [draft["status"] for draft in read_drafts(out)] == ["reviewed", "rejected"]
    assert main(given) == 0  # imported again, nothing is new
    assert len(read_drafts(out)) == 2


def test_a_draft_whose_quote_is_gone_is_not_accepted(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "drafts.jsonl"
    gold = {"doc": "returns.md", "section": "Closed account", "quote": "The moon is made of cheese on Fridays."}
    draft = {"id": "x", "question": "moon?", "answerable": True, "gold": [gold], "status": "draft"}
    out.write_text(json.dumps(draft) + "\n")
    assert main(["review", str(out), "--index", str(folder / "index"), "--accept", "x"]) == 1
    assert read_drafts(out)[0]["status"] == "draft"
    assert main(["review", str(out), "--index", str(folder / "index"), "--accept", "nobody"]) == 3


def test_reading_a_ledger_does_not_make_one(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="no answer ledger"):
        open_existing(load_settings(state=tmp_path))
    assert list(tmp_path.iterdir()) == []
