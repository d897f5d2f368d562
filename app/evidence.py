"""Hits -> the sentences, steps and table rows that answer, each a verbatim span of its chunk."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from app.hostile import gives_orders, imitates_citation
from app.likeness import QuestionVectors, late_interaction
from app.other_side import show_other_side
from app.question import Question
from app.rank import DEMOTED, defines, is_apparatus
from app.rest import answer_the_rest
from app.retrieve import Hit
from app.terms import weigh_terms, words_of
from app.unit import Unit
from app.values import conflict, has_value, shows
from ingest.chunk import Chunk
from ingest.index import Alternatives, Index, Scores
from ingest.lexical import analyse
from ingest.units import unit_spans, unit_texts

READ_HITS = 6  # passages whose units compete
MAX_UNITS = 8
MAX_PASSAGE = 10  # units of one passage that describes what to do without numbering the steps
NEAR = 0.55  # share of the best unit's score that a unit of the same passage needs
NEAR_ROW = 0.8  # or a row of the same table
FAR = 0.9  # and one of another passage
MAX_STEPS = 14
SHORTEST = 4  # words; a stamp or an exclamation says nothing by itself

WEIGHTS: Mapping[str, float] = {
    "words": 3.0,
    "coverage": 3.5,
    "meaning": 3.0,
    "hit": 1.2,
    "first": 1.4,
    "best_passage": 0.5,
    "value": 2.0,
    "names": 1.0,
    "defines": 1.0,
    "row": 0.0,
    "step": 0.5,
    "length": 0.7,
}


@dataclass(frozen=True, slots=True)
class Selection:
    """The units chosen for an answer in reading order, and all that competed, best first.

    `similarity` is the best cosine of question and passage, `likeness` the best mean cosine word by word.
    """

    chosen: tuple[Unit, ...]
    ranked: tuple[Unit, ...]
    similarity: float = 0.0
    likeness: float = 0.0


def select_evidence(question: Question, hits: Sequence[Hit], index: Index, vector: QuestionVectors) -> Selection:
    """Rank the units of the best hits and choose those that answer; `vector` is the question's."""
    ranked = _ranked(question, hits[:READ_HITS], index, vector)
    if not ranked:
        return Selection((), ())
    rows = np.array([index.row(hit.chunk_id) for hit in hits[:READ_HITS]], dtype=np.int64)
    likeness = float(late_interaction(vector, index, rows).max())
    similarity = max(hit.similarity for hit in hits[:READ_HITS])
    chosen = show_other_side(_choose(question, ranked, index), ranked, index)
    return Selection(chosen, tuple(ranked), similarity, likeness)


def hit_units(hit: Hit, index: Index) -> list[Unit]:
    """The sentences, steps, list items and table rows of all passages of a hit."""
    chunks = (index.chunk(chunk_id) for chunk_id in hit.chunk_ids)
    return [unit for chunk in chunks if chunk for unit in _chunk_units(hit, chunk)]


def _chunk_units(hit: Hit, chunk: Chunk) -> list[Unit]:
    heading = chunk.heading_path[-1] if chunk.heading_path else hit.title
    hostile = [part for part in chunk.parts if gives_orders(chunk.text[part.start : part.end])]
    return [
        Unit(
            hit,
            chunk.id,
            span.kind,
            span.start,
            span.end,
            chunk.text[span.start : span.end],
            heading,
            hostile=any(part.start <= span.start < part.end for part in hostile)
            or imitates_citation(chunk.text[span.start : span.end]),
        )
        for span in unit_spans(chunk)
    ]


def unit_features(
    question: Question, hits: Sequence[Hit], index: Index, vector: QuestionVectors
) -> tuple[list[Unit], dict[str, Scores]]:
    """The units of the hits, and each feature of them (units,), from 0 to 1."""
    terms = weigh_terms(question, index)
    units: list[Unit] = []
    columns: dict[str, list[float]] = {name: [] for name in WEIGHTS}
    for rank, hit in enumerate(hits):
        around = words_of(f"{hit.section}\n{hit.title}")
        rows = [row for chunk_id in hit.chunk_ids if (row := index.row(chunk_id)) is not None]
        meanings = np.concatenate([index.unit_vectors(row) for row in rows]) @ vector.whole
        for (unit, text), meaning in zip(_worded(hit, index), meanings, strict=True):
            words = frozenset(analyse(text))
            coverage = terms.share_in(words | around)
            units.append(replace(unit, coverage=coverage, meaning=float(meaning)))
            columns["words"].append(terms.share_in(words))
            columns["coverage"].append(coverage)
            columns["meaning"].append(max(float(meaning), 0.0))
            columns["hit"].append(hit.score / (hits[0].score or 1.0))
            columns["first"].append(1 / (1 + rank))
            columns["best_passage"].append(float(unit.chunk_id == hit.chunk_id))
            columns["value"].append(float(has_value(question.wants) and shows(question.wants, unit.text)))
            columns["names"].append(_share_of(question.keys, words))
            columns["defines"].append(float(unit.kind == "row" and defines(question, unit.text)))
            columns["row"].append(float(unit.kind == "row"))
            columns["step"].append(float(question.wants == "steps" and unit.kind == "step"))
            columns["length"].append(min(len(unit.text) / 200, 1.0))
    return units, {name: np.array(values, dtype=np.float32) for name, values in columns.items()}


def _share_of(keys: Sequence[Alternatives], words: frozenset[str]) -> float:
    return sum(not words.isdisjoint(group) for group in keys) / (len(keys) or 1)


def _worded(hit: Hit, index: Index) -> list[tuple[Unit, str]]:
    """Each unit with the words it is found by (a table row's include its column names)."""
    chunks = [chunk for chunk_id in hit.chunk_ids if (chunk := index.chunk(chunk_id))]
    return [pair for chunk in chunks for pair in zip(_chunk_units(hit, chunk), unit_texts(chunk), strict=True)]


def _ranked(question: Question, hits: Sequence[Hit], index: Index, vector: QuestionVectors) -> list[Unit]:
    """The units of the hits, best first."""
    units, features = unit_features(question, hits, index, vector)
    scores = sum(WEIGHTS[name] * values for name, values in features.items()) / sum(WEIGHTS.values())
    kept = np.where([is_apparatus(unit.heading) for unit in units], DEMOTED, 1.0)
    scored = [replace(unit, score=float(score)) for unit, score in zip(units, np.asarray(scores) * kept, strict=True)]
    return sorted(scored, key=lambda unit: -unit.score)


def _choose(question: Question, ranked: Sequence[Unit], index: Index) -> tuple[Unit, ...]:
    fair = [unit for unit in ranked if not unit.hostile and (unit.kind == "row" or len(unit.text.split()) >= SHORTEST)]
    usable = [u for u in fair if not conflict(question.text, [u.text, u.hit.section, u.hit.title])]
    if not usable:
        return ()
    best = usable[0]
    if best.kind == "step" and (question.wants in ("steps", "other")):
        return _procedure(best, usable, index)
    room = MAX_PASSAGE if question.wants == "steps" else MAX_UNITS
    near = [u for u in usable if u.hit == best.hit and u.score >= _share(u, NEAR) * best.score][:room]
    far = [u for u in usable if u.hit != best.hit and u.score >= FAR * best.score][: room - len(near)]
    chosen = [*near, *far]
    rest = [unit for unit in (*chosen, *answer_the_rest(question, chosen, usable, index)) if unit != best]
    return (best, *_in_reading_order(rest, first=best.hit))


def _share(unit: Unit, share: float) -> float:
    # The sentences of a paragraph belong together; each row of a table is a matter of its own.
    return max(share, NEAR_ROW) if unit.kind == "row" else share


def _procedure(best: Unit, usable: Sequence[Unit], index: Index) -> tuple[Unit, ...]:
    """All steps of the section in which the best step stands, in order."""
    chunk = index.chunk(best.chunk_id)
    section = index.section(chunk.section_id) if chunk else ()
    units = [unit for member in section for unit in _chunk_units(best.hit, member)]
    steps = [unit for unit in units if unit.kind == "step" and not unit.hostile]
    known = {(unit.chunk_id, unit.start): unit for unit in usable}
    return tuple(known.get((step.chunk_id, step.start), step) for step in steps[:MAX_STEPS])


def _in_reading_order(chosen: Sequence[Unit], first: Hit) -> tuple[Unit, ...]:
    """The `first` hit, then the others by rank; the units of one hit as they stand in it."""
    hits = list(dict.fromkeys([first.chunk_id, *(unit.hit.chunk_id for unit in chosen)]))

    def place(unit: Unit) -> tuple[int, int, int]:
        return hits.index(unit.hit.chunk_id), unit.hit.chunk_ids.index(unit.chunk_id), unit.start

    return tuple(sorted(chosen, key=place))


_ESCALATES = re.compile(
    r"\bescalat\w*\b.{0,60}\b(?:to|with)\b|\b(?:contact|call|refer)\b.{0,60}\b(?:desk|team|manager|lead|officer)\b",
    re.I,
)


def find_escalation(hits: Sequence[Hit], index: Index) -> Unit | None:
    """The first sentence of the hits that says whom to escalate to, or None."""
    units = (unit for hit in hits for unit in hit_units(hit, index))
    return next((unit for unit in units if _ESCALATES.search(unit.text)), None)
