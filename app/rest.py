"""A question of two parts: what the chosen evidence leaves open may stand in another place."""

from collections.abc import Sequence

from app.question import Question
from app.terms import weigh_terms, words_of
from app.unit import Unit
from ingest.index import Alternatives, Index

OPEN = 0.3  # share of the question's weight that must be left open
CLOSED = 0.5  # share of what is open that a further unit must hold
NEAR = 0.7  # share of the best unit's score that it needs
MOST = 2


def answer_the_rest(question: Question, chosen: Sequence[Unit], ranked: Sequence[Unit], index: Index) -> list[Unit]:
    """Up to two units of other passages that hold words of the question which none of the chosen ones holds."""
    terms = weigh_terms(question, index)
    whole = sum(terms.weights) or 1.0
    # Only what the reader's own hits hold counts: what other documents hold must not be told by what is shown.
    near = words_of("\n".join({unit.hit.chunk_id: unit.hit.with_headings for unit in ranked}.values()))
    added: list[Unit] = []
    while len(added) < MOST:
        have = words_of("\n".join(unit.with_headings for unit in (*chosen, *added)))
        missing = {
            group: weight
            for group, weight in zip(terms.groups, terms.weights, strict=True)
            if have.isdisjoint(group) and not near.isdisjoint(group)
        }
        if sum(missing.values()) < OPEN * whole:
            break
        shown = {unit.hit.chunk_id for unit in (*chosen, *added)}
        fit = [u for u in ranked if u.hit.chunk_id not in shown and u.score >= NEAR * ranked[0].score]
        best = max(fit, key=lambda unit: _closes(unit, missing) + unit.score, default=None)
        if best is None or _closes(best, missing) < CLOSED:
            break
        added.append(best)
    return added


def _closes(unit: Unit, missing: dict[Alternatives, float]) -> float:
    """The share of what is missing that the unit holds."""
    words = words_of(unit.with_headings)
    return sum(weight for group, weight in missing.items() if not words.isdisjoint(group)) / sum(missing.values())
