"""How sure it is that the procedures answer the question, and that the passage which comes first does.

Both are logistic regressions on a few signs (Platt, 1999), fitted on the golden cases and on questions about documents
of other authors, those included that nothing answers; `eval` prints the Brier score and the reliability table. Where a
reader has read the best passages (`app.reading`), what it says tells most; without one there are the scores alone.
"""

from dataclasses import dataclass
from math import exp

from app.evidence import Selection
from app.question import Question
from app.values import has_value

RIVALS = 5  # hits whose best units the first one is measured against
LIKELY = 0.5  # from here the first passage is more often right than wrong
GROUNDLESS = 0.5  # below it nothing is answered: of ten such refusals eight were right
BEST_READ = 5  # units by which a reader tells whether anything answers


@dataclass(frozen=True, slots=True)
class Signs:
    """What tells a passage that answers: the lead of the best unit over the best of the other hits, the score of the
    best hit, and its cosine with the question."""

    lead: float
    score: float
    similarity: float


def read_signs(selection: Selection) -> Signs | None:
    """The signs of a selection; None where too few hits compete to tell (scores are relative to each other)."""
    best_of: dict[str, float] = {}
    for unit in selection.ranked:
        best_of.setdefault(unit.hit.chunk_id, unit.score)
    best = list(best_of.values())[:RIVALS]
    if len(best) < RIVALS:
        return None
    return Signs(best[0] - sum(best) / len(best), max(hit.score for hit in selection.hits), selection.similarity)


def confidence(selection: Selection) -> float | None:
    """The chance, 0 to 1, that the best unit answers; None in a library too small to tell."""
    signs = read_signs(selection)
    if signs is None:
        return None
    if selection.was_read:
        return _logistic(10.0 * signs.lead + 4.5 * selection.ranked[0].read - 2.6)
    return _logistic(21.6 * signs.lead + 5.4 * signs.score + 3.2 * signs.similarity - 6.8)


def unlikely(chance: float | None) -> bool:
    """Whether a passage with this confidence is more often wrong than right; not where nothing can be told."""
    return chance is not None and chance < LIKELY


def grounds(question: Question, selection: Selection) -> float:
    """The chance, 0 to 1, that the procedures answer at all; 1 where nothing was read in a library too small to tell.

    Who asks for a value is answered less often: many passages are near it, and the value itself stands in one.
    """
    asks_value = has_value(question.wants) and question.wants != "person"
    if selection.was_read:
        read = sorted((unit.read for unit in selection.ranked if not unit.hostile), reverse=True)[:BEST_READ]
        return _logistic(5.5 * read[0] + 6.8 * sum(read) / len(read) - 0.4 * asks_value - 2.1) if read else 0.0
    signs = read_signs(selection)
    if signs is None:
        return 1.0
    return _logistic(7.5 * signs.lead + 9.1 * signs.score + 5.4 * signs.similarity - 1.9 * asks_value - 7.3)


def _logistic(value: float) -> float:
    return 1 / (1 + exp(-value))
