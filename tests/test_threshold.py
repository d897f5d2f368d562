"""Amounts as people and procedures write them, and which side of a line they lie on."""

import pytest

from app.threshold import Amount, _side, amounts


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("EUR 62,000", ["EUR 62,000"]),
        ("62k", ["62,000"]),
        ("7.5m usd", ["USD 7,500,000"]),
        ("a 600 mio USD payment", ["USD 600,000,000"]),
        ("$1,250.50 or £3 million", ["USD 1,250.50", "GBP 3,000,000"]),
        ("25 dollars", ["USD 25"]),
        ("over 40,000", ["40,000"]),
        ("at 17:30 on 12 May 2026, page 4 of 12", []),
        ("5 business days, 85 percent, pacs.008, MT103, section 6.3", []),
        ("above 250,000, up to 5,000,000", ["250,000", "5,000,000"]),
        ("T2 closes 18:00 CET", []),
    ],
)
def test_amounts_are_read(text: str, found: list[str]) -> None:
    assert [str(amount) for amount in amounts(text)] == found


@pytest.mark.parametrize(
    ("own", "lines", "side"),
    [
        (Amount(62_000, "eur"), [Amount(50_000, "eur")], "above the EUR 50,000"),
        (
            Amount(62_000, "eur"),
            [Amount(50_000, "eur"), Amount(250_000, "eur")],
            "between the EUR 50,000 and the EUR 2",
        ),
        (Amount(50_000, "eur"), [Amount(50_000, "eur"), Amount(250_000, "eur")], "exactly the EUR 50,000"),
        (Amount(62_000, "usd"), [Amount(50_000, "eur")], ""),
        (Amount(62_000, "eur"), [Amount(50_000, "eur"), Amount(60_000, "usd")], ""),
        (Amount(62_000, "eur"), [Amount(50_000, "")], ""),
        (Amount(62_000, "eur"), [Amount(100, "eur")], ""),
        (Amount(62_000, "eur"), [], ""),
    ],
)
def test_the_side_of_a_line(own: Amount, lines: list[Amount], side: str) -> None:
    assert side in _side(own, lines) and bool(side) == bool(_side(own, lines))
