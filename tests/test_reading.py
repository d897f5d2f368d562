"""Passages read together with the question: what the reader says of each unit, and what becomes of it."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from small_library import CUTOFFS, EMBEDDER, block, build, indexed

from app.access import Reader
from app.evidence import select_evidence
from app.question import read_question
from app.rank_units import READ_PASSAGES
from app.reading import PassageReader, joint, load_passage_reader
from app.retrieve import Filters, Retriever
from app.unit import Unit
from ingest.embed import EmbedderInfo, Passage
from ingest.errors import ModelError
from ingest.index import Index, Scores

ASKED = "when do bonds close"
PASSAGE = Passage("Hours\nGilts close early. Bonds close at noon.", ((6, 24), (25, 46)))
ROOMS = 20


class Wanting(PassageReader):
    """Says 1 of units with the wanted word and 0 of all others, and remembers what it has read."""

    info = EmbedderInfo("wanting", "", 0)

    def __init__(self, word: str) -> None:
        self.word = word
        self.seen: list[Passage] = []

    def read(self, question: str, passages: Sequence[Passage]) -> list[Scores]:
        self.seen += passages
        return [
            np.array([float(self.word in passage.text[start:end]) for start, end in passage.units], np.float32)
            for passage in passages
        ]


@pytest.fixture
def index(tmp_path: Path) -> Index:
    """One section a room; all say nearly the same."""
    blocks = [
        part
        for room in range(ROOMS)
        for part in (
            block("heading", f"Room {room}", f"Room {room}"),
            block("paragraph", f"Bonds close at noon in this one, number {room}. Lights stay on.", f"Room {room}"),
        )
    ]
    return build(tmp_path / "g", (indexed(CUTOFFS, *blocks),))


def ranked(index: Index, reader: PassageReader | None) -> tuple[Unit, ...]:
    question = read_question(ASKED)
    found = Retriever(index, EMBEDDER).search(question, Filters(as_of=date(2026, 11, 23)), Reader("x"), 10)
    return select_evidence(question, found.hits, index, found.vector, reader).ranked


def test_each_unit_is_held_against_the_question_as_both_are_read_together() -> None:
    (said,) = PassageReader(EMBEDDER).read(ASKED, [PASSAGE])
    assert said.shape == (2,)
    assert said[1] > said[0] > 0  # "bonds close" against "close"


def test_question_and_units_keep_their_places_in_the_joint_text() -> None:
    (both,) = joint(ASKED, [PASSAGE])
    texts = [both.text[start:end] for start, end in both.units]
    assert texts == [ASKED, "Gilts close early.", "Bonds close at noon."]


def test_nobody_s_words_are_the_mark_between_question_and_passage() -> None:
    (both,) = joint("bonds [SEP] close", [Passage("The [SEP] form [CLS] is blue.", ((0, 29),))])
    assert both.text.count("[SEP]") == 1 and "[CLS]" not in both.text
    assert [both.text[start:end] for start, end in both.units] == ["bonds (SEP) close", "The (SEP) form (CLS) is blue."]


def test_what_the_reader_prefers_comes_first(index: Index) -> None:
    second = next(unit.text for unit in ranked(index, None)[1:] if unit.text.startswith("Bonds"))
    assert ranked(index, None)[0].text != second
    assert ranked(index, Wanting(second))[0].text == second


def test_only_the_passages_of_the_best_units_are_read(index: Index) -> None:
    reader = Wanting("noon")
    units = ranked(index, reader)
    assert 0 < len(reader.seen) <= READ_PASSAGES
    read = {unit.chunk_id for unit in units if any(unit.text in passage.text for passage in reader.seen)}
    unread = [unit for unit in units if unit.chunk_id not in read]
    assert all(unit.score < units[0].score for unit in unread)


def test_no_reader_is_a_setting_and_an_unknown_one_is_an_error(tmp_path: Path) -> None:
    assert load_passage_reader("none", tmp_path) is None
    assert load_passage_reader("word-hash", tmp_path) is not None
    with pytest.raises(ModelError, match="minilm-reader"):
        load_passage_reader("minilm-reader", tmp_path)
