"""The trade's identifiers are one term each, however people type them."""

import pytest

from ingest.lexical import analyse
from ingest.sentences import split_sentences


@pytest.mark.parametrize(
    ("typed", "terms"),
    [
        ("pacs.004 pacs 004 PACS.004.001.09", ["pacs.004", "pacs.004", "pacs.004", "pacs.004.001.09"]),
        ("MT103 mt 103 MT202 COV", ["mt103", "mt103", "mt202", "cov"]),
        ("AC04 ac04 R10", ["ac04", "ac04", "r10"]),
        ("USD 10,000,000.00 $10m 10 million", ["usd", "10000000", "usd", "10000000", "10000000"]),
        ("600 mio yen, 5mm £", ["600000000", "jpy", "5000000", "gbp"]),
        ("yen JPY jpy", ["jpy", "jpy", "jpy"]),
        ("17:40 5:40 p.m. 5.40pm", ["17:40", "17:40", "17:40"]),
        ("thirty days, 30 days", ["30", "day", "30", "day"]),
        ("authorised cheques authorized checks", ["author", "check", "author", "check"]),
        ("cut-off cutoff", ["cutoff", "cut", "cutoff"]),
        ("the bank's", ["bank"]),
        ("pre-advices preadvice", ["preadvic", "pre", "advic", "preadvic"]),  # one word however it is joined
        ("12 CFR 210.28(c)", ["12", "cfr", "210.28", "c"]),
    ],
)
def test_terms(typed: str, terms: list[str]) -> None:
    assert analyse(typed) == terms


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("Stop. Call the desk. Do it now!", ["Stop.", "Call the desk.", "Do it now!"]),
        ("Final at 8:30 a.m. Eastern Time. Then post.", ["Final at 8:30 a.m. Eastern Time.", "Then post."]),
        ("1. Open the case. 2. Close it.", ["1. Open the case.", "2. Close it."]),
        ("See e.g. Section 4 for U.S. dollars. Next.", ["See e.g. Section 4 for U.S. dollars.", "Next."]),
        ("One line\nanother line", ["One line", "another line"]),
        ("", []),
    ],
)
def test_sentences(text: str, sentences: list[str]) -> None:
    assert [text[a:b] for a, b in split_sentences(text)] == sentences
