"""The judge over the real clients: Bedrock's Converse and the OpenAI protocol, each on the wire."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from converse_server import converse_server
from eval_judges import honest, input_of
from eval_scripted import ScriptedAssistant, build_cases, build_stored, evaluation_of
from llm_backends import KEY, keep_out_the_environment
from openai_server import openai_server
from wire_server import Reply, Script, WireServer

from eval.__main__ import main
from eval.evaluate import evaluate
from eval.gate import Thresholds
from eval.judging import JudgedScorer, check_controls
from eval.jury import open_jury
from eval.settings import JudgeSettings, load_judge_settings

_NONE = Thresholds({}, {})
Served = tuple[WireServer, JudgeSettings]


class HonestScript(Script):
    """Answers each request as the honest judge does."""

    def next(self) -> Reply:
        """The reply for the request that just came, unless a failure is scripted."""
        if len(self.replies) > 1:
            return self.replies.popleft()
        content = self.requests[-1].body["messages"][0]["content"]
        prompt = content if isinstance(content, str) else content[0]["text"]
        given = input_of(prompt)
        text = json.dumps(honest(given, "NLI" if "context" in given else "StatementGeneratorOutput"))
        return Reply(words=tuple(text[i : i + 40] for i in range(0, len(text), 40)))


@pytest.fixture(params=["bedrock", "local"])
def server(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    keep_out_the_environment(monkeypatch)
    with {"bedrock": converse_server, "local": openai_server}[request.param]() as running:
        running.script = HonestScript()
        monkeypatch.setenv("APP_BEDROCK_ENDPOINT_URL", running.url)
        monkeypatch.setenv("APP_BEDROCK_REGION", "eu-west-1")
        place = {"judge_url": f"{running.url}/v1", "judge_api_key": KEY} if request.param == "local" else {}
        yield running, load_judge_settings(judge=request.param, judge_model="judge-model-1", judge_timeout_s=5, **place)


def test_twenty_cases_are_judged_over_the_wire(server: Served, tmp_path: Path) -> None:
    running, settings = server
    stored = build_stored(tmp_path / "index")
    cases = [case for case in build_cases() if case.answerable][:20]
    with open_jury(settings, tmp_path / "cache.jsonl", lambda texts: []) as jury:
        assert check_controls(jury.judges[0]) == ""
        scorer = JudgedScorer(jury.judges, ["faithfulness"], stored)
        report = evaluate(evaluation_of(tmp_path, ScriptedAssistant(stored), cases, scorers=[scorer], thresholds=_NONE))
        assert jury.identity.startswith("judge-model-1 ")
        assert f"{jury.completer.calls} calls" in jury.usage
    figure = report["figures"]["judge_faithfulness"]
    assert (figure["n"], figure["value"], report["verdict"]["code"]) == (20, 1.0, 0)
    sent = json.dumps(running.script.requests[-1].body)
    assert "judge the faithfulness" in sent


def test_the_agreement_with_the_labelled_pairs_is_printed(
    server: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    running, settings = server
    monkeypatch.setenv("EVAL_JUDGE", settings.judge)
    monkeypatch.setenv("EVAL_JUDGE_MODEL", settings.judge_model)
    monkeypatch.setenv("EVAL_JUDGE_URL", settings.judge_url)
    monkeypatch.setenv("EVAL_JUDGE_API_KEY", settings.judge_api_key.get_secret_value())
    place = ["--calibration", str(tmp_path / "calibration.json"), "--judge-cache", str(tmp_path / "cache.jsonl")]
    assert main(["calibrate", *place]) == 1  # a rule that wants statements word for word is a poor judge
    said = capsys.readouterr().out
    assert "over 123 pairs" in said
    [(judge, known)] = json.loads((tmp_path / "calibration.json").read_text()).items()
    assert f"{judge}: kappa {known['kappa']:.3f}" in said
    assert known["right"]["contradicted"] == 1.0
    asked = len(running.script.requests)
    assert main(["calibrate", *place]) == 1  # from the cache: nothing is asked again
    assert len(running.script.requests) - asked <= 1  # that it is there


def test_a_judge_that_refuses_leaves_cases_unscored(server: Served, tmp_path: Path) -> None:
    running, settings = server
    stored = build_stored(tmp_path / "index")
    once = settings.model_copy(update={"judge_retries": 0, "judge_timeout_s": 1.0})
    with open_jury(once, tmp_path / "cache.jsonl", lambda texts: []) as jury:
        running.script.replies.extend([Reply("deny")] * 50)
        scorer = JudgedScorer(jury.judges, ["faithfulness"], stored)
        case = build_cases()[0]
        report = evaluate(
            evaluation_of(tmp_path, ScriptedAssistant(stored), [case], scorers=[scorer], thresholds=_NONE)
        )
    assert report["verdict"]["code"] == 2
    assert report["verdict"]["reasons"][0].startswith(f"{case.id}: judge_faithfulness: ")
