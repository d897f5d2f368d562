"""Lint finds every case whose gold no longer stands, and says which document changed."""

from dataclasses import replace
from pathlib import Path

import pytest
from eval_scripted import build_cases, build_stored

from eval.cases import Case, Gold
from eval.lint import lint_cases, lock_path, read_lock, write_lock
from eval.stored import Stored
from ingest.errors import CaseError


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Stored:
    return build_stored(tmp_path_factory.mktemp("index"))


def with_gold(gold: Gold) -> Case:
    return replace(build_cases()[0], gold=(gold,), facts=(), numbers=())


def test_sound_cases_have_no_findings(stored: Stored) -> None:
    assert lint_cases(build_cases(), stored, {}) == []


def test_a_quote_that_is_gone_is_found_and_its_document_named(stored: Stored, tmp_path: Path) -> None:
    lock = lock_path(tmp_path / "cases.jsonl")
    write_lock(lock, build_cases(), stored)
    known = read_lock(lock) | {"ach.md": "an older hash"}
    gone = Gold("ach.md", (), "1 recall", "A recall is never entered by anybody but the head of payments herself.")
    findings = lint_cases([with_gold(gone)], stored, known)
    assert [(f.doc, f.changed) for f in findings] == [("ach.md", True)]
    assert "does not stand there any more (0% of it)" in str(findings[0])
    assert str(findings[0]).endswith("(the document changed)")


@pytest.mark.parametrize(
    ("gold", "problem"),
    [
        (Gold("nowhere.md", (), "1 recall", "words"), "not in the index"),
        (Gold("ach.md", (), "7 nothing"), "no page or section 7 nothing"),
        (
            Gold("fedwire.md", (5,), "", "A fedwire recall must be entered by 8:15 and the operations"),
            "on page 1, not 5",
        ),
    ],
)
def test_other_wrong_places(stored: Stored, gold: Gold, problem: str) -> None:
    findings = lint_cases([with_gold(gold)], stored, {})
    assert [problem in finding.problem for finding in findings] == [True]
    assert not findings[0].changed


def test_what_the_metrics_cannot_see_is_advice(stored: Stored) -> None:
    case = replace(build_cases()[0], facts=("the sky over the river is green",), numbers=("77 days",))
    findings = lint_cases([case], stored, {})
    assert [finding.advice for finding in findings] == [True, True]


def test_an_unanswerable_case_must_have_no_gold(stored: Stored) -> None:
    case = replace(build_cases()[0], answerable=False)
    assert "has gold" in lint_cases([case], stored, {})[0].problem


def test_a_broken_lock_is_named(tmp_path: Path) -> None:
    path = tmp_path / "cases.lock.json"
    assert read_lock(path) == {}
    path.write_text("[1]")
    with pytest.raises(CaseError, match=r"cases\.lock\.json"):
        read_lock(path)
