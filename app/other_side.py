"""Where two procedures in force give different values for the same thing, an answer shows both."""

from collections.abc import Sequence
from dataclasses import replace
from math import log

from app.unit import Unit
from ingest.conflicts import NEAR, claim_of, disagree, may_disagree
from ingest.index import Index, Scores
from ingest.units import unit_spans

LEADING = 3  # best chosen units with values that another document may contradict
OTHER_SIDE = 0.5  # share of the best unit's score that the contradicting one needs


def show_other_side(chosen: Sequence[Unit], ranked: Sequence[Unit], index: Index) -> tuple[Unit, ...]:
    """The chosen units and, where a unit of another document disagrees with one of the best of them, that one too."""
    leading = sorted((unit for unit in chosen if claim_of(unit.text).values), key=lambda unit: -unit.score)[:LEADING]
    best = ranked[0].score if ranked else 0.0
    for one in leading:
        for other in ranked:
            if not other.hostile and other.score >= OTHER_SIDE * best and _disagree(one, other, index):
                mine, theirs = (index.document_of_chunk(unit.chunk_id).record.doc_id for unit in (one, other))
                marked = [replace(unit, disagrees=theirs) if unit == one else unit for unit in chosen if unit != other]
                at = marked.index(replace(one, disagrees=theirs)) + 1
                return (*marked[:at], replace(other, disagrees=mine), *marked[at:])
    return tuple(chosen)


def _disagree(one: Unit, other: Unit, index: Index) -> bool:
    first, second = (index.document_of_chunk(unit.chunk_id).record for unit in (one, other))
    if not may_disagree(first, second):
        return False
    cosine = float(_vector(one, index) @ _vector(other, index))

    def weight(term: str) -> float:
        return log(1 + len(index) / (1 + index.document_frequency(term)))

    return cosine >= NEAR and bool(disagree(claim_of(one.text), claim_of(other.text), weight, cosine)[0])


def _vector(unit: Unit, index: Index) -> Scores:
    chunk, row = index.chunk(unit.chunk_id), index.row(unit.chunk_id)
    assert chunk is not None and row is not None  # noqa: S101 -- a unit is cut from a chunk of this index
    at = next(number for number, span in enumerate(unit_spans(chunk)) if span.start == unit.start)
    vector: Scores = index.unit_vectors(row)[at]
    return vector
