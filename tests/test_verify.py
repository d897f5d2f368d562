"""What the quotes don't say is not shown as an answer."""

import pytest

from app.values import conflict, currencies, messages, negated, numbers, reason_codes, shows, systems
from app.verify import problem_with, wrong_column, wrong_row

QUOTE = "The GBP cut-off for customer payments is 17:00 London; the Release Desk needs the payment by 16:45."
QUESTION = "When is the cut-off for customer payments?"


@pytest.mark.parametrize(
    "statement",
    [
        "The cut-off for customer payments is 17:00 London.",
        "Customer payments in GBP must be there by 5 p.m. London.",
        "The Release Desk needs the payment by 16:45.",
    ],
)
def test_supported_statements_pass(statement: str) -> None:
    assert problem_with(statement, [QUOTE], QUESTION) == ""


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("The cut-off for customer payments is 17:30 London.", "number not in the cited passage: 17:30"),
        ("The JPY cut-off for customer payments is 17:00.", "currency not in the cited passage: jpy"),
        ("The cut-off for customer payments is 17:00 at Deutsche Bundesbank.", "name not in the cited passage"),
        ("The cut-off for customer payments is not 17:00.", "says no"),
        ("Unicorns eat purple grass under bridges.", "the cited passage does not say this"),
    ],
)
def test_unsupported_statements_are_named(statement: str, problem: str) -> None:
    assert problem in problem_with(statement, [QUOTE], QUESTION)


def test_a_statement_without_a_quote_is_withheld() -> None:
    assert problem_with("The cut-off is 17:00.", [], QUESTION) == "no passage is cited"


def test_a_question_said_again_is_no_answer() -> None:
    quote = "Not signed by 09:00: Team Lead."
    assert "repeats" in problem_with("STM-IN not signed, who?", [quote], "STM-IN not signed - who")
    assert problem_with("Not signed by 09:00: the Team Lead.", [quote], "STM-IN not signed - who") == ""


@pytest.mark.parametrize(
    ("statement", "question", "fits"),
    [
        ("The CHAPS cut-off for client payments is 17:40.", "CHAPS cut-off for clients today", False),
        ("CHAPS closes at 17:40.", "when does CHAPS close", True),
        ("It is 16:45.", "client cut-off of CHAPS", True),
        ("CHAPS opens at 06:00.", "client cut-off of CHAPS", True),
    ],
)
def test_a_value_comes_from_the_row_it_is_said_of(statement: str, question: str, fits: bool) -> None:
    rows = ["CHAPS settlement opens | 06:00", "Client cut-off of the Bank | 16:45", "CHAPS closes | 17:40"]
    (row,) = [row for row in rows if numbers(row) & numbers(statement)]
    others = [other for other in rows if other != row]
    assert (wrong_row(statement, question, row, others, ["Event", "Time", "CHAPS times"]) == "") is fits


def test_a_dropped_negation_is_seen() -> None:
    quote = "Do not send the payment again to the same account."
    assert "says no" in problem_with("Send the payment again to the same account.", [quote], "what now?")
    assert problem_with("The payment is not sent again to the same account.", [quote], "what now?") == ""


def test_the_sterling_cut_off_never_answers_for_yen() -> None:
    """A genuine quote about another currency proves nothing, even if the statement leaves the currency out."""
    assert "JPY" in problem_with("The cut-off is 17:00 London.", [QUOTE], "What is the cut-off for yen payments?")


def test_numbers_may_stand_in_the_heading() -> None:
    assert problem_with("Section 4.2 applies to returns.", ["This applies to returns."], "?", ["4.2 Returns"]) == ""


@pytest.mark.parametrize(
    ("find", "text", "found"),
    [
        (numbers, "USD 1,000.00 by 5 p.m. in thirty days", {"1000", "17:00", "30"}),
        (currencies, "$5 or five yen, not sterling", {"usd", "jpy", "gbp"}),
        (currencies, "try to land it", set()),
        (reason_codes, "AC04, R10, G004 and R01D but not UETR", {"AC04", "R10", "G004", "R01D"}),
        (messages, "pacs 004, MT103 and camt.056", {"pacs.004", "mt103", "camt.056"}),
        (systems, "Fedwire and CHAPS, not the fed", {"fedwire", "chaps"}),
    ],
)
def test_hard_facts(find, text: str, found: set[str]) -> None:  # type: ignore[no-untyped-def]  # six functions alike
    assert find(text) == found


def test_negation_and_values() -> None:
    assert negated("do not") and negated("can't") and not negated("notify nobody's desk of note")
    assert shows("time", "by 17:00") and shows("amount", "USD 5,000") and shows("duration", "within two business days")
    assert not shows("time", "by Thursday") and shows("steps", "anything")


def test_conflict_needs_both_sides() -> None:
    assert conflict("cut-off for yen", ["GBP 17:00"])
    assert not conflict("cut-off for yen", ["the cut-off is 17:00"])
    assert not conflict("cut-off", ["GBP 17:00"])
    assert conflict("AC04 came back", ["AC01: wrong account"])


@pytest.mark.parametrize(
    ("statement", "fits"),
    [
        ("The client cut-off for customer payments is 16:45.", True),
        ("The client cut-off for customer payments is 17:15.", False),
        ("Bank payments must be in by 17:15.", True),
        ("The client cut-off is 16:45 for customer payments and 17:15 for bank payments.", True),
    ],
)
def test_a_value_comes_from_the_column_it_is_said_of(statement: str, fits: bool) -> None:
    header = ["Event", "Customer payments (pacs.008)", "Bank payments (pacs.009)"]
    cells = ["Client cut-off", "16:45", "17:15"]
    assert (wrong_column(statement, "", header, cells) == "") is fits
