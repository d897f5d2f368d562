"""Fit the ranking's weights on cases, and say what each feature is worth on cases the fit has not seen.

    python -m eval tune --cases FILE --index DIR [--check FILE --check-index DIR]

The loss is a listwise softmax: the log of the share of probability that falls on passages with the gold. Weights are
kept at or above zero, so that no feature is used against its meaning. Figures come from five-fold cross-validation.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from scipy.optimize import minimize
from scipy.special import logsumexp

from app.access import Reader
from app.library import Library
from app.question import read_question
from app.rank import WEIGHTS, features_of
from app.retrieve import Filters, Retriever
from app.settings import load_settings
from eval.cases import Case, load_cases
from eval.relevance import Passage, finds, units
from ingest.errors import CaseError

Array = NDArray[np.float64]
NAMES = tuple(WEIGHTS)
FOLDS = 5
PENALTY = 0.005


@dataclass(frozen=True, slots=True)
class Example:
    """One answerable case: features of its candidates (rows, features) and which of them hold the gold (rows,)."""

    features: Array
    gold: NDArray[np.bool_]


def examples_of(cases: Sequence[Case], retriever: Retriever) -> list[Example]:
    """The candidates of every answerable case whose gold is among them."""
    found = [_example(case, retriever) for case in cases if case.answerable and case.gold]
    return [example for example in found if example.gold.any() and not example.gold.all()]


def _example(case: Case, retriever: Retriever) -> Example:
    question = read_question(case.question, case.history)
    filters = Filters(case.as_of or date.today(), case.rails, case.regions)
    reader = Reader("tune", frozenset(case.readers or ()))
    vector, candidates = retriever.candidates(question, filters, reader)
    found = features_of(question, vector, retriever.index, candidates)
    wanted = units(case.gold, "any")
    gold = []
    for row, chunk in zip(found.rows, found.chunks, strict=True):
        file = retriever.index.documents[int(retriever.index.document_of[row])].record.file
        passage = Passage(file, " > ".join(chunk.heading_path), chunk.page, chunk.text)
        gold.append(any(finds(passage, unit, "any") for unit in wanted))
    matrix = np.stack([found.features[name] for name in NAMES], axis=1).astype(np.float64)
    return Example(matrix, np.array(gold, dtype=bool))


def fit(examples: Sequence[Example], columns: Sequence[int]) -> Array:
    """Weights of the given columns, none below zero."""

    def loss(weights: Array) -> tuple[float, Array]:
        total, slope = 0.0, np.zeros(len(columns))
        for example in examples:
            x = example.features[:, columns]
            scores = x @ weights
            total += float(logsumexp(scores) - logsumexp(scores[example.gold]))
            slope += x.T @ np.exp(scores - logsumexp(scores))
            slope -= x[example.gold].T @ np.exp(scores[example.gold] - logsumexp(scores[example.gold]))
        n = len(examples)
        return total / n + PENALTY * float(weights @ weights), slope / n + 2 * PENALTY * weights

    start = np.ones(len(columns))
    result = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=[(0, None)] * len(columns))
    return np.asarray(result.x)


def mean_reciprocal_rank(examples: Sequence[Example], weights: Array, columns: Sequence[int]) -> float:
    """Of the first passage with the gold."""
    ranks = []
    for example in examples:
        order = np.argsort(-(example.features[:, columns] @ weights), kind="stable")
        ranks.append(1 / (1 + int(np.argmax(example.gold[order]))))
    return float(np.mean(ranks)) if ranks else 0.0


def cross_validate(examples: Sequence[Example], columns: Sequence[int]) -> float:
    """MRR on each fifth of the examples with weights fitted on the others."""
    scores = []
    for fold in range(FOLDS):
        train = [example for i, example in enumerate(examples) if i % FOLDS != fold]
        test = [example for i, example in enumerate(examples) if i % FOLDS == fold]
        scores.append((mean_reciprocal_rank(test, fit(train, columns), columns), len(test)))
    return sum(score * count for score, count in scores) / sum(count for _, count in scores)


@dataclass(frozen=True, slots=True)
class Ablation:
    """MRR without one feature: by cross-validation, and on other documents where they were given."""

    left_out: str
    cross_validated: float
    elsewhere: float | None


def ablate(examples: Sequence[Example], elsewhere: Sequence[Example]) -> list[Ablation]:
    """All features first, then each left out in turn."""
    rows = []
    for left_out in ("", *NAMES):
        columns = [i for i, name in enumerate(NAMES) if name != left_out]
        weights = fit(examples, columns)
        other = mean_reciprocal_rank(elsewhere, weights, columns) if elsewhere else None
        rows.append(Ablation(left_out, cross_validate(examples, columns), other))
    return rows


def tune_command(arguments: Sequence[str]) -> int:
    """`python -m eval tune`: prints the ablation and the fitted weights."""
    parser = argparse.ArgumentParser(prog="python -m eval tune")
    parser.add_argument("--cases", type=Path, required=True)
    parser.add_argument("--index", type=Path, required=True)
    parser.add_argument("--check", type=Path, help="cases over other documents, never fitted on")
    parser.add_argument("--check-index", type=Path)
    options = parser.parse_args(arguments)
    models = load_settings().models
    examples = examples_of(load_cases(options.cases), Library(options.index, models).current())
    if not examples:
        raise CaseError(f"no answerable case of {options.cases} has its gold among the candidates")
    elsewhere = (
        examples_of(load_cases(options.check), Library(options.check_index, models).current())
        if options.check and options.check_index
        else []
    )
    table = Table("left out", "MRR, cross-validated", "MRR elsewhere", "fitted weight")
    weights = dict(zip(NAMES, fit(examples, range(len(NAMES))), strict=True))
    for row in ablate(examples, elsewhere):
        other = "" if row.elsewhere is None else f"{row.elsewhere:.3f}"
        weight = f"{weights[row.left_out]:.2f}" if row.left_out else ""
        table.add_row(row.left_out or "nothing", f"{row.cross_validated:.3f}", other, weight)
    Console().print(f"{len(examples)} cases, {len(elsewhere)} elsewhere", table)
    return 0
