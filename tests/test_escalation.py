"""Whom to ask where the procedures don't answer."""

from dataclasses import replace
from pathlib import Path

import pytest
from small_library import CUTOFFS, EMBEDDER, block, build, indexed

from app.access import Reader
from app.answer import Answer, Filters
from app.escalation import NEAR
from app.evidence import select_evidence
from app.question import read_question
from app.retrieve import Retriever
from app.wording import answer_verbatim
from ingest.register import Record

VAULT = Record("SOP-9", "vault.md", "The bond vault", "1.0", owner="Vault Desk", readers=("keepers",))
OWNED = replace(CUTOFFS, owner="Cut-off Desk")
SENTENCE = "Questions on the bond vault are escalated to the keeper of the keys."


def _answer(folder: Path, asked: str, groups: frozenset[str], *, owner: str = "Vault Desk") -> Answer:
    documents = [
        indexed(OWNED, block("paragraph", "Payments in gilts close early.", "Hours")),
        indexed(replace(VAULT, owner=owner), block("paragraph", SENTENCE, "Vault")),
    ]
    index = build(folder, documents)
    question, filters = read_question(asked), Filters()
    found = Retriever(index, EMBEDDER).search(question, filters, Reader("x", groups), 10)
    return answer_verbatim(question, found, select_evidence(question, found.hits, index, found.vector), index, filters)


def test_a_refusal_names_the_owner_of_the_closest_procedure_and_its_escalation(tmp_path: Path) -> None:
    answer = _answer(tmp_path / "g", "form ZQ-77 of the bond vault keeper of the keys", frozenset({"keepers"}))
    assert answer.abstained
    assert answer.hits[0].similarity >= NEAR
    assert "The closest procedure is SOP-9, The bond vault. Ask its owner, Vault Desk." in answer.notes
    assert answer.escalation and answer.escalation.text == SENTENCE


@pytest.mark.parametrize(
    ("asked", "groups"),
    [
        ("form ZQ-77 of the bond vault keeper of the keys", frozenset()),  # the vault's procedure is closed to this one
        ("who waters the ZQ-77 plants", frozenset({"keepers"})),  # nothing is near
    ],
)
def test_what_is_closed_or_far_names_nobody(tmp_path: Path, asked: str, groups: frozenset[str]) -> None:
    answer = _answer(tmp_path / "g", asked, groups)
    assert answer.abstained
    assert not answer.escalation
    assert not any("Vault" in note for note in answer.notes)


def test_without_an_owner_nobody_is_named(tmp_path: Path) -> None:
    asked = "form ZQ-77 of the bond vault keeper of the keys"
    assert not any("owner" in note for note in _answer(tmp_path / "g", asked, frozenset({"keepers"}), owner="").notes)
