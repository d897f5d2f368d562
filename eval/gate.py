"""Thresholds from one readable file, and which of them a run breaks. NaN and missing figures never pass."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from eval.metrics import METRICS
from eval.summary import Figures
from ingest.errors import SettingsError

_BOUND = re.compile(r"\s*(>=|<=)\s*(\d+(?:\.\d+)?)( if measured)?\s*")
_FIELDS = {"overall", "categories", "smallest_category"}
EVERY = "*"
THRESHOLDS = Path(__file__).resolve().parent / "thresholds.yaml"


@dataclass(frozen=True, slots=True)
class Bound:
    """`value >= limit` or `value <= limit`; `if_measured` is for what not every case file can measure."""

    sign: str
    limit: float
    if_measured: bool = False

    def allows(self, value: float) -> bool:
        """Whether the value is within; NaN never is."""
        return math.isfinite(value) and (value >= self.limit if self.sign == ">=" else value <= self.limit)

    def __str__(self) -> str:
        return f"{self.sign} {self.limit:g}"


Bounds = dict[str, Bound]


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Bounds over all cases and per category ("*" is every category of at least `smallest_category` cases)."""

    overall: Bounds
    categories: dict[str, Bounds]
    smallest_category: int = 1

    def without(self, prefix: str) -> "Thresholds":
        """These thresholds without the metrics whose names begin so (a judge that may not gate)."""
        categories = {group: _dropped(bounds, prefix) for group, bounds in self.categories.items()}
        return replace(self, overall=_dropped(self.overall, prefix), categories=categories)

    @property
    def metrics(self) -> frozenset[str]:
        """Every metric that some threshold names; drops against a baseline block in these only."""
        return frozenset(name for bounds in (self.overall, *self.categories.values()) for name in bounds)


@dataclass(frozen=True, slots=True)
class Check:
    """One threshold held against one figure; `value` is None where nothing was measured."""

    group: str
    metric: str
    bound: Bound
    value: float | None
    passed: bool

    def __str__(self) -> str:
        value = "not measured" if self.value is None else f"{self.value:.3f}"
        return f"{self.group}: {self.metric} is {value}, must be {self.bound}"


def _dropped(bounds: Bounds, prefix: str) -> Bounds:
    return {name: bound for name, bound in bounds.items() if not name.startswith(prefix)}


def load_thresholds(path: Path) -> Thresholds:
    """Read the file; SettingsError (exit 3) names what is wrong with it."""
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
        if not isinstance(data, Mapping) or set(data) - _FIELDS:
            raise ValueError(f"only {', '.join(sorted(_FIELDS))} are known")
        return Thresholds(
            overall=_bounds(data.get("overall", {})),
            categories={str(group): _bounds(b) for group, b in (data.get("categories") or {}).items()},
            smallest_category=int(data.get("smallest_category", 1)),
        )
    except (OSError, ValueError, TypeError, AttributeError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())
        raise SettingsError(
            f"thresholds in {path}: {reason}", hint="see the comments in eval/thresholds.yaml"
        ) from None


def _bounds(data: Mapping[str, Any]) -> Bounds:
    found: Bounds = {}
    for name, text in (data or {}).items():
        match = _BOUND.fullmatch(str(text))
        if name not in METRICS:
            raise ValueError(f"unknown metric {name}")
        if match is None:
            raise ValueError(f'{name}: "{text}" is not a bound such as ">= 0.8"')
        if (match[1] == ">=") != METRICS[name].higher_is_better:
            raise ValueError(f"{name}: {match[1]} is the wrong way round")
        found[name] = Bound(match[1], float(match[2]), bool(match[3]))
    return found


def check_thresholds(
    thresholds: Thresholds, overall: Figures, groups: Mapping[str, Figures], sizes: Mapping[str, int]
) -> list[Check]:
    """Every threshold with its verdict; a category that has no cases is not checked."""
    checks = _check_all("overall", thresholds.overall, overall)
    for group, figures in groups.items():
        checks += _check_group(thresholds, group, figures, sizes[group])
    return checks


def _check_group(thresholds: Thresholds, group: str, figures: Figures, size: int) -> list[Check]:
    named = thresholds.categories.get(group, {})
    general = thresholds.categories.get(EVERY, {}) if size >= thresholds.smallest_category else {}
    # A general bound is for the metrics that a category has; a named one demands its figure.
    applicable = {name: bound for name, bound in general.items() if name in figures}
    return _check_all(group, applicable | named, figures)


def _check_all(group: str, bounds: Bounds, figures: Figures) -> list[Check]:
    due = {name: bound for name, bound in bounds.items() if name in figures or not bound.if_measured}
    return [_check(group, name, bound, figures) for name, bound in due.items()]


def _check(group: str, name: str, bound: Bound, figures: Figures) -> Check:
    figure = figures.get(name)
    value = figure.value if figure else None
    return Check(group, name, bound, value, value is not None and bound.allows(value))
