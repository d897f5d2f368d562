"""The ablation leaves out what it says, and nothing else."""

import json
from pathlib import Path

import numpy as np
import pytest
from small_library import EMBEDDER, build

from app.question import read_question
from app.retrieve import Retriever
from eval.ablation import Collection, ablate, ablate_command
from eval.cases import Case, Gold
from eval.examples import NAMES, Example, example, mean_reciprocal_rank, sought_by
from eval.progress import progress_bars
from eval.tune import fit
from eval.variants import ANALYSIS, VARIANTS, plain_words, variant
from ingest.errors import CaseError

CASES = [
    Case("1", "How fast are returned funds booked?", True, gold=(Gold("returns.md", (2,)),)),
    Case("2", "What is the CHAPS cut-off?", True, gold=(Gold("cutoffs.md", (1,)),)),
    Case("3", "What does AC04 in a pacs.004 mean?", True, gold=(Gold("returns.md", section="Closed account (AC04)"),)),
    Case("4", "Who may lend me a bicycle?", False),
]


@pytest.fixture(scope="module")
def retriever(tmp_path_factory: pytest.TempPathFactory) -> Retriever:
    return Retriever(build(tmp_path_factory.mktemp("ablation") / "g"), EMBEDDER)


def test_examples_are_the_answerable_cases_with_their_gold_passages(retriever: Retriever) -> None:
    first, *_ = found = [example(one, retriever, retriever.index) for one in sought_by(CASES)]
    assert len(found) == 3
    assert first.features.shape == (len(first.gold), len(NAMES)) and first.gold.any()


def test_a_question_whose_answer_is_not_among_the_candidates_counts_as_missed() -> None:
    features = np.zeros((2, len(NAMES)))
    features[1] = 1.0
    found, missed = (Example(features, np.array(gold)) for gold in ([False, True], [False, False]))
    assert mean_reciprocal_rank([found, missed], np.ones(len(NAMES))) == 0.5


def test_a_feature_that_is_left_out_gets_no_weight(retriever: Retriever) -> None:
    examples = [example(one, retriever, retriever.index) for one in sought_by(CASES)]
    weights = dict(zip(NAMES, fit(examples, "dense"), strict=True))
    assert weights["dense"] == 0 and sum(weights.values()) > 0


def test_plain_words_take_identifiers_apart_and_keep_their_places() -> None:
    text = "By 17:00 a pacs.008 of 1,000.00 is sent. It ends."
    assert plain_words(text) == "By 17|00 a pacs|008 of 1|000|00 is sent. It ends."


@pytest.mark.parametrize("name", VARIANTS)
def test_a_variant_differs_in_what_it_leaves_out_alone(name: str, retriever: Retriever, tmp_path: Path) -> None:
    with progress_bars() as bars:
        other = variant(name, retriever, tmp_path, bars).index
        assert variant(name, retriever, tmp_path, bars).index.generation == other.generation  # made once
    index = retriever.index
    rows = range(len(index))
    assert other.chunk_ids == index.chunk_ids
    same_vectors = np.allclose(index.vectors(rows), other.vectors(rows), atol=1e-3)
    assert same_vectors == (name != "title and headings in vectors")
    (heading,) = read_question("escalation").searched
    code = ("pacs.004",)
    everywhere = np.ones(len(index), dtype=bool)
    assert index.stands_in(code, everywhere) and index.stands_in(heading, everywhere)
    assert other.stands_in(code, everywhere) == (name != ANALYSIS)
    in_title = read_question("Cut-offs").searched
    assert np.array_equal(index.score_passages(in_title), other.score_passages(in_title)) == (
        name == "title and headings in vectors"
    )


def test_every_idea_is_left_out_once(retriever: Retriever, tmp_path: Path) -> None:
    collection = Collection("small", retriever, sought_by(CASES))
    with progress_bars() as bars:
        rows = list(ablate([collection, collection], tmp_path, bars))
    assert [row.left_out for row in rows] == ["", *NAMES, "synonyms", *VARIANTS]
    assert all(0 < row.elsewhere[0] <= 1 for row in rows)
    assert rows[0].elsewhere[0] >= 0.8


def test_cases_without_a_place_are_refused(tmp_path: Path) -> None:
    (tmp_path / "cases.jsonl").write_text(json.dumps({"id": "1", "question": "?", "answerable": False}), "utf-8")
    with pytest.raises(CaseError, match="names a place"):
        ablate_command(["--cases", str(tmp_path / "cases.jsonl"), "--index", str(tmp_path)])
