"""Ranking metrics against figures worked out by hand."""

from math import log2

import pytest

from app.answer import Hit
from eval.cases import Case, Gold
from eval.ranking import score_retrieval
from eval.relevance import under_heading

FILLER = "Nothing in this passage has to do with the question that was asked."


def hit(doc: str, page: int | None = None, section: str = "", text: str = FILLER) -> Hit:
    return Hit(doc, "D", "1", "T", section, page, "", text, 0.5, f"{doc}-{page}-{section}")


def case(*golds: Gold) -> Case:
    return Case(id="q", question="?", answerable=True, gold=golds)


def test_rank_three_on_one_gold_page() -> None:
    scores = score_retrieval(case(Gold("a", (7,))), [hit("b", 7), hit("a", 6), hit("a", 7), hit("a", 7)])
    assert (scores["hit_at_1"], scores["hit_at_3"], scores["hit_at_5"]) == (0, 1, 1)
    assert scores["mrr"] == pytest.approx(1 / 3)
    assert scores["ndcg_at_10"] == pytest.approx(1 / log2(4))
    assert scores["document_mrr"] == pytest.approx(1 / 2)
    assert scores["quote_mrr"] is None


def test_any_gold_is_a_hit_but_recall_wants_all() -> None:
    golds = (Gold("a", (1,)), Gold("b", (2,)))
    scores = score_retrieval(case(*golds), [hit("a", 1), hit("c", 1)])
    assert (scores["hit_at_1"], scores["recall_at_10"]) == (1, 0.5)
    assert scores["ndcg_at_10"] == pytest.approx(1 / (1 + 1 / log2(3)))
    whole = score_retrieval(case(*golds), [hit("a", 1), hit("b", 2)])
    assert (whole["recall_at_10"], whole["ndcg_at_10"]) == (1, 1)


def test_finding_the_same_gold_again_gains_nothing() -> None:
    golds = (Gold("a", (1,)), Gold("b", (2,)))
    again = score_retrieval(case(*golds), [hit("a", 1)] * 10)
    assert again["recall_at_10"] == 0.5
    assert again["ndcg_at_10"] == pytest.approx(1 / (1 + 1 / log2(3)))


def test_an_alternative_stands_in_for_one_required_entry() -> None:
    golds = (Gold("a", (1,)), Gold("b", (2,)), Gold("c", (3,), alternative=True))
    assert score_retrieval(case(*golds), [hit("c", 3)])["recall_at_10"] == 0.5
    assert score_retrieval(case(*golds), [hit("c", 3), hit("a", 1), hit("b", 2)])["recall_at_10"] == 1


def test_half_of_a_quote_is_a_hit_on_any_page() -> None:
    quote = "collections below the threshold may be kept until Thursday of each week whatever their amount may be"
    gold = case(Gold("a", (1,), "", quote))
    half = score_retrieval(gold, [hit("a", 9, text=f"{FILLER} {' '.join(quote.split()[:9])}.")])
    assert (half["hit_at_1"], half["page_hit_at_1"], half["quote_hit_at_1"]) == (1, 0, 1)
    less = score_retrieval(gold, [hit("a", 9, text=f"{FILLER} {' '.join(quote.split()[:6])}.")])
    assert less["hit_at_1"] == 0


def test_without_pages_the_heading_decides() -> None:
    gold = case(Gold("a", (), "2030.30—Frequency of Deposits"))
    path = "Chapter 2000 > 2030—Deposits > Section 2030.30 - Frequency of deposits"
    assert score_retrieval(gold, [hit("a", section=path)])["hit_at_1"] == 1
    assert score_retrieval(gold, [hit("a", section="2030.30—Frequency of Deposits and Fees")])["hit_at_1"] == 0
    assert score_retrieval(gold, [hit("b", section=path)])["hit_at_1"] == 0


def test_a_page_given_but_not_known_falls_back_to_the_heading() -> None:
    assert score_retrieval(case(Gold("a", (3,), "Scope")), [hit("a", None, "Scope")])["hit_at_1"] == 1
    assert score_retrieval(case(Gold("a", (3,), "Scope")), [hit("a", 4, "Scope")])["hit_at_1"] == 0


def test_a_hit_must_come_within_the_first_characters() -> None:
    long = "word " * 700
    gold = case(Gold("a", (1,)))
    assert score_retrieval(gold, [hit("b", 1, text=long), hit("a", 1)])["hit_in_4000_chars"] == 1
    assert (
        score_retrieval(gold, [hit("b", 1, text=long), hit("b", 2, text=long), hit("a", 1)])["hit_in_4000_chars"] == 0
    )
    # Half of a passage must be within: a huge passage that begins in time is no hit for its place alone.
    assert score_retrieval(gold, [hit("b", 1, text=long), hit("a", 1, text=long)])["hit_in_4000_chars"] == 0


def test_nothing_retrieved_is_zero_and_unanswerable_is_none() -> None:
    assert score_retrieval(case(Gold("a", (1,))), [])["mrr"] == 0
    unanswerable = Case(id="q", question="?", answerable=False)
    assert set(score_retrieval(unanswerable, [hit("a", 1)]).values()) == {None}


def test_headings_are_compared_as_wholes() -> None:
    assert under_heading("ACH", "Payments > ACH")
    assert not under_heading("ACH", "ACH Contingency Plans")
    assert not under_heading("", "ACH")
