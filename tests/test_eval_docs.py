"""What docs/evaluation.md shows can be run: its CI files parse, its targets, commands, options and files exist."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from eval.__main__ import COMMANDS
from eval.cases import load_cases
from eval.gate import load_thresholds

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "docs" / "evaluation.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
WRITTEN = {"report.html", "report.json", "report.md", "junit.xml", "outcomes.jsonl", "history.jsonl"}


def blocks() -> list[Any]:
    return [yaml.safe_load(text) for text in re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)]


def test_the_github_workflow_runs_the_gate_and_keeps_its_report() -> None:
    workflow = blocks()[0]
    assert workflow[True] == ["pull_request"]  # YAML reads "on" so; GitHub does not
    steps = workflow["jobs"]["answers"]["steps"]
    assert {"run": "make eval"} in steps
    assert all(step["if"] == "always()" for step in steps[steps.index({"run": "make eval"}) + 1 :])


def test_the_gitlab_jobs_run_and_show_what_is_written() -> None:
    jobs = blocks()[1]
    assert {job["script"] for job in jobs.values()} == {"make eval", "make eval-full"}
    for job in jobs.values():
        junit = job["artifacts"]["reports"]["junit"]
        paths = [Path(path) for path in ([junit] if isinstance(junit, str) else junit)]
        assert all(path.name in WRITTEN and str(path.parts[0]) in job["artifacts"]["paths"] for path in paths)


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\bmake ([a-z][a-z-]+)", TEXT))))
def test_every_target_exists(target: str) -> None:
    assert re.search(rf"^{target}:", MAKEFILE, re.MULTILINE)


@pytest.mark.parametrize("shown", sorted(set(re.findall(r"python -m eval ([a-z]+)", TEXT))))
def test_every_command_exists(shown: str) -> None:
    assert shown in COMMANDS


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_is_told_and_has_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        COMMANDS[command](["--help"])
    assert stopped.value.code == 0
    known = capsys.readouterr().out
    for line in re.findall(rf"python -m eval {command} ([^\n`]*(?:\\\n[^\n`]*)?)", TEXT):
        assert [option for option in re.findall(r"(?<!\w)--[a-z-]+", line.split("#")[0]) if option not in known] == []


@pytest.mark.parametrize("path", sorted(set(re.findall(r"\]\(([^)#]+)\)|`(eval/[\w./-]+)`", TEXT))))
def test_every_file_that_is_named_exists(path: tuple[str, str]) -> None:
    linked, named = path
    made = {"eval/calibration.json"}  # by `calibrate`
    assert named in made or ((ROOT / "docs" / linked) if linked else (ROOT / named)).exists()


def test_the_full_run_holds_what_is_held_out_to_its_own_bounds() -> None:
    held, cases = (load_cases(ROOT / "corpus" / "golden" / f"{name}.jsonl") for name in ("holdout", "cases"))
    assert not {case.question for case in held} & {case.question for case in cases}
    assert load_thresholds(ROOT / "eval" / "thresholds-holdout.yaml").overall["verbatim_rate"].limit == 1
    assert "corpus/golden/holdout.jsonl" in MAKEFILE.split("eval-full:")[1].split("\n\n")[0]
