"""Runs repeat exactly, go on after a cut, and are compared case by case."""

import json
import random
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from eval_scripted import ScriptedAssistant, abstain, answer_with, build_cases, build_stored, evaluation_of, hit_of

from app.answer import Answer
from eval.answers import score_answer
from eval.baseline import comparable, read_baseline, write_baseline
from eval.cases import Case
from eval.compare import compare_reports
from eval.evaluate import evaluate
from eval.outcome import Journal
from eval.stored import Stored
from ingest.errors import CaseError


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Stored:
    return build_stored(tmp_path_factory.mktemp("index"))


def imperfect(case: Case, answer: Answer) -> Answer:
    """Rightly answered but for a third of the cases, so that the figures are not all 1."""
    return abstain(case.question, answer.hits) if case.id.endswith(("1", "4")) else answer


def figures(report: dict[str, Any]) -> dict[str, Any]:
    def timeless(values: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in values.items() if not name.startswith("seconds_")}

    groups = {group: timeless(data["figures"]) for group, data in report["groups"].items()}
    return {"overall": timeless(report["figures"]), **groups}


def test_figures_do_not_depend_on_order_or_workers(stored: Stored, tmp_path: Path) -> None:
    cases = build_cases()
    first = evaluate(evaluation_of(tmp_path / "a", ScriptedAssistant(stored, imperfect), cases))
    random.Random(5).shuffle(cases)  # noqa: S311  # a seeded shuffle, no secret
    again = evaluate(evaluation_of(tmp_path / "b", ScriptedAssistant(stored, imperfect), cases, workers=4))
    assert figures(first) == figures(again)
    assert first["figures"]["answer_rate"]["value"] == pytest.approx(2 / 3)


def test_a_cut_run_goes_on(stored: Stored, tmp_path: Path) -> None:
    cases = build_cases()

    def cut(case: Case, answer: Answer) -> Answer:
        if case.id == "fedwire-0":
            raise KeyboardInterrupt
        return answer

    with pytest.raises(KeyboardInterrupt):
        evaluate(evaluation_of(tmp_path, ScriptedAssistant(stored, cut), cases))
    journal = tmp_path / "outcomes.jsonl"
    with journal.open("a") as file:
        file.write('{"case_id": "torn')
    done = {json.loads(line)["case_id"] for line in journal.read_text().splitlines()[:-1]}
    assert done
    second = ScriptedAssistant(stored)
    report = evaluate(evaluation_of(tmp_path, second, cases, resume=True))
    assert sorted(second.asked) == sorted(case.question for case in cases if case.id not in done)
    assert report["verdict"]["code"] == 0
    assert len(report["cases"]) == len(cases)


def test_resuming_asks_again_what_failed_or_changed(stored: Stored, tmp_path: Path) -> None:
    def failing(case: Case, answer: Answer) -> Answer:
        if case.id == "sepa-2":
            raise OSError("gone")
        return answer

    cases = build_cases()
    assert evaluate(evaluation_of(tmp_path, ScriptedAssistant(stored, failing), cases))["verdict"]["code"] == 2
    changed = [replace(case, facts=("another fact",)) if case.id == "ach-0" else case for case in cases]
    assistant = ScriptedAssistant(stored, cases=changed)
    evaluate(evaluation_of(tmp_path, assistant, changed, resume=True))
    assert sorted(assistant.asked) == sorted(case.question for case in cases if case.id in ("sepa-2", "ach-0"))
    other = ScriptedAssistant(stored)
    evaluate(evaluation_of(tmp_path, other, cases, resume=True, configuration="another"))
    assert len(other.asked) == len(cases)


def test_a_damaged_journal_is_named(tmp_path: Path) -> None:
    path = tmp_path / "outcomes.jsonl"
    path.write_text('{"case_id": 1}\n')
    with pytest.raises(CaseError, match=r"outcomes\.jsonl:1: "):
        Journal(path).read()


def test_a_comparison_names_every_changed_case_and_only_those(stored: Stored, tmp_path: Path) -> None:
    before = evaluate(evaluation_of(tmp_path / "a", ScriptedAssistant(stored), build_cases()))

    def other(case: Case, answer: Answer) -> Answer:
        if case.id == "ach-3":
            return abstain(case.question, answer.hits)
        return replace(answer, hits=tuple(reversed(answer.hits))) if case.id == "chaps-2" else answer

    after = evaluate(
        evaluation_of(tmp_path / "b", ScriptedAssistant(stored, other), build_cases(), baseline=comparable(before))
    )
    changed = {change["case_id"]: change["what"] for change in after["comparison"]["changed"]}
    assert set(changed) == {"ach-3", "chaps-2"}
    assert "abstained" in changed["ach-3"]
    assert any(what.startswith("mrr 1 -> 0.") for what in changed["chaps-2"])
    # One case of thirty is within chance: nothing is called a drop.
    assert after["verdict"]["code"] == 0
    assert not [delta for delta in after["comparison"]["deltas"] if delta["verdict"] == "drop"]


def test_a_drop_beyond_chance_blocks_although_thresholds_hold(stored: Stored, tmp_path: Path) -> None:
    before = evaluate(evaluation_of(tmp_path / "a", ScriptedAssistant(stored), build_cases()))

    def padded(case: Case, answer: Answer) -> Answer:
        # One more, foreign, citation each: precision falls to a half... in two rails only.
        if answer.abstained or case.kind not in ("ach", "swift"):
            return answer
        return answer_with(case.question, answer.hits, [answer.hits[0], hit_of(stored, "chaps-2-s4-c")])

    report = evaluate(
        evaluation_of(tmp_path / "b", ScriptedAssistant(stored, padded), build_cases(), baseline=comparable(before))
    )
    assert all(check["passed"] for check in report["checks"])
    assert report["verdict"]["code"] == 1
    assert report["verdict"]["reasons"][0] == "overall: citation_precision dropped from 1.000 to 0.800 (n=30)"


def test_a_drop_too_small_to_matter_blocks_nothing(stored: Stored, tmp_path: Path) -> None:
    report = evaluate(evaluation_of(tmp_path, ScriptedAssistant(stored), build_cases()))

    def verdict(loss: float) -> str:
        """Of a loss that all cases share, so that chance explains none of it."""
        now = [
            {**case, "scores": {**case["scores"], "mrr": (case["scores"]["mrr"] or 0) - loss}}
            for case in report["cases"]
        ]
        comparison = compare_reports(comparable(report), comparable({**report, "cases": now}))
        return next(d.verdict for d in comparison.deltas if (d.group, d.metric) == ("overall", "mrr"))

    assert (verdict(0.004), verdict(0.006)) == ("same", "drop")


def test_a_handful_of_cases_proves_no_drop(stored: Stored, tmp_path: Path) -> None:
    few = [case for case in build_cases() if case.kind == "ach"][:4]
    before = evaluate(evaluation_of(tmp_path / "a", ScriptedAssistant(stored), few))
    silent = ScriptedAssistant(stored, lambda case, answer: abstain(case.question, answer.hits))
    after = evaluate(evaluation_of(tmp_path / "b", silent, few, baseline=comparable(before)))
    assert len(after["comparison"]["changed"]) == 4
    assert {delta["verdict"] for delta in after["comparison"]["deltas"]} == {"same"}


def test_identical_runs_do_not_differ(stored: Stored, tmp_path: Path) -> None:
    runs = [evaluate(evaluation_of(tmp_path / n, ScriptedAssistant(stored, imperfect), build_cases())) for n in "ab"]
    comparison = compare_reports(*map(comparable, runs))
    assert comparison.changed == comparison.added == comparison.removed == ()
    assert {delta.verdict for delta in comparison.deltas} == {"same"}


def test_reworded_added_and_removed_cases_are_named(stored: Stored, tmp_path: Path) -> None:
    cases = build_cases()
    before = evaluate(evaluation_of(tmp_path / "a", ScriptedAssistant(stored), cases[1:]))
    reworded = replace(cases[2], facts=("something else",))
    now = [cases[0], cases[1], reworded, *cases[3:-1]]
    after = evaluate(evaluation_of(tmp_path / "b", ScriptedAssistant(stored, cases=now), now))
    comparison = compare_reports(comparable(before), comparable(after))
    assert (comparison.added, comparison.removed) == ((cases[0].id,), (cases[-1].id,))
    assert cases[2].id in comparison.notes[0]


def test_scores_of_different_judges_are_not_compared(stored: Stored, tmp_path: Path) -> None:
    report = evaluate(evaluation_of(tmp_path, ScriptedAssistant(stored), build_cases()))
    reports = []
    for judge, score in (("one", 1.0), ("two", 0.0)):
        cases = [{**case, "scores": {**case["scores"], "judge_faithfulness": score}} for case in report["cases"]]
        reports.append({**report, "run": {**report["run"], "judge": judge}, "cases": cases})
    comparison = compare_reports(*map(comparable, reports))
    assert "judge_faithfulness" not in {delta.metric for delta in comparison.deltas}
    assert "not compared: judge one then, two now" in comparison.notes[0]
    same = compare_reports(*(comparable({**r, "run": reports[0]["run"]}) for r in reports))
    assert next(d.verdict for d in same.deltas if d.metric == "judge_faithfulness") == "drop"


def test_what_a_baseline_rounds_is_no_change(stored: Stored, tmp_path: Path) -> None:
    def second(case: Case, answer: Answer) -> Answer:
        return replace(answer, hits=(answer.hits[1], answer.hits[0], *answer.hits[2:]))  # nDCG 1 / log2(3)

    report = evaluate(evaluation_of(tmp_path, ScriptedAssistant(stored, second), build_cases()))
    write_baseline(report, tmp_path / "baseline.json")
    comparison = compare_reports(read_baseline(tmp_path / "baseline.json"), comparable(report))
    assert comparison.changed == ()
    assert {delta.verdict for delta in comparison.deltas} == {"same"}


def test_a_baseline_is_small_and_compares_as_the_report_does(stored: Stored, tmp_path: Path) -> None:
    report = evaluate(evaluation_of(tmp_path, ScriptedAssistant(stored), build_cases()))
    path = tmp_path / "baseline.json"
    write_baseline(report, path)
    assert path.stat().st_size < 700 * len(report["cases"])
    assert len(path.read_text().splitlines()) == len(report["cases"]) + 2  # one line a case, so that a diff names it
    now = comparable(report)
    against_itself = compare_reports(read_baseline(path), now)
    assert against_itself.changed == ()
    assert against_itself.deltas == tuple(d for d in compare_reports(now, now).deltas if "seconds" not in d.metric)
    path.write_text('{"version": "0", "cases": []}')
    with pytest.raises(CaseError, match="can't use the baseline"):
        read_baseline(path)


def test_a_fact_that_names_its_document_is_read_with_the_source_of_the_statement(stored: Stored) -> None:
    case = next(case for case in build_cases() if case.id == "chaps-0")
    cited = [hit_of(stored, "chaps-2-s0-c"), hit_of(stored, "fedwire-2-s0-c")]
    numbered = [replace(hit, doc_id=doc_id) for hit, doc_id in zip(cited, ("SOP-CHP-401", "SOP-FED-101"), strict=True)]
    answer = answer_with(case.question, numbered, numbered)

    def coverage(fact: str) -> float | None:
        return score_answer(replace(case, facts=(fact,)), answer, stored, date(2026, 11, 23))["fact_coverage"]

    assert coverage("SOP-CHP-401: 20 calendar days") == 1
    assert coverage("SOP-FED-101: 20 calendar days") == 0  # that document says 10
