"""Brier score and reliability table of the stated confidence, by hand."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from eval_scripted import ScriptedAssistant, build_cases, build_stored, evaluation_of

from app.answer import Answer
from eval.evaluate import evaluate
from eval.gate import Bound, Thresholds
from eval.stored import Stored


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Stored:
    return build_stored(tmp_path_factory.mktemp("index"))


def report_of(stored: Stored, folder: Path, say: Callable[[Any, Answer], Answer]) -> dict[str, Any]:
    bounds = Thresholds({"confidence_brier": Bound("<=", 0.2, if_measured=True)}, {})
    return evaluate(evaluation_of(folder, ScriptedAssistant(stored, say), build_cases(), thresholds=bounds))


def stating(confidence: float | None) -> Callable[[Any, Answer], Answer]:
    return lambda case, answer: replace(answer, confidence=confidence)


def test_a_sure_and_right_assistant_has_a_brier_score_of_zero(stored: Stored, tmp_path: Path) -> None:
    report = report_of(stored, tmp_path, stating(1.0))
    assert report["figures"]["confidence_brier"]["value"] == 0
    assert [(b["stated"], b["right"], b["n"]) for b in report["reliability"]] == [(1, 1, 30)]  # refusals state nothing
    assert "Can its confidence be believed?" in (tmp_path / "report.html").read_text()
    assert "| 0.9 to 1.0 | 1.000 | 1.000 | 30 |" in (tmp_path / "report.md").read_text()


def test_a_coin_has_a_quarter_and_the_gate_catches_it(stored: Stored, tmp_path: Path) -> None:
    report = report_of(stored, tmp_path, stating(0.5))
    assert report["figures"]["confidence_brier"]["value"] == 0.25
    assert [(b["low"], b["stated"], b["right"], b["n"]) for b in report["reliability"]] == [(0.5, 0.5, 1, 30)]
    assert report["verdict"]["reasons"] == ["overall: confidence_brier is 0.250, must be <= 0.2"]


def test_what_is_sure_of_a_wrong_passage_is_as_far_off_as_can_be(stored: Stored, tmp_path: Path) -> None:
    def elsewhere(case: Any, answer: Answer) -> Answer:
        wrong = [
            replace(s, citations=tuple(replace(c, doc="elsewhere.md") for c in s.citations)) for s in answer.statements
        ]
        return replace(answer, confidence=1.0, statements=tuple(wrong))

    report = report_of(stored, tmp_path, elsewhere)
    assert report["figures"]["confidence_brier"]["value"] == 1
    assert report["figures"]["first_citation_right"]["value"] == 0


def test_no_stated_confidence_is_no_score(stored: Stored, tmp_path: Path) -> None:
    report = report_of(stored, tmp_path, stating(None))
    assert "confidence_brier" not in report["figures"]
    assert (report["reliability"], report["verdict"]["code"]) == ([], 0)
    assert "confidence be believed" not in (tmp_path / "report.html").read_text()
