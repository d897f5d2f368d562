"""The ranking of units: which sentence, step or table row of the hits answers the question best.

Like `app.rank`, a few features with weights fitted on cases by a listwise softmax.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from app.aside import keeps
from app.code_row import defines, says_what_to_do
from app.hostile import gives_orders, imitates_citation
from app.likeness import QuestionVectors, late_interaction_of_units
from app.question import Question
from app.reading import PassageReader
from app.retrieve import Hit
from app.terms import weigh_terms, words_of
from app.unit import Unit
from app.values import has_value, shows
from ingest.chunk import Chunk
from ingest.index import Alternatives, Index, Scores
from ingest.passages import passage_of
from ingest.units import unit_spans, unit_texts

WEIGHTS: Mapping[str, float] = {
    "coverage": 3.0,
    "meaning": 3.3,
    "late": 1.5,
    "hit": 2.1,
    "first": 1.0,
    "value": 0.9,
    "names": 1.6,
    "defines": 0.35,
    "acts": 1.1,
    "step": 0.6,
    "length": 0.15,
    "read": 6.0,
}
_NONE: frozenset[str] = frozenset()
READ_PASSAGES = 4  # those of the best units by all else; each costs a pass of the model


def hit_units(hit: Hit, index: Index) -> list[Unit]:
    """The sentences, steps, list items and table rows of all passages of a hit."""
    chunks = (index.chunk(chunk_id) for chunk_id in hit.chunk_ids)
    return [unit for chunk in chunks if chunk for unit in chunk_units(hit, chunk)]


def chunk_units(hit: Hit, chunk: Chunk) -> list[Unit]:
    """The same of one passage."""
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


def section_steps(unit: Unit, index: Index) -> list[Unit]:
    """All steps of the section in which the unit stands, in order: the procedure that a step is part of."""
    chunk = index.chunk(unit.chunk_id)
    section = index.section(chunk.section_id) if chunk else ()
    units = (one for member in section for one in chunk_units(unit.hit, member))
    return [one for one in units if one.kind == "step" and not one.hostile]


def unit_features(
    question: Question, hits: Sequence[Hit], index: Index, vector: QuestionVectors
) -> tuple[list[Unit], dict[str, Scores]]:
    """The units of the hits, and each feature of them (units,), from 0 to 1, but for what a reader says."""
    terms = weigh_terms(question, index)
    units: list[Unit] = []
    columns: dict[str, list[float]] = {name: [] for name in WEIGHTS if name != "read"}
    for rank, hit in enumerate(hits):
        around, passage = words_of(f"{hit.section}\n{hit.title}"), words_of(hit.text)
        rows = [row for chunk_id in hit.chunk_ids if (row := index.row(chunk_id)) is not None]
        meanings = np.concatenate([index.unit_vectors(row) for row in rows]) @ vector.whole
        columns["late"] += [float(value) for value in _late(hit, index, vector)]
        for (unit, text), meaning in zip(_worded(hit, index), meanings, strict=True):
            words = words_of(text)
            coverage = terms.share_in(words | around)
            units.append(replace(unit, coverage=coverage, meaning=float(meaning)))
            columns["coverage"].append(coverage)
            columns["meaning"].append(max(float(meaning), 0.0))
            columns["hit"].append(hit.score / (hits[0].score or 1.0))
            columns["first"].append(1 / (1 + rank))
            columns["value"].append(float(has_value(question.wants) and shows(question.wants, unit.text)))
            # A step is about what the passage names that leads to it; a row or sentence is about what it says itself.
            columns["names"].append(
                _share_of(question.keys, words | around | (passage if unit.kind == "step" else _NONE))
            )
            columns["defines"].append(float(unit.kind == "row" and defines(question, unit.text)))
            header = text.removesuffix(unit.text)
            columns["acts"].append(float(unit.kind == "row" and says_what_to_do(question, header, unit.text)))
            columns["step"].append(float(question.wants == "steps" and unit.kind == "step"))
            columns["length"].append(min(len(unit.text) / 200, 1.0))
    return units, {name: np.array(values, dtype=np.float32) for name, values in columns.items()}


def _late(hit: Hit, index: Index, vector: QuestionVectors) -> Scores:
    passages = ((index.row(chunk_id), index.chunk(chunk_id)) for chunk_id in hit.chunk_ids)
    return np.concatenate(
        [late_interaction_of_units(vector, index, row, chunk) for row, chunk in passages if chunk and row is not None]
    )


def _share_of(keys: Sequence[Alternatives], words: frozenset[str]) -> float:
    """The share of message types and codes that stand among the words as typed: a synonym stands for many things."""
    typed = [group[0] for group in keys if any(map(str.isdigit, group[0]))]
    return sum(name in words for name in typed) / (len(typed) or 1)


def _worded(hit: Hit, index: Index) -> list[tuple[Unit, str]]:
    """Each unit with the words it is found by (a table row's include its column names)."""
    chunks = [chunk for chunk_id in hit.chunk_ids if (chunk := index.chunk(chunk_id))]
    return [pair for chunk in chunks for pair in zip(chunk_units(hit, chunk), unit_texts(chunk), strict=True)]


def rank_units(
    question: Question,
    hits: Sequence[Hit],
    index: Index,
    vector: QuestionVectors,
    reader: PassageReader | None = None,
) -> list[Unit]:
    """The units of the hits, best first; `reader` reads the passages of the best again, together with the question."""
    units, features = unit_features(question, hits, index, vector)
    kept = np.array([keeps(question, unit.heading, unit.text) for unit in units])
    scores = _weigh(features) * kept
    if reader and units:
        features["read"] = _read(reader, question, units, scores, index)
        scores = _weigh(features) * kept
    said = features.get("read", np.zeros(len(units)))
    scored = [
        replace(unit, score=float(score), read=float(read))
        for unit, score, read in zip(units, scores, said, strict=True)
    ]
    return sorted(scored, key=lambda unit: -unit.score)


def _weigh(features: Mapping[str, Scores]) -> Scores:
    total = sum(WEIGHTS[name] * values for name, values in features.items())
    return np.asarray(total / sum(WEIGHTS[name] for name in features), dtype=np.float32)


def _read(reader: PassageReader, question: Question, units: Sequence[Unit], scores: Scores, index: Index) -> Scores:
    """What the reader says of each unit (units,); of those that it does not read, the least of what it says."""
    order = np.argsort(-scores, kind="stable")
    best = list(dict.fromkeys(units[at].chunk_id for at in order))[:READ_PASSAGES]
    chunks = [chunk for chunk_id in best if (chunk := index.chunk(chunk_id))]
    titles = [index.document_of_chunk(chunk.id).record.title for chunk in chunks]
    passages = [passage_of(chunk, title) for chunk, title in zip(chunks, titles, strict=True)]
    said = {
        (chunk.id, span.start): float(value)
        for chunk, values in zip(chunks, reader.read(question.text, passages), strict=True)
        for span, value in zip(unit_spans(chunk), values, strict=True)
    }
    least = min(said.values(), default=0.0)
    return np.array([said.get((unit.chunk_id, unit.start), least) for unit in units], dtype=np.float32)
