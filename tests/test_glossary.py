"""Synonyms widen a question without counting a word twice."""

from pathlib import Path

import pytest

from app.glossary import Glossary, load_glossary
from app.question import read_question
from ingest.errors import SettingsError

GLOSSARY = Glossary([["manager", "mgr"], ["closed account", "AC04"], ["telephone", "phone", "ring up"]])


def test_words_bring_their_synonyms() -> None:
    assert GLOSSARY.expand(["mgr", "unknown"]) == (("mgr", "manag"), ("unknown",))


def test_a_code_brings_the_words_of_its_meaning() -> None:
    assert GLOSSARY.expand(["ac04"]) == (("ac04",), ("close",), ("account",))


def test_a_phrase_brings_the_code() -> None:
    assert ("close", "ac04") in GLOSSARY.expand(["close", "account"])


def test_the_questions_own_words_come_first() -> None:
    question = read_question("duty mgr phone", glossary=GLOSSARY)
    assert [group[0] for group in question.searched[:3]] == list(question.terms) == ["duti", "mgr", "phone"]


def test_users_add_their_own(tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    own.write_text("- [heron, payment hub]\n")
    assert load_glossary(own).expand(["heron"]) == (("heron",), ("payment",), ("hub",))
    own.with_name("bad.yaml").write_text("heron: payment hub\n")
    with pytest.raises(SettingsError, match="not a list of lists"):
        load_glossary(own.with_name("bad.yaml"))
    with pytest.raises(SettingsError, match="can't be read"):
        load_glossary(tmp_path / "none.yaml")
