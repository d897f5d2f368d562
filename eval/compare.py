"""This run against a baseline: paired bootstrap over the shared cases, and every case that changed."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from eval.metrics import METRICS
from eval.stats import Values, interval, resample
from eval.summary import SET_METRICS

CaseReport = Mapping[str, Any]
FEWEST = 5  # cases; resampling fewer always gives the same mean and would call every change certain
SAME = 1e-6
MATERIAL = 0.005  # a smaller drop is no news: processors round vectors differently, which moves figures by up to .003
NAMED = 20  # reworded cases named in a note; a changed case that is compared is always named
Verdict = Literal["drop", "gain", "same"]


@dataclass(frozen=True, slots=True)
class Delta:
    """Change of one metric over n shared cases; a drop or a gain only where the 95% interval excludes zero.

    Fewer than five cases are never called either, nor is a change smaller than MATERIAL.
    """

    group: str
    metric: str
    before: float
    after: float
    low: float
    high: float
    n: int
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Change:
    """One case that is not as it was, and in what."""

    case_id: str
    what: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Deltas overall and per category, changed cases, and cases that only one side has."""

    deltas: tuple[Delta, ...]
    changed: tuple[Change, ...]
    added: tuple[str, ...]
    removed: tuple[str, ...]
    notes: tuple[str, ...]

    def drops(self, gated: Collection[str]) -> list[Delta]:
        """The drops in metrics that are gated."""
        return [d for d in self.deltas if d.verdict == "drop" and d.metric in gated]


def compare_reports(before: Mapping[str, Any], after: Mapping[str, Any]) -> Comparison:
    """Compare two runs as `eval.baseline` reads them; a case whose text changed is another case.

    Scores count as equal to six digits, which is what a baseline keeps.
    """
    old, new = _by_id(before), _by_id(after)
    shared = sorted(i for i in set(old) & set(new) if old[i]["digest"] == new[i]["digest"])
    reworded = sorted((set(old) & set(new)) - set(shared))
    skip, notes = _incomparable(before["run"], after["run"])
    skip |= set(METRICS) - (set(before["metrics"]) & set(after["metrics"]))
    skip -= set(SET_METRICS)  # counted from the flags of the cases
    if reworded:
        more = f" and {len(reworded) - NAMED} more" if len(reworded) > NAMED else ""
        notes.append(f"the case itself changed, so it is not compared: {', '.join(reworded[:NAMED])}{more}")
    groups = {"overall": shared}
    for case_id in shared:
        groups.setdefault(new[case_id]["group"], []).append(case_id)
    deltas = [
        delta
        for group, ids in groups.items()
        for delta in _deltas(group, [old[i] for i in ids], [new[i] for i in ids], skip)
    ]
    changes = [Change(i, what) for i in shared if (what := _what_changed(old[i], new[i], skip))]
    return Comparison(
        tuple(deltas),
        tuple(changes),
        tuple(sorted(set(new) - set(old))),
        tuple(sorted(set(old) - set(new))),
        tuple(notes),
    )


def _by_id(report: Mapping[str, Any]) -> dict[str, CaseReport]:
    return {case["id"]: case for case in report["cases"]}


def _incomparable(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[set[str], list[str]]:
    # Scores of different judges are different measures.
    judged = {name for name in METRICS if name.startswith("judge_")}
    if before.get("judge") == after.get("judge"):
        return set(), []
    return judged, [f"judged metrics are not compared: judge {before.get('judge')} then, {after.get('judge')} now"]


def _deltas(group: str, old: Sequence[CaseReport], new: Sequence[CaseReport], skip: set[str]) -> list[Delta]:
    found = []
    for name in (name for name in METRICS if name not in skip):
        pairs = [(a["scores"].get(name), b["scores"].get(name)) for a, b in zip(old, new, strict=True)]
        both = [(a, b) for a, b in pairs if a is not None and b is not None]
        if both:
            data = np.asarray(both, dtype=np.float64)
            means = data[resample(len(both))].mean(axis=1)
            found.append(_delta(group, name, data.mean(axis=0), means[:, 1] - means[:, 0], len(both)))
        elif name in SET_METRICS and old:
            found += _set_delta(group, name, old, new)
    return found


def _set_delta(group: str, name: str, old: Sequence[CaseReport], new: Sequence[CaseReport]) -> list[Delta]:
    answerable = np.array([case["answerable"] for case in new])
    was, now = (np.array([case["abstained"] for case in cases]) for cases in (old, new))
    metric, draws = SET_METRICS[name], resample(len(new))
    values = np.array([float(metric(was, answerable)), float(metric(now, answerable))])
    if not np.isfinite(values).all():
        return []
    change = metric(now[draws], answerable[draws]) - metric(was[draws], answerable[draws])
    return [_delta(group, name, values, change, len(new))]


def _delta(group: str, name: str, means: Values, draws: Values, n: int) -> Delta:
    low, high = interval(draws)
    better = METRICS[name].higher_is_better
    verdict: Verdict = "same"
    if n < FEWEST or abs(float(means[1] - means[0])) < MATERIAL:
        pass
    elif high < 0:
        verdict = "drop" if better else "gain"
    elif low > 0:
        verdict = "gain" if better else "drop"
    return Delta(group, name, float(means[0]), float(means[1]), low, high, n, verdict)


def _what_changed(old: CaseReport, new: CaseReport, skip: set[str]) -> tuple[str, ...]:
    what = [
        f"{name} {_show(a)} -> {_show(b)}"
        for name in METRICS
        if name not in skip and _differ(a := old["scores"].get(name), b := new["scores"].get(name))
    ]
    for field in ("abstained", "answer_hash", "cited", "retrieved"):
        if old[field] != new[field]:
            what.append({"answer_hash": "answer text"}.get(field, field))
    return tuple(what)


def _differ(a: float | None, b: float | None) -> bool:
    return (a is None) != (b is None) or (a is not None and b is not None and abs(a - b) > SAME)


def _show(value: float | None) -> str:
    return "none" if value is None else f"{value:.3g}"
