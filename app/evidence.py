"""Hits -> the sentences, steps and table rows that answer, each a verbatim span of its chunk."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from app.follow import follow
from app.likeness import QuestionVectors, late_interaction
from app.other_side import show_other_side
from app.question import Question
from app.rank_units import rank_units, section_steps
from app.reading import PassageReader
from app.rest import answer_the_rest
from app.retrieve import Hit
from app.unit import Unit
from app.values import conflict, systems
from ingest.index import Index

READ_HITS = 10  # hits whose units compete
CLOSEST = 6  # of them, those by which is told how close the library comes to the question
MAX_UNITS = 8
MAX_PASSAGE = 10  # units of one passage that describes what to do without numbering the steps
NEAR = 0.65  # share of the best unit's score that a unit of the same passage needs
NEAR_ROW = 0.85  # or a row of the same table
FAR = 0.8  # and one of another passage
MAX_STEPS = 14
SHORTEST = 4  # words; a stamp or an exclamation says nothing by itself


@dataclass(frozen=True, slots=True)
class Selection:
    """The units chosen for an answer in reading order, and all that competed, best first.

    `hits` are those found, ordered by their best unit. `similarity` is the best cosine of question and passage,
    `likeness` the best mean cosine word by word, over the closest of them; `was_read` whether a reader has read the
    passages of the best units.
    """

    chosen: tuple[Unit, ...]
    ranked: tuple[Unit, ...]
    hits: tuple[Hit, ...] = ()
    similarity: float = 0.0
    likeness: float = 0.0
    was_read: bool = False

    @property
    def closest(self) -> tuple[Hit, ...]:
        """The hits by which is told whether the question is answered at all."""
        return self.hits[:CLOSEST]


def select_evidence(
    question: Question,
    hits: Sequence[Hit],
    index: Index,
    vector: QuestionVectors,
    reader: PassageReader | None = None,
) -> Selection:
    """Rank the units of the best hits and choose those that answer; `vector` is the question's."""
    ranked = rank_units(question, hits[:READ_HITS], index, vector, reader)
    if not ranked:
        return Selection((), (), tuple(hits))
    chosen = show_other_side(_choose(question, ranked, index, vector), ranked, index)
    selection = Selection(chosen, tuple(ranked), _by_best_unit(hits, ranked))
    rows = np.array([index.row(hit.chunk_id) for hit in selection.closest], dtype=np.int64)
    likeness = float(late_interaction(vector, index, rows).max())
    similarity = max(hit.similarity for hit in selection.closest)
    return replace(selection, similarity=similarity, likeness=likeness, was_read=reader is not None)


def _by_best_unit(hits: Sequence[Hit], ranked: Sequence[Unit]) -> tuple[Hit, ...]:
    """The sentence that answers tells more of a passage than the passage as a whole."""
    return tuple(dict.fromkeys([*(unit.hit for unit in ranked if not unit.hostile), *hits]))


def _choose(question: Question, ranked: Sequence[Unit], index: Index, vector: QuestionVectors) -> tuple[Unit, ...]:
    fair = [unit for unit in ranked if not unit.hostile and (unit.kind == "row" or len(unit.text.split()) >= SHORTEST)]
    usable = [u for u in fair if not conflict(question.text, [u.text, u.hit.section, u.hit.title])]
    if not usable:
        return ()
    best = usable[0]
    followed = follow(best, [unit.hit for unit in usable], question, index, vector)
    if best.kind == "step" and followed:
        return (best, *followed)
    room = MAX_PASSAGE if question.wants == "steps" else MAX_UNITS
    usable = [best, *(unit for unit in usable[1:] if not _of_another_system(question, unit))]
    near = [u for u in usable if u.hit == best.hit and u.score >= _share(u, NEAR) * best.score][:room]
    near += _other_steps(best, near, usable, index)
    far = [u for u in usable if u.hit != best.hit and u.score >= FAR * best.score][: room - len(near)]
    chosen = [*near, *far]
    chosen = [*chosen, *answer_the_rest(question, chosen, usable, index)]
    # The best comes first, but for a step: it keeps its place in the procedure.
    led = () if sum(unit.kind == "step" for unit in near) > 1 and best.kind == "step" else (best, *followed)
    return (*led, *_in_reading_order([unit for unit in chosen if not _among(unit, led)], best.hit, index))


def _of_another_system(question: Question, unit: Unit) -> bool:
    """Whether the unit is a table row about payment systems, by its first cell, but none of those asked about."""
    asked, named = systems(question.text), systems(unit.text.partition(" | ")[0])
    return unit.kind == "row" and bool(asked and named) and asked.isdisjoint(named)


def _among(unit: Unit, units: Sequence[Unit]) -> bool:
    return unit.span in {other.span for other in units}


def _share(unit: Unit, share: float) -> float:
    # The sentences of a paragraph belong together; each row of a table is a matter of its own.
    return max(share, NEAR_ROW) if unit.kind == "row" else share


def _other_steps(best: Unit, near: Sequence[Unit], usable: Sequence[Unit], index: Index) -> list[Unit]:
    """The other steps of the best step's procedure, where half of it answers: then it is to be followed whole."""
    steps = section_steps(best, index) if best.kind == "step" else []
    others = [step for step in steps if not _among(step, near)]
    if len(steps) > MAX_STEPS or 2 * len(others) > len(steps):
        return []
    known = {unit.span: unit for unit in usable}
    return [known.get(step.span, step) for step in others]


def _in_reading_order(chosen: Sequence[Unit], first: Hit, index: Index) -> tuple[Unit, ...]:
    """The `first` hit, then the others by rank; the units of one hit as they stand in its document."""
    hits = list(dict.fromkeys([first.chunk_id, *(unit.hit.chunk_id for unit in chosen)]))

    def place(unit: Unit) -> tuple[int, int, int]:
        # A long procedure goes on beyond the passages that the hit shows, so its place is that in the index.
        return hits.index(unit.hit.chunk_id), index.row(unit.chunk_id) or 0, unit.start

    return tuple(sorted(chosen, key=place))
