"""A few people at the real chat over its websocket: everybody is answered, and nobody sees a word of another."""

import asyncio
from pathlib import Path

import pytest
from ingest_folder import run, settings_for, write_corpus

from app.service import RUNNING, WAITING
from eval.chat_load import Load, canary_of, run_load, served
from eval.scripted_model import CANARY, ScriptedModel

QUESTIONS = ["What does AC04 in a pacs.004 mean?", "When is the Fedwire cut-off?"]


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("load")
    write_corpus(folder / "corpus")
    assert run(settings_for(folder)).published
    return folder / "index"


def test_everybody_has_a_word_of_their_own() -> None:
    words = {canary_of(number) for number in range(3000)}
    assert len(words) == 3000
    assert all(CANARY.fullmatch(word) for word in words)


@pytest.mark.slow
def test_six_people_are_answered_apart(index: Path, tmp_path: Path) -> None:
    with ScriptedModel(0.2) as model, served(index, tmp_path, model) as at:
        result = asyncio.run(run_load(at.url, model, Load(6, 2, 0.1, QUESTIONS)))
    assert result.errors == []
    assert result.leaks == []
    assert len(result.heard) == 12
    assert not [one for one in result.heard if one.problem or one.busy]
    assert any(one.composed for one in result.heard)
    assert all(0 < one.passages <= one.done for one in result.heard)


BEYOND = 6  # more people than can run or wait


@pytest.mark.slow
def test_beyond_the_line_people_are_told_so(index: Path, tmp_path: Path) -> None:
    with ScriptedModel(3.0) as model, served(index, tmp_path, model) as at:
        result = asyncio.run(run_load(at.url, model, Load(RUNNING + WAITING + BEYOND, 1, 0.0, QUESTIONS)))
    assert result.errors == []
    refused = [one for one in result.heard if one.busy]
    assert 0 < len(refused) <= BEYOND
    assert max(one.done for one in refused) < min(one.done for one in result.heard if one.composed)
