"""Ranking metrics of one case's hits: hit@k, MRR, nDCG@10 and recall, at each level of strictness."""

from collections.abc import Sequence
from math import log2

from app.answer import Hit
from eval.cases import Case
from eval.relevance import LEVELS, Level, Passage, Unit, finds, units

CUTS = (1, 3, 5, 10)
DEPTH = 10
BUDGET = 4000  # characters: long passages hit more easily, so systems are also compared at equal text
PREFIX: dict[Level, str] = {"document": "document_", "place": "page_", "quote": "quote_", "any": ""}


def passage_of(hit: Hit) -> Passage:
    """The hit as the relevance rules see it."""
    return Passage(hit.doc, hit.section, hit.page, hit.text)


def score_retrieval(case: Case, hits: Sequence[Hit]) -> dict[str, float | None]:
    """Every retrieval metric of one case; None where the case has no gold for it."""
    passages = [passage_of(hit) for hit in hits[:DEPTH]]
    scores: dict[str, float | None] = {}
    for level in LEVELS:
        wanted = units(case.gold, level) if case.answerable else []
        found = [frozenset(i for i, unit in enumerate(wanted) if finds(p, unit, level)) for p in passages]
        for name, value in rank_scores(found, wanted).items():
            scores[PREFIX[level] + name] = value if wanted else None
    scores["hit_in_4000_chars"] = _hit_in_budget(case, passages)
    return scores


def rank_scores(found: Sequence[frozenset[int]], wanted: Sequence[Unit]) -> dict[str, float]:
    """Metrics from the units found at each rank.

    A hit is any unit, alternative or not. Recall asks for all required units, where an alternative stands in for
    one of them. nDCG gains 1 for each unit the first time it is found, against an ideal of one new unit a rank.
    """
    first = next((rank for rank, units_here in enumerate(found, 1) if units_here), None)
    required = sum(unit.required for unit in wanted)
    scores = {f"hit_at_{k}": float(first is not None and first <= k) for k in CUTS}
    scores["mrr"] = 1 / first if first else 0.0
    scores["ndcg_at_10"] = _ndcg(found, required)
    scores["recall_at_10"] = min(1.0, len(frozenset().union(*found)) / required) if required else 0.0
    return scores


def _ndcg(found: Sequence[frozenset[int]], required: int) -> float:
    seen: set[int] = set()
    gain = 0.0
    for rank, units_here in enumerate(found, 1):
        new = min(len(units_here - seen), required - len(seen))
        gain += max(0, new) / log2(rank + 1)
        seen |= units_here
    ideal = sum(1 / log2(rank + 1) for rank in range(1, min(required, DEPTH) + 1))
    return min(1.0, gain / ideal) if ideal else 0.0


def _hit_in_budget(case: Case, passages: Sequence[Passage]) -> float | None:
    # A passage that is cut at the budget keeps its place only if at least half of it is within.
    wanted = units(case.gold, "any") if case.answerable else []
    if not wanted:
        return None
    left = BUDGET
    for passage in passages:
        cut = Passage(passage.doc, passage.section, passage.page, passage.text[:left])
        level: Level = "any" if 2 * len(cut.text) >= len(passage.text) else "quote"
        if any(finds(cut, unit, level) for unit in wanted):
            return 1.0
        left -= len(cut.text)
        if left <= 0:
            break
    return 0.0
