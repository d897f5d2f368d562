"""RAGAS with a scripted judge: it scores, and every way of failing is a failed run, never a pass."""

import asyncio
import warnings
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from eval_judges import Reply, ScriptedJudge, constant, dead, honest
from eval_scripted import ScriptedAssistant, build_cases, build_stored, evaluation_of

from app.answer import Answer, Statement
from eval.calibrate import Pair, cohen_kappa, contradict, load_pairs, make_pairs, measure_agreement, write_pairs
from eval.cases import Case
from eval.completer import Completer
from eval.evaluate import Evaluation, evaluate
from eval.judge import Judge, Sample, context_scores
from eval.judging import JudgedScorer, check_controls, contexts_of, score_contexts
from eval.jury import trust
from eval.settings import JudgeSettings, load_judge_settings, model_settings
from eval.stored import Stored
from ingest.errors import CaseError, LLMError, SettingsError

SETTINGS = JudgeSettings(judge="local", judge_retries=1)


def judge_of(reply: Reply, folder: Path, settings: JudgeSettings = SETTINGS) -> tuple[Judge, Completer, ScriptedJudge]:
    model = ScriptedJudge(reply)
    completer = Completer(model, settings, folder / "cache.jsonl")
    return Judge(completer.for_run(0), lambda texts: [[float(len(text)), 1.0] for text in texts]), completer, model


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Stored:
    return build_stored(tmp_path_factory.mktemp("index"))


def judged(stored: Stored, folder: Path, reply: Reply, spoil: Any = lambda case, answer: answer) -> dict[str, Any]:
    judge, _, _ = judge_of(reply, folder)
    problem = check_controls(judge)
    scorer = JudgedScorer([judge], ["faithfulness"], stored)
    whole: Evaluation = evaluation_of(folder, ScriptedAssistant(stored, spoil), build_cases())
    return evaluate(replace(whole, scorers=[scorer], failures=[problem] if problem else []))


def test_an_honest_judge_scores_answers_and_leaves_refusals_alone(stored: Stored, tmp_path: Path) -> None:
    def half_invented(case: Case, answer: Answer) -> Answer:
        more = Statement("The moon is made of cheese on Fridays and the vault is open then.", ())
        return replace(answer, statements=(*answer.statements, more)) if case.id == "ach-1" else answer

    report = judged(stored, tmp_path, honest, half_invented)
    figure = report["figures"]["judge_faithfulness"]
    assert report["verdict"]["code"] == 0
    assert (figure["n"], figure["value"]) == (30, pytest.approx(1 - 0.5 / 30))
    refused = next(case for case in report["cases"] if case["id"] == "none-0")
    assert "judge_faithfulness" not in refused["scores"]


def test_a_dead_judge_fails_the_run(stored: Stored, tmp_path: Path) -> None:
    report = judged(stored, tmp_path, dead)
    assert report["verdict"]["code"] == 2
    assert "connection refused" in report["verdict"]["reasons"][0]
    assert sum("judge_faithfulness: connection refused" in reason for reason in report["verdict"]["reasons"]) == 30


def test_a_constant_judge_fails_the_run(stored: Stored, tmp_path: Path) -> None:
    report = judged(stored, tmp_path, constant)
    assert report["verdict"]["code"] == 2
    assert report["verdict"]["reasons"] == ["the judge got 4 of 4 true and 0 of 4 false control questions right"]


def test_a_judge_that_always_says_no_fails_the_run(stored: Stored, tmp_path: Path) -> None:
    report = judged(stored, tmp_path, _doubting)
    assert report["verdict"]["reasons"] == ["the judge got 0 of 4 true and 4 of 4 false control questions right"]


def test_one_case_without_a_score_fails_the_run(stored: Stored, tmp_path: Path) -> None:
    def silent_on_one(given: dict[str, Any], kind: str) -> Any:
        if kind == "StatementGeneratorOutput" and "sepa hold" in given["answer"]:
            return {"statements": []}  # RAGAS makes NaN of this
        return honest(given, kind)

    report = judged(stored, tmp_path, silent_on_one)
    assert report["verdict"]["code"] == 2
    assert report["verdict"]["reasons"] == [
        "sepa-3: judge_faithfulness: faithfulness is nan: the judge found no statements"
    ]


def test_a_judge_that_skips_a_statement_has_failed(tmp_path: Path) -> None:
    def skipping(given: dict[str, Any], kind: str) -> Any:
        reply = honest(given, kind)
        return reply if kind == "StatementGeneratorOutput" else {"statements": reply["statements"][1:]}

    judge, _, _ = judge_of(skipping, tmp_path)
    with pytest.raises(LLMError, match=r"1 verdicts .* for 2 statements"):
        judge.measure("faithfulness", Sample("q", "one thing\nanother thing", ("one thing",)))


def test_output_outside_the_schema_is_asked_for_again_then_an_error(tmp_path: Path) -> None:
    replies = iter(["no json at all", '{"statements": 5}'])
    judge, _, model = judge_of(lambda given, kind: next(replies, None) or honest(given, kind), tmp_path)
    assert judge.measure("faithfulness", Sample("q", "it is so", ("it is so",))) == 1
    assert "was not valid" in model.prompts[1]
    stubborn, _, _ = judge_of(lambda given, kind: "never", tmp_path / "other")
    with pytest.raises(LLMError, match="did not follow the schema 3 times"):
        stubborn.measure("faithfulness", Sample("q", "it is so", ("it is so",)))


def test_a_rerun_costs_nothing_and_a_cut_cache_is_mended(tmp_path: Path) -> None:
    sample = Sample("q", "it is so", ("it is so",))
    judge, first, _ = judge_of(honest, tmp_path)
    assert (judge.measure("faithfulness", sample), first.calls, first.tokens) == (1, 2, 240)
    with (tmp_path / "cache.jsonl").open("a") as file:
        file.write('{"key": "torn')
    judge, again, model = judge_of(dead, tmp_path)
    assert (judge.measure("faithfulness", sample), again.calls, again.cached, model.prompts) == (1, 0, 2, [])


def test_failed_calls_are_retried_within_limits(tmp_path: Path) -> None:
    failures = iter([True])

    def once_down(given: dict[str, Any], kind: str) -> Any:
        if next(failures, False):
            raise LLMError("throttled")
        return honest(given, kind)

    judge, _, model = judge_of(once_down, tmp_path)
    assert judge.measure("faithfulness", Sample("q", "it is so", ("it is so",))) == 1
    assert len(model.prompts) == 3
    poor, _, _ = judge_of(honest, tmp_path / "poor", SETTINGS.model_copy(update={"judge_token_limit": 100}))
    with pytest.raises(LLMError, match="limit of 100 tokens"):
        poor.measure("faithfulness", Sample("q", "it is so", ("it is so",)))


def test_a_cost_limit_ends_judging_and_wants_a_price(tmp_path: Path) -> None:
    limited = SETTINGS.model_copy(update={"judge_cost_limit": 0.01})
    sample = Sample("q", "it is so", ("it is so",))
    judge, _, model = judge_of(honest, tmp_path / "free", limited)
    with pytest.raises(LLMError, match="has no price"):
        judge.measure("faithfulness", sample)
    model.cost = 0.006
    with pytest.raises(LLMError, match=r"limit of 0\.01 dollars"):
        for number in range(2):
            judge.measure("faithfulness", Sample("q", f"it is so {number}", ("it is so",)))
    assert len(model.prompts) == 4  # two without a price, then two until the limit


def test_the_wall_limit_ends_judging(tmp_path: Path) -> None:
    now = iter([0.0, 10.0, 99999.0])
    completer = Completer(ScriptedJudge(honest), SETTINGS, tmp_path / "cache.jsonl", clock=lambda: next(now))
    judge = Judge(completer.for_run(0), lambda texts: [])
    with pytest.raises(LLMError, match="wall limit of 7200 s"):
        judge.measure("faithfulness", Sample("q", "it is so", ("it is so",)))


def test_several_runs_are_averaged_with_their_spread(stored: Stored, tmp_path: Path) -> None:
    completers = [judge_of(honest, tmp_path / "a")[0], judge_of(_doubting, tmp_path / "b")[0]]
    scorer = JudgedScorer(completers, ["faithfulness"], stored)
    whole = evaluation_of(tmp_path, ScriptedAssistant(stored), build_cases()[:1])
    report = evaluate(replace(whole, scorers=[scorer]))
    assert report["cases"][0]["scores"]["judge_faithfulness"] == 0.5
    assert report["cases"][0]["spread"]["judge_faithfulness"] == 1.0


def _doubting(given: dict[str, Any], kind: str) -> Any:
    reply = honest(given, kind)
    for verdict in reply["statements"] if kind != "StatementGeneratorOutput" else ():
        verdict["verdict"] = 0
    return reply


def test_ragas_context_metrics_agree_with_ours(stored: Stored, tmp_path: Path) -> None:
    whole = evaluation_of(tmp_path, ScriptedAssistant(stored), build_cases())
    report = evaluate(replace(whole, scorers=[score_contexts]))
    figures = report["figures"]
    assert figures["ragas_id_context_recall"]["value"] == figures["page_recall_at_10"]["value"] == 1.0
    assert figures["ragas_string_context_recall"]["value"] == 1.0
    assert figures["ragas_id_context_precision"]["value"] == pytest.approx(1 / 5.9, abs=0.02)
    assert set(context_scores(([], ["gold 0"]), ([], ["text"])).values()) == {0.0}


def test_evidence_for_the_judge_begins_with_what_is_cited(stored: Stored) -> None:
    assistant = ScriptedAssistant(stored)
    answer = assistant.right_answer(assistant.cases[0])
    shuffled = replace(answer, hits=tuple(reversed(answer.hits)))
    cited = answer.statements[0].citations[0].quote
    assert contexts_of(shuffled, stored, 10_000)[0] == cited
    assert sum(map(len, contexts_of(shuffled, stored, 300))) <= 300


def test_ragas_reports_nothing_home() -> None:
    from ragas._analytics import do_not_track  # noqa: PLC0415  # only after eval.judge has set it

    assert do_not_track()


def test_kappa_by_hand() -> None:
    assert cohen_kappa([True, True, False, False], [True, True, False, False]) == 1
    assert cohen_kappa([True, True, False, False], [True, True, True, True]) == 0
    assert cohen_kappa(
        [True] * 20 + [False] * 15 + [True] * 5 + [False] * 10, [True] * 20 + [False] * 15 + [False] * 5 + [True] * 10
    ) == pytest.approx(0.4)


def test_pairs_are_made_and_agreed_on(tmp_path: Path) -> None:
    pairs = make_pairs(build_cases())
    assert {pair.label for pair in pairs} == {"supported", "contradicted", "not stated"}
    assert len(pairs) == 180
    assert Counter(pair.label for pair in make_pairs(build_cases(), each=7)) == dict.fromkeys(
        ("supported", "contradicted", "not stated"), 7
    )
    write_pairs(pairs, tmp_path / "pairs.jsonl")
    assert load_pairs(tmp_path / "pairs.jsonl") == pairs
    by_quote = [
        Pair(p.id, p.evidence if p.label == "supported" else p.statement, p.evidence, p.label) for p in pairs[:30]
    ]
    judge, _, _ = judge_of(honest, tmp_path)
    agreement = measure_agreement(judge, by_quote, lambda: None)
    assert (agreement.kappa, agreement.n) == (1.0, 30)


@pytest.mark.parametrize(
    ("fact", "opposite"),
    [
        ("kept for 30 days", "kept for 45 days"),
        ("it must be mailed before noon", "it must not be mailed before noon"),
        ("positive pay", "positive pay"),
        ("no later than December 31", "no later than December 46"),
    ],
)
def test_a_fact_is_contradicted(fact: str, opposite: str) -> None:
    assert contradict(fact) == opposite


def test_bad_pairs_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "pairs.jsonl"
    path.write_text('{"id": 1, "statement": "s", "evidence": "e", "label": "maybe"}\n')
    with pytest.raises(CaseError, match="the label must be one of"):
        load_pairs(path)


def test_only_a_calibrated_judge_gates(tmp_path: Path) -> None:
    path = tmp_path / "calibration.json"
    assert "has not been calibrated" in trust("j", path, 0.6)
    path.write_text('{"j": {"kappa": 0.31}, "nan": {"kappa": NaN}}')
    assert "kappa 0.31, below 0.6" in trust("j", path, 0.6)
    assert trust("nan", path, 0.6)
    assert trust("j", path, 0.3) == ""


def test_judge_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APP_LOCAL_URL", "http://answers.example/v1")
    monkeypatch.setenv("EVAL_JUDGE_RUNS", "3")
    settings = load_judge_settings(judge="local")
    assert settings.judge_runs == 3
    assert model_settings(settings).local_url == ""  # pinned apart from the answering model
    with pytest.raises(SettingsError, match="needs its model id"):
        load_judge_settings(judge="bedrock")
    monkeypatch.setenv("EVAL_JUDGE_RUN", "3")
    with pytest.raises(SettingsError, match="did you mean EVAL_JUDGE_RUNS"):
        load_judge_settings()
    monkeypatch.delenv("EVAL_JUDGE_RUN")
    monkeypatch.setenv("EVAL_JUDGE_RUNS", "0")
    with pytest.raises(SettingsError, match="EVAL_JUDGE_RUNS"):
        load_judge_settings()


def test_every_judge_setting_is_documented() -> None:
    told = (Path(__file__).parent.parent / "docs" / "evaluation.md").read_text()
    assert [name for name in JudgeSettings.model_fields if f"`EVAL_{name.upper()}`" not in told] == []


def test_ragas_imports_without_a_warning() -> None:
    # Warnings are errors in this suite; the import above would have failed. No event loop is left open either.
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert asyncio.run(asyncio.sleep(0)) is None
