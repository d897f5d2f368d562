"""The gate: readable bounds, wrong files refused, and NaN or nothing never a pass."""

import math
from pathlib import Path

import pytest

from eval.gate import Bound, check_thresholds, load_thresholds
from eval.metrics import METRICS
from eval.report import judge_run
from eval.summary import Figure, Figures
from ingest.errors import SettingsError


def thresholds(folder: Path, text: str) -> Path:
    path = folder / "thresholds.yaml"
    path.write_text(text)
    return path


def figure(value: float) -> Figure:
    return Figure(value, 10, value, value)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_nan_is_within_no_bound(value: float) -> None:
    assert not Bound(">=", 0.0).allows(value)
    assert not Bound("<=", 1.0).allows(value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('overall: {hit_at_6: ">= 0.5"}', "unknown metric hit_at_6"),
        ("overall: {mrr: 0.5}", "is not a bound"),
        ('overall: {mrr: "<= 0.5"}', "wrong way round"),
        ('overal: {mrr: ">= 0.5"}', "only categories, overall, smallest_category are known"),
        ("overall: [", "while parsing"),
        ('overall: {mrr: "> 0.5"}', "is not a bound"),
    ],
)
def test_a_wrong_file_is_a_configuration_error(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(SettingsError) as error:
        load_thresholds(thresholds(tmp_path, text))
    assert message in str(error.value)
    assert error.value.exit_code == 3


def test_a_missing_file_is_a_configuration_error(tmp_path: Path) -> None:
    with pytest.raises(SettingsError):
        load_thresholds(tmp_path / "none.yaml")


def test_an_overall_metric_that_was_not_measured_fails(tmp_path: Path) -> None:
    loaded = load_thresholds(thresholds(tmp_path, 'overall: {mrr: ">= 0.5", number_coverage: ">= 0"}'))
    checks = check_thresholds(loaded, {"mrr": figure(0.5)}, {}, {})
    assert [(check.metric, check.passed) for check in checks] == [("mrr", True), ("number_coverage", False)]
    assert str(checks[1]) == "overall: number_coverage is not measured, must be >= 0"


def test_what_not_every_file_can_measure_is_checked_if_measured(tmp_path: Path) -> None:
    loaded = load_thresholds(thresholds(tmp_path, 'overall: {entitlement_leak: "<= 0 if measured"}'))
    assert check_thresholds(loaded, {}, {}, {}) == []
    assert [check.passed for check in check_thresholds(loaded, {"entitlement_leak": figure(0.1)}, {}, {})] == [False]


def test_categories_have_their_own_bounds(tmp_path: Path) -> None:
    text = """
smallest_category: 5
categories:
  "*": {mrr: ">= 0.6", number_coverage: ">= 0.5"}
  codes: {mrr: ">= 0.9", fact_coverage: ">= 0.1"}
  absent: {mrr: ">= 1"}
"""
    groups: dict[str, Figures] = {name: {"mrr": figure(0.7)} for name in ("codes", "steps", "small")}
    checks = check_thresholds(
        load_thresholds(thresholds(tmp_path, text)), {}, groups, {"codes": 9, "steps": 5, "small": 4}
    )
    assert {(c.group, c.metric, str(c.bound), c.passed) for c in checks} == {
        ("codes", "mrr", ">= 0.9", False),
        ("codes", "fact_coverage", ">= 0.1", False),  # named, but not measured
        ("steps", "mrr", ">= 0.6", True),
    }


def test_the_shipped_thresholds_are_readable() -> None:
    shipped = load_thresholds(Path(__file__).parent.parent / "eval" / "thresholds.yaml")
    assert {"hit_at_5", "citation_precision", "abstention_f1", "superseded_as_current"} <= set(shipped.overall)
    assert shipped.metrics <= set(METRICS)


def test_what_could_not_run_outweighs_what_is_bad() -> None:
    verdict = judge_run([], [], ["overall: mrr dropped"], ["the judge is dead"])
    assert (verdict.code, verdict.reasons) == (2, ("the judge is dead",))
    assert judge_run([], [], ["overall: mrr dropped"], []).code == 1
    assert judge_run([], [], [], []).code == 0
