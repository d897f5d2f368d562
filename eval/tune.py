"""Fit the ranking's weights on cases: `python -m eval tune --cases FILE --index DIR`.

The loss is a listwise softmax: the log of the share of probability that falls on passages with the gold. Weights are
kept at or above zero, so that no feature is used against its meaning. `eval.ablation` says what each is worth.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table
from scipy.optimize import minimize
from scipy.special import logsumexp

from app.library import Library
from app.settings import load_settings
from eval.cases import load_cases
from eval.examples import NAMES, Array, Example, example, mean_reciprocal_rank, sought_by
from eval.options import Parser
from ingest.errors import CaseError

FOLDS = 5
PENALTY = 0.005


def fit(examples: Sequence[Example], without: str = "") -> Array:
    """Weights (features,), none below zero, and none for the feature that is left out."""
    kept = np.array([name != without for name in NAMES])
    teaching = [(one.features[:, kept], one.gold) for one in examples if one.teaches]

    def loss(weights: Array) -> tuple[float, Array]:
        total, slope = 0.0, np.zeros(len(weights))
        for features, gold in teaching:
            scores = features @ weights
            whole, right = logsumexp(scores), logsumexp(scores[gold])
            total += float(whole - right)
            slope += features.T @ np.exp(scores - whole) - features[gold].T @ np.exp(scores[gold] - right)
        n = len(teaching)
        return total / n + PENALTY * float(weights @ weights), slope / n + 2 * PENALTY * weights

    start = np.ones(int(kept.sum()))
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=[(0, None)] * len(start))
    weights = np.zeros(len(NAMES))
    weights[kept] = found.x
    return weights


def cross_validate(examples: Sequence[Example], without: str = "") -> float:
    """MRR on each fifth of the examples with weights fitted on the others."""
    scores = []
    for fold in range(FOLDS):
        train = [one for i, one in enumerate(examples) if i % FOLDS != fold]
        test = [one for i, one in enumerate(examples) if i % FOLDS == fold]
        scores.append((mean_reciprocal_rank(test, fit(train, without)), len(test)))
    return sum(score * count for score, count in scores) / sum(count for _, count in scores)


def tune_command(arguments: Sequence[str]) -> int:
    """`python -m eval tune`: prints the fitted weights and the cross-validated MRR."""
    parser = Parser(prog="python -m eval tune", description="Weights of the ranking, fitted on cases.")
    parser.add_argument("--cases", type=Path, required=True)
    parser.add_argument("--index", type=Path, required=True)
    options = parser.parse_args(arguments)
    retriever = Library(options.index, load_settings().models).current()
    examples = [example(one, retriever, retriever.index) for one in sought_by(load_cases(options.cases))]
    if not any(one.teaches for one in examples):
        raise CaseError(f"no answerable case of {options.cases} has its gold among the candidates")
    table = Table("feature", "fitted weight")
    for name, weight in zip(NAMES, fit(examples), strict=True):
        table.add_row(name, f"{weight:.2f}")
    Console().print(table, f"{len(examples)} cases, MRR {cross_validate(examples):.3f} (five-fold cross-validation)")
    return 0
