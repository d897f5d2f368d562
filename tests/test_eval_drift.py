"""Drift over the answer ledger: what really moved is named, chance is not."""

import json
import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.ledger import Ledger
from eval.__main__ import main
from eval.drift import (
    LIMITS,
    Measure,
    Seen,
    largest_gap,
    load_limits,
    measure_drift,
    seen_in,
    split_periods,
    stability_index,
)
from ingest.errors import SettingsError

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
DOCUMENTS = ("SOP-A", "SOP-B", "SOP-C")
Change = Callable[[dict[str, Any], random.Random], None]


def entry(draw: random.Random) -> dict[str, Any]:
    hit = {"doc_id": draw.choice(DOCUMENTS), "score": draw.uniform(0.5, 0.9)}
    timings = {"retrieve": draw.uniform(0.1, 0.2), "total": draw.uniform(0.2, 0.4)}
    answer = {"abstained": draw.random() < 0.1, "hits": [hit], "timings": timings, "statements": [], "text": "so"}
    return {"question": "what now?", "reader": "anna", "answer": answer, "down": draw.random() < 0.2}


def weeks(change: Change = lambda entry, draw: None, each_day: int = 12) -> Iterator[tuple[datetime, dict[str, Any]]]:
    """Five weeks of answers; `change` alters those of the last seven days."""
    draw = random.Random(3)  # noqa: S311  # seeded, no secret
    for day in range(35, 0, -1):
        for number in range(each_day):
            made = entry(draw)
            if day <= 7:
                change(made, draw)
            yield NOON - timedelta(days=day - 1, minutes=number + 1), made


def measures_of(change: Change = lambda entry, draw: None, each_day: int = 12, fewest: int = 20) -> list[Measure]:
    seen = []
    for number, (at, made) in enumerate(weeks(change, each_day)):
        said = [{"thumb": "down" if made["down"] else "up"}] if number % 3 == 0 else []
        seen.append(seen_in({**made, "at": at.isoformat()}, said))
    before, now = split_periods(seen, 7, 28, NOON)
    assert (len(before), len(now)) == (28 * each_day, 7 * each_day)
    return measure_drift(before, now, load_limits(LIMITS)[0], fewest)


def names(measures: list[Measure], status: str = "shifted") -> list[str]:
    return [measure.name for measure in measures if measure.status == status]


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger in which the last week's answers come from a new document."""
    folder = tmp_path_factory.mktemp("state")
    clock = [NOON]
    ledger = Ledger(folder, now=lambda: clock[0])
    for clock[0], made in weeks(elsewhere, each_day=5):
        down = made.pop("down")
        answer_id = ledger.append(made)
        if down:
            ledger.add_feedback(answer_id, thumb="down")
    return folder


def drift(state: Path, folder: Path, *options: str) -> tuple[int, dict[str, Any]]:
    code = main(["drift", "--state", str(state), "--report", str(folder), "--until", "2026-11-20", *options])
    path = folder / "drift.json"
    return code, json.loads(path.read_text()) if path.exists() else {}


def test_the_report_names_what_shifted_in_the_ledger(state: Path, tmp_path: Path) -> None:
    code, report = drift(state, tmp_path)
    assert (code, report["shifted"]) == (1, ["question_mix"])
    assert (report["before"], report["now"]) == (28 * 5, 7 * 5)
    page = (tmp_path / "drift.html").read_text()
    assert "Something shifted" in page
    assert "&lt;SOP-NEW&gt;" in page
    assert "<SOP-NEW>" not in page


def test_a_week_like_the_weeks_before_is_steady(state: Path, tmp_path: Path) -> None:
    code, report = drift(state, tmp_path, "--until", "2026-11-12", "--before", "14")
    assert (code, report["shifted"]) == (0, [])
    assert "Steady" in (tmp_path / "drift.html").read_text()


def slower(made: dict[str, Any], draw: random.Random) -> None:
    made["answer"]["timings"]["total"] *= 4


def silent(made: dict[str, Any], draw: random.Random) -> None:
    made["answer"]["abstained"] = draw.random() < 0.5


def elsewhere(made: dict[str, Any], draw: random.Random) -> None:
    made["answer"]["hits"][0]["doc_id"] = "<SOP-NEW>"


def farther(made: dict[str, Any], draw: random.Random) -> None:
    made["answer"]["hits"][0]["score"] -= 0.2


def disliked(made: dict[str, Any], draw: random.Random) -> None:
    made["down"] = draw.random() < 0.8


@pytest.mark.parametrize(
    ("change", "shifted"),
    [
        (lambda made, draw: None, []),
        (slower, ["seconds_median", "seconds_p95"]),
        (silent, ["abstention_rate"]),
        (elsewhere, ["question_mix"]),
        (farther, ["retrieval_score"]),
        (disliked, ["thumbs_down_rate"]),
    ],
)
def test_what_moved_is_named(change: Change, shifted: list[str]) -> None:
    assert names(measures_of(change)) == shifted


def test_a_handful_of_answers_proves_no_drift() -> None:
    assert len(names(measures_of(slower, each_day=2), "too few")) == 6


def test_chance_within_a_wide_change_is_no_shift() -> None:
    limits, _ = load_limits(LIMITS)
    draw = np.random.default_rng(1)
    periods = [[Seen(NOON, "A", None, bool(x), 1.0) for x in draw.random(30) < 0.3] for _ in range(20)]
    shifted = [m.name for a, b in pairwise(periods) for m in measure_drift(a, b, limits, 30) if m.status == "shifted"]
    assert len(shifted) <= 2


def test_no_ledger_and_an_empty_period_could_not_run(state: Path, tmp_path: Path) -> None:
    assert drift(tmp_path / "none", tmp_path / "out")[0] == 2
    assert drift(state, tmp_path / "out", "--before", "1", "--days", "400")[0] == 2


def test_distances_by_hand() -> None:
    same = np.array([0.0, 1.0] * 50)
    assert stability_index(same, same, 2) == 0
    assert stability_index(same, np.zeros(100), 2) > 1
    assert largest_gap(np.arange(10.0), np.arange(10.0)) == 0
    assert largest_gap(np.zeros(5), np.ones(5)) == 1


def test_wrong_limits_are_a_configuration_error(tmp_path: Path) -> None:
    path = tmp_path / "drift.yaml"
    path.write_text("fewest: 3\nlimits: {abstention: 0.1}\n")
    with pytest.raises(SettingsError, match="limits must name"):
        load_limits(path)
