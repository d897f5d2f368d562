"""Facts and numbers in answers: tolerant of how they are written, strict about what they say."""

import pytest

from eval.facts import states_fact, states_number
from eval.quantities import tokens
from eval.words import overlap


@pytest.mark.parametrize(
    ("number", "said"),
    [
        ("1000", "up to 1,000 items"),
        ("1,000", "1000"),
        ("thirty", "30 days"),
        ("30 days before", "at least thirty days prior to joining"),
        ("10 calendar days", "within ten (10) calendar days"),
        ("$5,000", "collections below USD 5,000.00"),
        ("$5,000", "5000 dollars"),
        ("USD 10 million", "a limit of $10,000,000"),
        ("€1.5bn", "EUR 1,500,000,000"),
        ("December 31", "no later than 31 Dec. 2026"),
        ("2026-03-12", "on March 12, 2026"),
        ("5:00 p.m. ET", "by 17:00 ET"),
        ("17:00", "not after 5 pm"),
        ("noon", "by 12:00"),
        ("24 hours", "twenty-four hrs"),
        ("Thursday", "every Thu."),
        ("0.5%", "0.50 per cent"),
        ("TFS Form 1214", "with TFS form 1214 attached"),
        ("866-945-7920", "call (866) 945-7920"),
        ("apg@fiscal.treasury.gov", "write to APG@fiscal.treasury.gov."),
        ("AC04", "returned with AC04 [2]"),
    ],
)
def test_a_number_is_found_however_it_is_written(number: str, said: str) -> None:
    assert states_number(number, said)


@pytest.mark.parametrize(
    ("number", "said"),
    [
        ("10 calendar days", "within 10 business days"),
        ("10 calendar days", "within 100 calendar days"),
        ("$5,000", "EUR 5,000"),
        ("17:00", "by 17:30"),
        ("5 p.m.", "by 5 a.m."),
        ("December 31", "December 13"),
        ("1,000", "1,000,000"),
        ("30", "3.0 or 0.30"),
        ("2", "as said before [2]"),
        ("AC04", "returned with AC03"),
        ("10 calendar days", "10 of them. Much later in the text, after many other words, come calendar days"),
        ("5 May", "the bank may 5 days later"),
    ],
)
def test_another_number_is_not_it(number: str, said: str) -> None:
    assert not states_number(number, said)


def test_a_fact_is_found_in_other_words() -> None:
    fact = "the board or a board-level committee should approve direct access before entries are initiated"
    assert states_fact(
        fact, "Direct access is approved by the board, or a committee at board level, first. Then entries start."
    )


@pytest.mark.parametrize(
    ("fact", "said"),
    [
        ("mailed within 24 hours", "It is mailed within 48 hours."),
        ("the ODFI is not responsible for un-batching", "The ODFI is responsible for unbatching."),
        ("positive pay", "Pay by cheque."),
        (
            "a recall must be entered by 9:15",
            "A recall is entered. " + "Nothing else matters here. " * 4 + "By 9:15 leave.",
        ),
        ("mail it to a@b.org", "Mail it to c@b.org."),
    ],
)
def test_a_fact_with_another_figure_or_sense_is_not_stated(fact: str, said: str) -> None:
    assert not states_fact(fact, said)


def test_an_empty_answer_states_nothing() -> None:
    assert not states_fact("positive pay", "")
    assert not states_number("5", "")


def test_overlap_counts_runs_of_words_only() -> None:
    quote = "The bank must give written notice thirty days before it joins the system."
    assert overlap(quote, "Note: the bank must give writ\u00adten notice thirty days before it joins the system!") > 0.7
    assert overlap(quote, "The system joins thirty; written days it must bank before the notice give.") == 0
    assert overlap(quote, "unrelated") == 0
    assert overlap("pos-itive pay", "a Positive Pay file") == 1


def test_tokens_do_not_depend_on_typography() -> None:
    assert tokens("the bank’s 1 000") == tokens("the bank's 1\u00a0000")
    assert tokens("17.5–18.5") == tokens("17.5-18.5")
