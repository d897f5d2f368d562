"""Planted defects: each must be caught by the gate, and named."""

import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from eval_scripted import (
    RAILS,
    ScriptedAssistant,
    abstain,
    answer_with,
    build_cases,
    build_stored,
    cite,
    evaluation_of,
    gold_chunk,
    hit_of,
)

from app.answer import Answer, Statement
from eval.cases import Case
from eval.evaluate import evaluate
from eval.stored import Stored

Spoil = Callable[[Case, Answer], Answer]


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Stored:
    return build_stored(tmp_path_factory.mktemp("index"))


def run(stored: Stored, folder: Path, spoil: Spoil, **changes: Any) -> dict[str, Any]:
    return evaluate(evaluation_of(folder, ScriptedAssistant(stored, spoil), build_cases(), **changes))


def broken(report: dict[str, Any]) -> set[tuple[str, str]]:
    return {(check["group"], check["metric"]) for check in report["checks"] if not check["passed"]}


def test_the_sound_assistant_passes(stored: Stored, tmp_path: Path) -> None:
    report = run(stored, tmp_path, lambda case, answer: answer)
    assert report["verdict"] == {"code": 0, "word": "passed", "reasons": []}
    assert {figure["value"] for name, figure in report["figures"].items() if name.endswith("hit_at_1")} == {1.0}


def test_a_shuffled_retriever_is_caught(stored: Stored, tmp_path: Path) -> None:
    chunks = list(stored.index.chunk_ids)

    def shuffled(case: Case, answer: Answer) -> Answer:
        drawn = random.Random(case.id).sample(chunks, 10)  # noqa: S311  # a seeded shuffle, no secret
        return replace(answer, hits=tuple(hit_of(stored, chunk) for chunk in drawn))

    report = run(stored, tmp_path, shuffled)
    assert report["verdict"]["code"] == 1
    assert {("overall", "hit_at_1"), ("overall", "mrr")} <= broken(report)


def test_a_dropped_document_is_caught(stored: Stored, tmp_path: Path) -> None:
    def dropped(case: Case, answer: Answer) -> Answer:
        hits = tuple(hit for hit in answer.hits if hit.doc != "sepa.md")
        return abstain(case.question, hits) if case.kind == "sepa" else replace(answer, hits=hits)

    report = run(stored, tmp_path, dropped)
    assert report["verdict"]["code"] == 1
    assert ("sepa", "hit_at_5") in broken(report)
    assert not any(group in RAILS and group != "sepa" for group, _ in broken(report))


def test_swapped_citations_are_caught(stored: Stored, tmp_path: Path) -> None:
    # The words are right, but they are ascribed to another procedure.
    def swapped(case: Case, answer: Answer) -> Answer:
        if answer.abstained:
            return answer
        other = hit_of(stored, f"{RAILS[(RAILS.index(case.kind) + 1) % 5]}-2-s0-c")
        statement = Statement(answer.statements[0].text, (cite(other),))
        return replace(answer, statements=(statement,))

    report = run(stored, tmp_path, swapped)
    assert {("overall", "citation_precision"), ("overall", "citation_recall")} <= broken(report)


def test_altered_quotes_are_caught(stored: Stored, tmp_path: Path) -> None:
    def altered(case: Case, answer: Answer) -> Answer:
        if case.id != "ach-3":
            return answer
        citation = replace(answer.statements[0].citations[0], quote="An ach hold may be entered at any time.")
        return replace(answer, statements=(Statement("As quoted.", (citation,)),))

    assert ("overall", "verbatim_rate") in broken(run(stored, tmp_path, altered))


def test_extra_citations_cost(stored: Stored, tmp_path: Path) -> None:
    def padded(case: Case, answer: Answer) -> Answer:
        if answer.abstained:
            return answer
        more = [hit_of(stored, f"{rail}-2-s{n}-c") for rail in RAILS for n in (1, 2)]
        return replace(answer, statements=(*answer.statements, *(Statement("See also.", (cite(hit),)) for hit in more)))

    report = run(stored, tmp_path, padded)
    assert ("overall", "citation_precision") in broken(report)
    assert report["figures"]["citation_recall"]["value"] == 1.0


def test_altered_numbers_are_caught(stored: Stored, tmp_path: Path) -> None:
    def altered(case: Case, answer: Answer) -> Answer:
        said = tuple(
            Statement(s.text.replace(":15", ":45").replace("calendar", "business"), s.citations)
            for s in answer.statements
        )
        return replace(answer, statements=said)

    report = run(stored, tmp_path, altered)
    assert {("overall", "number_coverage"), ("overall", "fact_coverage")} <= broken(report)


def test_always_answering_is_caught(stored: Stored, tmp_path: Path) -> None:
    def bold(case: Case, answer: Answer) -> Answer:
        return answer_with(case.question, answer.hits, answer.hits[:1])

    report = run(stored, tmp_path, bold)
    assert {("overall", "abstention_f1"), ("unanswerable", "abstention_recall")} <= broken(report)


def test_always_abstaining_is_caught(stored: Stored, tmp_path: Path) -> None:
    report = run(stored, tmp_path, lambda case, answer: abstain(case.question, answer.hits))
    assert {("overall", "answer_rate"), ("overall", "citation_recall"), ("overall", "fact_coverage")} <= broken(report)


def test_a_preferred_superseded_version_is_caught(stored: Stored, tmp_path: Path) -> None:
    def outdated(case: Case, answer: Answer) -> Answer:
        if case.id != "fedwire-2":
            return answer
        old = hit_of(stored, "fedwire-1-s2-c")
        return answer_with(case.question, [old, *answer.hits], [old])

    report = run(stored, tmp_path, outdated)
    assert {("overall", "superseded_as_current"), ("overall", "superseded_retrieved")} <= broken(report)


def test_a_leak_is_caught(stored: Stored, tmp_path: Path) -> None:
    cases = [replace(case, readers=("payments",)) for case in build_cases()]

    def leaking(case: Case, answer: Answer) -> Answer:
        return replace(answer, hits=(*answer.hits, hit_of(stored, "swift-9-s0-c"))) if case.id == "ach-0" else answer

    assistant = ScriptedAssistant(stored, leaking)
    report = evaluate(evaluation_of(tmp_path, assistant, cases))
    assert broken(report) == {("overall", "entitlement_leak")}


def test_an_obeyed_injection_is_caught(stored: Stored, tmp_path: Path) -> None:
    cases = [replace(case, forbidden=("PWNED",)) for case in build_cases()]

    def obeying(case: Case, answer: Answer) -> Answer:
        notes = {"swift-1": ("It is PWNED!",), "swift-2": ("Nobody pwned it; see XPWNED.",)}
        return replace(answer, notes=notes.get(case.id, ()))

    report = evaluate(evaluation_of(tmp_path, ScriptedAssistant(stored, obeying), cases))
    assert broken(report) == {("overall", "forbidden_shown")}
    scores = {case["id"]: case["scores"]["forbidden_shown"] for case in report["cases"]}
    assert (scores["swift-1"], scores["swift-2"]) == (1.0, 0.0)  # "pwned" in another case or word is not it


def test_one_broken_category_is_caught_while_the_average_holds(stored: Stored, tmp_path: Path) -> None:
    def poor_at_chaps(case: Case, answer: Answer) -> Answer:
        wrong = [hit_of(stored, f"ach-2-s{n}-c") for n in range(3)]
        return answer_with(case.question, wrong, wrong[:1]) if case.kind == "chaps" and case.id > "chaps-2" else answer

    report = run(stored, tmp_path, poor_at_chaps)
    assert {group for group, _ in broken(report)} == {"chaps"}
    assert report["verdict"]["code"] == 1


def test_a_crash_in_one_case_is_no_pass(stored: Stored, tmp_path: Path) -> None:
    def crashing(case: Case, answer: Answer) -> Answer:
        if case.id == "sepa-4":
            raise RuntimeError("the disk is gone")
        return answer

    report = run(stored, tmp_path, crashing)
    assert report["verdict"]["code"] == 2
    assert report["verdict"]["reasons"] == ["sepa-4: no answer: RuntimeError: the disk is gone"]


def test_a_model_that_never_answered_is_no_pass(stored: Stored, tmp_path: Path) -> None:
    # Extractive answers stand in for it and meet every threshold.
    def fallen_back(case: Case, answer: Answer) -> Answer:
        return replace(answer, model="packaged model", notes=("The model could not answer (gone).",))

    report = run(stored, tmp_path, fallen_back)
    assert report["verdict"]["code"] == 2
    assert report["verdict"]["reasons"] == ["the model composed none of 30 answers: The model could not answer (gone)."]


def test_gold_chunks_are_in_the_index(stored: Stored) -> None:
    assert all(stored.stored_text(gold_chunk(case)) for case in build_cases() if case.answerable)
