"""How far RAGAS's metrics without a model agree with ours: the same question must get the same answer."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from eval.summary import Row

PAIRS = (
    ("page_recall_at_10", "ragas_id_context_recall"),
    ("page_ndcg_at_10", "ragas_id_context_precision"),
    ("quote_recall_at_10", "ragas_string_context_recall"),
    ("quote_mrr", "ragas_string_context_precision"),
)
SAME = 0.005


def agreements(rows: Sequence[Row]) -> list[str]:
    """A sentence for each of our metrics and RAGAS's nearest: in how many cases they are equal, and their correlation.

    Recall by page is the same definition on both sides; the others measure alike things differently, so there only the
    order of the cases can agree (Spearman).
    """
    found = []
    for ours, theirs in PAIRS:
        scores = [(row.scores.get(ours), row.scores.get(theirs)) for row in rows]
        both = np.array([(a, b) for a, b in scores if a is not None and b is not None], dtype=np.float64)
        if len(both):
            same = int((np.abs(both[:, 0] - both[:, 1]) < SAME).sum())
            order = rank_correlation(both[:, 0], both[:, 1])
            told = "one of them is constant" if order is None else f"rank correlation {order:.2f}"
            found.append(f"{ours} and {theirs}: equal in {same} of {len(both)} cases, {told}")
    return found


def rank_correlation(left: NDArray[np.float64], right: NDArray[np.float64]) -> float | None:
    """Spearman's correlation with mean ranks for ties; None where either side is constant."""
    ranks = [_ranks(values) for values in (left, right)]
    if any(np.ptp(r) == 0 for r in ranks):
        return None
    return float(np.corrcoef(ranks[0], ranks[1])[0, 1])


def _ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    return ((ends - counts + ends - 1) / 2)[places]
