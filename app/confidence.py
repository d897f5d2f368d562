"""How sure it is that the passage which comes first answers the question."""

from math import exp

from app.evidence import Selection

BY_SCORE, BY_LEAD, SHIFT = 5.1, 12.1, -3.7
RIVALS = 5  # hits whose best units the first one is measured against
LIKELY = 0.5  # from here the first passage is more often right than wrong


def confidence(selection: Selection) -> float:
    """The chance, 0 to 1, that the best unit answers: by its score and its lead over the best of each other hit.

    Calibrated on the golden cases (Platt, 1999), those included that nothing answers; `eval` prints the Brier score
    and the reliability table.
    """
    best_of: dict[str, float] = {}
    for unit in selection.ranked:
        best_of.setdefault(unit.hit.chunk_id, unit.score)
    best = list(best_of.values())[:RIVALS]
    lead = best[0] - sum(best) / len(best)
    return 1 / (1 + exp(-(BY_SCORE * best[0] + BY_LEAD * lead + SHIFT)))
