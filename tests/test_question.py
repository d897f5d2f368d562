"""What a question asks for, and which of its words name something."""

import pytest

from app.question import read_question


@pytest.mark.parametrize(
    ("text", "wants"),
    [
        ("who releases it", "person"),
        ("second check on a return - who", "person"),
        ("what does a client need who moves abroad", "other"),  # a clause, not a question
        ("due date when we don't know who the sender is", "time"),
        ("how fast must the acquirer be told", "duration"),
        ("repair SLA for a broken seal", "duration"),
        ("cheque limit", "amount"),
        ("what happens to an over-limit file", "other"),
        ("how do I void a cheque", "steps"),
    ],
)
def test_what_is_asked_for(text: str, wants: str) -> None:
    assert read_question(text).wants == wants


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("what does error 7413 mean", ["7413"]),
        ("got 7413 back, what now", ["7413"]),
        ("7413 not accepted at noon", ["7413"]),
        ("sent at 1530 cet", []),
        ("toxic pair 9", ["9"]),
        ("is code 52 ours", ["52"]),
        ("paid 7413 usd in 2031", ["usd"]),  # a quantity and a year name nothing
        ("the 7413 items of the file", []),
        ("after 15 days", []),
    ],
)
def test_a_number_that_names_something_is_an_identifier(text: str, keys: list[str]) -> None:
    assert [group[0] for group in read_question(text).keys] == keys


def test_only_a_code_can_be_missing_from_the_procedures() -> None:
    # "nothing found mentions 7413" is right of an error code; of a step, a pair or a score it would be too much.
    assert read_question("error 7413 in step 12").names == ("7413",)
