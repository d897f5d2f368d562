"""Two configurations over one index or two: challenger, change log, model card, tracking; all over the real product."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from ingest_folder import TEXTS, run, settings_for, write_corpus
from test_eval_main import CASES

from app.answer import Assistant
from eval.__main__ import main
from eval.card import CARD, load_people

NEWER = {
    **TEXTS,
    "us/cutoffs.md": "# Cut-offs\n\nThe CHIPS cut-off is 17:00 in New York.\n",
    "new.md": "# New\n\nA desk opens.\n",
}
BOUNDS = 'overall: {hit_at_5: ">= 0", number_coverage: ">= 0"}'


@pytest.fixture(scope="module")
def indexes(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The same library twice; in the second one a document lost what a case asks for, and another one came."""
    folders = [tmp_path_factory.mktemp(name) for name in ("old", "new")]
    for folder, texts in zip(folders, (TEXTS, NEWER), strict=True):
        write_corpus(folder / "corpus", texts)
        run(settings_for(folder))
    return folders[0] / "index", folders[1] / "index"


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six cases of each kind, so that a loss is beyond chance."""
    path = tmp_path_factory.mktemp("cases") / "cases.jsonl"
    many = [
        {**case, "id": f"{case['id']}-{n}", "question": f"{case['question']} ({n})"} for case in CASES for n in range(6)
    ]
    path.write_text("".join(json.dumps(case) + "\n" for case in many))
    return path


@pytest.fixture(scope="module")
def bounds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("bounds") / "bounds.yaml"
    path.write_text(BOUNDS)
    return path


@pytest.fixture(scope="module")
def challenged(
    indexes: tuple[Path, Path], cases: Path, bounds: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[int, Path]:
    """The exit code and the report folder of the old index against the new one."""
    folder = tmp_path_factory.mktemp("challenge")
    sides = ["--champion", f"index={indexes[0]}", "--challenger", f"index={indexes[1]}", "top_k=5"]
    code = main(["challenge", "--cases", str(cases), "--report", str(folder), "--thresholds", str(bounds), *sides])
    return code, folder


def report_of(folder: Path) -> Any:
    return json.loads((folder / "report.json").read_text())


def plain_run(index: Path, cases: Path, bounds: Path) -> list[str]:
    """The options of an evaluation without a judge."""
    return ["--cases", str(cases), "--index", str(index), "--thresholds", str(bounds), "--no-ragas"]


def test_a_challenger_that_loses_is_named_by_category(challenged: tuple[int, Path]) -> None:
    code, folder = challenged
    report = report_of(folder / "challenger")
    drops = {(d["group"], d["metric"]) for d in report["comparison"]["deltas"] if d["verdict"] == "drop"}
    assert code == 1
    assert {("overall", "number_coverage"), ("cut-off", "number_coverage")} <= drops
    assert not [metric for group, metric in drops if group == "code"]
    assert {change["case_id"][:2] for change in report["comparison"]["changed"]} >= {"q2"}
    assert report["run"]["side"].endswith("top_k=5")


def test_a_configuration_does_not_lose_to_itself(
    indexes: tuple[Path, Path], cases: Path, bounds: Path, tmp_path: Path
) -> None:
    given = ["--cases", str(cases), "--report", str(tmp_path), "--thresholds", str(bounds), "--as-of", "2026-11-23"]
    side = f"index={indexes[0]}"
    assert main(["challenge", *given, "--champion", side, "--challenger", side]) == 0
    comparison = report_of(tmp_path / "challenger")["comparison"]
    assert (comparison["changed"], {d["verdict"] for d in comparison["deltas"] if "seconds" not in d["metric"]}) == (
        [],
        {"same"},
    )


def test_an_unknown_setting_of_a_challenger_is_exit_3(cases: Path, tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["challenge", "--cases", str(cases), "--report", str(tmp_path), "--challenger", "chunks=7"])
    assert stopped.value.code == 3


def test_the_change_log_names_documents_settings_figures_and_cases(
    challenged: tuple[int, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    sides = [str(challenged[1] / side / "report.json") for side in ("champion", "challenger")]
    assert main(["changelog", *sides]) == 0
    text = capsys.readouterr().out
    assert [line for line in text.splitlines() if line.startswith("| changed |") and "us/cutoffs.md" in line]
    assert "| added |" in text
    assert "| setting top_k | 10 | 5 |" in text
    assert "- q2-0: " in text
    assert "| drop |" in text


def test_model_card_and_inventory_are_made_from_facts(challenged: tuple[int, Path], tmp_path: Path) -> None:
    report = challenged[1] / "champion" / "report.json"
    assert main(["card", "--report", str(report), "--out", str(tmp_path)]) == 0
    card, inventory = ((tmp_path / name).read_text() for name in ("model-card.md", "inventory.md"))
    made = report_of(report.parent)["run"]["provenance"]
    assert made["embedder"]["sha256"] in card
    assert "| hit_at_1 | " in card
    assert "Known failures" in card
    assert all(entry["sha256"] in inventory for entry in made["register"].values())
    assert "| top_k | 10 |" in inventory
    assert not [line for line in card.splitlines() if line.startswith("|") and "|  |" in line]


@pytest.mark.parametrize("fact", ["owner", "limits"])
def test_a_card_without_a_fact_of_people_is_refused(
    challenged: tuple[int, Path], tmp_path: Path, fact: str, capsys: pytest.CaptureFixture[str]
) -> None:
    facts = tmp_path / "card.yaml"
    facts.write_text(yaml.safe_dump({**load_people(CARD), fact: ""}))
    report = str(challenged[1] / "champion" / "report.json")
    assert main(["card", "--report", report, "--facts", str(facts), "--out", str(tmp_path / "out")]) == 3
    assert f"{fact} missing" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("fact", ["prompt", "provenance", "figures"])
def test_a_card_without_a_fact_of_the_run_is_refused(
    challenged: tuple[int, Path], tmp_path: Path, fact: str, capsys: pytest.CaptureFixture[str]
) -> None:
    report = report_of(challenged[1] / "champion")
    report["run"].pop(fact, None)
    if fact in report:
        report[fact] = {}
    path = tmp_path / "report.json"
    path.write_text(json.dumps(report))
    assert main(["card", "--report", str(path), "--out", str(tmp_path)]) == 3
    assert main(["changelog", str(path), str(path)]) == 3
    assert "the report lacks" in capsys.readouterr().err


def test_a_card_whose_judge_was_never_calibrated_is_refused(challenged: tuple[int, Path], tmp_path: Path) -> None:
    report = report_of(challenged[1] / "champion")
    report["run"]["judge"] = "some judge"
    path = tmp_path / "report.json"
    path.write_text(json.dumps(report))
    given = ["card", "--report", str(path), "--out", str(tmp_path), "--calibration", str(tmp_path / "calibration.json")]
    assert main(given) == 3
    (tmp_path / "calibration.json").write_text('{"some judge": {"kappa": 0.7, "n": 123, "right": {}}}')
    assert main(given) == 0
    assert "kappa 0.70 over 123" in (tmp_path / "model-card.md").read_text()


def test_a_run_is_logged_where_mlflow_is_named(
    indexes: tuple[Path, Path], cases: Path, bounds: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mlflow = pytest.importorskip("mlflow", reason="MLflow is an optional extra")
    uri = (tmp_path / "runs").as_uri()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    given = plain_run(indexes[0], cases, bounds)
    assert main([*given, "--report", str(tmp_path / "report")]) == 0
    client = mlflow.MlflowClient(tracking_uri=uri)
    [found] = client.search_runs([client.get_experiment_by_name("answer quality").experiment_id])
    report = report_of(tmp_path / "report")
    assert found.data.metrics["hit_at_1"] == report["figures"]["hit_at_1"]["value"]
    assert found.data.metrics["code/hit_at_1"] == report["groups"]["code"]["figures"]["hit_at_1"]["value"]
    assert found.data.params["index"] == report["run"]["index"]
    assert {file.path for file in client.list_artifacts(found.info.run_id)} >= {"report.html", "report.json"}
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    assert main([*given, "--report", str(tmp_path / "report"), "--limit", "1"]) == 2


def test_what_could_not_be_measured_is_no_baseline(
    indexes: tuple[Path, Path], cases: Path, bounds: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(self: Assistant, question: str, **rest: object) -> None:
        raise OSError("the disk is gone")

    monkeypatch.setattr(Assistant, "ask", broken)
    given = [*plain_run(indexes[0], cases, bounds), "--limit", "2"]
    kept = tmp_path / "baseline.json"
    assert main([*given, "--report", str(tmp_path / "report"), "--write-baseline", str(kept)]) == 2
    assert not kept.exists()


def test_a_killed_run_goes_on_and_ends_as_if_it_had_not_been(
    indexes: tuple[Path, Path], cases: Path, bounds: Path, tmp_path: Path
) -> None:
    given = [*plain_run(indexes[0], cases, bounds), "--workers", "1"]
    journal = tmp_path / "cut" / "outcomes.jsonl"
    command = [sys.executable, "-m", "eval", *given, "--report", str(tmp_path / "cut")]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as killed:
        while killed.poll() is None and not (journal.exists() and journal.read_bytes().count(b"\n") >= 3):
            time.sleep(0.001)  # the file is the only sign of life
        os.kill(killed.pid, signal.SIGKILL)
    done = [json.loads(line)["case_id"] for line in journal.read_bytes().split(b"\n")[:-1]]
    assert 3 <= len(done) <= 18
    assert main([*given, "--report", str(tmp_path / "cut"), "--resume"]) == 0
    ids = [json.loads(line)["case_id"] for line in journal.read_text().splitlines()]
    assert (ids[: len(done)], len(ids), len(set(ids))) == (done, 18, 18)
    assert main([*given, "--report", str(tmp_path / "whole")]) == 0
    assert timeless(report_of(tmp_path / "cut")) == timeless(report_of(tmp_path / "whole"))
    outcome = json.loads(journal.read_text().splitlines()[0])
    assert outcome["prompt"]
    assert {"question", "hits", "model", "statements", "timings", "index"} <= set(outcome["answer"])


def timeless(report: Any) -> Any:
    """A report without its clock."""
    figures = {name: f for name, f in report["figures"].items() if not name.startswith("seconds_")}
    cases = [{k: v for k, v in case.items() if k not in ("seconds", "timings")} for case in report["cases"]]
    return figures, cases


def test_two_runs_are_identical_also_in_another_order(
    indexes: tuple[Path, Path], cases: Path, bounds: Path, tmp_path: Path
) -> None:
    backwards = tmp_path / "cases.jsonl"
    backwards.write_text("".join(line + "\n" for line in reversed(cases.read_text().splitlines())))
    found = []
    for number, path in enumerate((cases, backwards)):
        given = ["--cases", str(path), "--index", str(indexes[0]), "--report", str(tmp_path / str(number))]
        assert main([*given, "--thresholds", str(bounds), "--workers", str(number + 1)]) == 0
        found.append(timeless(report_of(tmp_path / str(number))))
    assert found[0] == found[1]
