"""The command line over a real index, ingested and answered by the product, with the word-hash embedder."""

import json
from pathlib import Path
from typing import Any

import pytest
from ingest_folder import run, settings_for, write_corpus

from app.rank import WEIGHTS
from eval.__main__ import main
from eval.bench import only

CASES: list[dict[str, Any]] = [
    {
        "id": "q1",
        "kind": "code",
        "question": "What does a pacs.004 with AC04 mean?",
        "answerable": True,
        "gold": [{"doc": "returns.md", "section": "Closed account", "quote": "AC04 means the account is closed"}],
        "facts": ["the account is closed"],
        "numbers": ["AC04"],
    },
    {
        "id": "q2",
        "kind": "cut-off",
        "question": "What is the Fedwire cut-off?",
        "history": [{"role": "user", "content": "In New York."}],
        "answerable": True,
        "gold": [{"doc": "us/cutoffs.md", "section": "Cut-offs", "quote": "The Fedwire cut-off is 18:15"}],
        "facts": [],
        "numbers": ["18:15"],
        "as_of": "2026-06-01",
    },
    {"id": "q3", "kind": "unanswerable", "question": "Who won the football match?", "answerable": False},
]


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("eval")
    write_corpus(folder / "corpus")
    run(settings_for(folder))
    return folder / "index"


@pytest.fixture
def cases(tmp_path: Path) -> Path:
    path = tmp_path / "cases.jsonl"
    path.write_text("".join(json.dumps(case) + "\n" for case in CASES))
    return path


def bounds(folder: Path, text: str) -> str:
    path = folder / "bounds.yaml"
    path.write_text(text)
    return str(path)


def options(cases: Path, index: Path, folder: Path) -> list[str]:
    return ["--cases", str(cases), "--index", str(index), "--report", str(folder / "report")]


def test_a_run_writes_every_form_of_the_report(
    cases: Path, index: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lenient = bounds(tmp_path, 'overall: {hit_at_5: ">= 1", verbatim_rate: ">= 1"}')
    baseline = tmp_path / "baseline.json"
    given = [*options(cases, index, tmp_path), "--thresholds", lenient]
    assert main([*given, "--write-baseline", str(baseline)]) == 0
    said = capsys.readouterr().out
    assert "hit_at_1" in said
    assert "passed; report in" in said
    written = {path.name for path in (tmp_path / "report").iterdir()}
    assert {"report.json", "report.md", "report.html", "junit.xml", "outcomes.jsonl", "history.jsonl"} <= written
    report = json.loads((tmp_path / "report" / "report.json").read_text())
    assert report["figures"]["ragas_id_context_recall"]["value"] == 1.0
    assert set(report["run"]["documents"]) == {"returns.md", "us/cutoffs.md", "recalls.txt"}
    assert main([*given, "--baseline", str(baseline), "--resume"]) == 0
    again = json.loads((tmp_path / "report" / "report.json").read_text())
    assert again["comparison"]["changed"] == []
    capsys.readouterr()
    assert main(["compare", str(baseline), str(tmp_path / "report" / "report.json")]) == 0
    assert "No metric moved beyond its interval." in capsys.readouterr().out


def test_a_bound_that_is_missed_is_exit_1(cases: Path, index: Path, tmp_path: Path) -> None:
    strict = bounds(tmp_path, 'overall: {seconds_max: "<= 0"}')
    assert main([*options(cases, index, tmp_path), "--thresholds", strict, "--no-ragas"]) == 1


def test_what_cannot_run_is_exit_2(cases: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(options(cases, tmp_path / "no-index", tmp_path)) == 2
    error = capsys.readouterr().err
    assert len(error.strip().splitlines()) == 1


def test_a_judge_that_is_down_is_exit_2(
    cases: Path, index: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    judge = ["--judge", "local", "--judge-url", "http://127.0.0.1:9/v1", "--judge-model", "m", "--judge-timeout", "5"]
    assert main([*options(cases, index, tmp_path), *judge]) == 2
    assert "the judge can't be asked" in capsys.readouterr().err


@pytest.mark.parametrize(
    "wrong",
    [
        ["--cases", "none.jsonl"],
        ["--thresholds", "none.yaml"],
        ["--baseline", "none.json"],
        ["--judge", "bedrock"],
        ["--limit", "0"],
        ["--as-of", "yesterday"],
        ["--unknown"],
    ],
)
def test_a_wrong_option_is_exit_3(
    cases: Path, index: Path, tmp_path: Path, wrong: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        code = main([*options(cases, index, tmp_path), *wrong])
    except SystemExit as stopped:  # argparse leaves by itself
        code = int(str(stopped.code))
    assert code == 3
    assert capsys.readouterr().err


def test_an_unknown_setting_is_exit_3(
    cases: Path, index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("APP_TOPK", "3")
    assert main(options(cases, index, tmp_path)) == 3


def test_lint_finds_what_no_longer_stands(
    cases: Path, index: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ["lint", "--cases", str(cases), "--index", str(index)]
    assert main([*given, "--update-lock"]) == 0
    lock = tmp_path / "cases.lock.json"
    hashes = json.loads(lock.read_text())
    assert set(hashes) == {"returns.md", "us/cutoffs.md"}
    lock.write_text(json.dumps(hashes | {"returns.md": "older"}))
    cases.write_text(
        cases.read_text().replace("AC04 means the account is closed", "AC04 means that the client has moved")
    )
    assert main(given) == 1
    assert "changed since the cases were checked: returns.md" in capsys.readouterr().out


def test_pairs_and_metrics(cases: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["pairs", "--cases", str(cases), "--out", str(tmp_path / "pairs.jsonl")]) == 0
    assert '"label": "supported"' in (tmp_path / "pairs.jsonl").read_text()
    assert main(["metrics"]) == 0
    assert "quote_citation_recall" in capsys.readouterr().out


def test_bench_compares_the_ways_to_search(
    cases: Path, index: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["bench", "--cases", str(cases), "--index", str(index), "--state", str(tmp_path / "state")]) == 0
    said = capsys.readouterr().out
    assert "BM25 only" in said
    assert "peak memory" in said


def test_one_weight_alone_is_that_system() -> None:
    assert only(()) == WEIGHTS
    assert set(only(("dense", "passage"))) <= set(WEIGHTS)
    assert {name for name, weight in only(("dense", "passage")).items() if weight} == {"dense", "passage"}
