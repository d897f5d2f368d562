"""Nothing personal survives masking; everything an analyst's question needs does."""

import json
import os
import re
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.personal import card_is_valid, find_personal, iban_is_valid
from app.redact import mask, mask_entry

UETR = "eb6305c9-1f7f-49de-aed0-16487c27b42d"


@pytest.mark.parametrize(
    "kept",
    [
        "pacs.004 came back with AC04, what do I do?",
        "pacs.008.001.08 against MT103 STP, field 59 of the MT 202 COV",
        "USD 10,000,000 to ABA 021000021 on 2026-11-23 at 17:40",
        "EUR 12.345.678,90, 10 000 000 EUR, 12 million, $1500000, 1250000.50, GBP 100k",
        "approval above 10000000, cut-off 18:45:00 ET, T+1, value date 20261123",
        "R01, R29, AC01, BE04, CH03, MD07, FF01, AM05 and narrative NARR",
        "BICs DEUTDEFF, DEUTDEFF500 and BNPAFRPPXXX",
        "routing number 021000021 and //FW021000021",
        "between 2025-2026, 2025/26, pages 1000-1002, section 3.4.2.1, 12 CFR 210.28(c)",
        "Will Fedwire accept it? May SWIFT reject? Mark Account closed?",
        "What does the Federal Reserve Bank of New York say on Third Party cut-off?",
        "who approves a release above 5,000,000 for Deutsche Bank Frankfurt?",
        "Is the Creditor Address mandatory? Beneficiary Bank Not Found",
        "Wells Fargo, Morgan Stanley and JP Morgan Chase",
        "ON HOLD: SANCTIONS REVIEW PENDING, WHO RELEASES THE PAYMENT",
        "case 4711, ticket INC0012, SOP-FW-012 v3.1, step 4 of 12",
        "who may book on suspense account 7790",
        "camt.056 with reason DUPL after camt.029 RJCR, 24/7, 10 business days",
        "Customer called twice; the customer is angry. Beneficiary unknown",
        "Dr nostro Cr customer",
        "hotline open 08:00 - 18:00, N 1,234.56",
    ],
)
def test_what_an_analyst_needs_stays(kept: str) -> None:
    assert mask(kept) == kept


@pytest.mark.parametrize(
    ("typed", "masked"),
    [
        ("GB29 NWBK 6016 1331 9268 19 was returned AC04", "[IBAN] was returned AC04"),
        ("to DE89370400440532013000.", "to [IBAN]."),
        ("iban de89370400440532013000", "iban [IBAN]"),
        ("mistyped DE89370400440532013001", "mistyped [IBAN]"),
        ("card 4111 1111 1111 1111 and 5500-0000-0000-0004", "card [CARD] and [CARD-2]"),
        ("account 00123456 closed", "account [ACCOUNT] closed"),
        ("acct no. 12-345678, a/c: 98765 on 2026-11-23", "acct no. [ACCOUNT], a/c: [ACCOUNT-2] on 2026-11-23"),
        ("account ending 4321", "account ending [ACCOUNT]"),
        ("sort code 20-00-00 55779911", "sort code 20-00-00 [ACCOUNT]"),
        ("DEUTDEFF500 / 1234567", "DEUTDEFF500 / [ACCOUNT]"),
        ("credited 1234567890 instead of 0532013000", "credited [ACCOUNT] instead of [ACCOUNT-2]"),
        ("SSN 123-45-6789", "SSN [ACCOUNT]"),
        ("IMAD 20261123MMQFMP31000123", "IMAD [REFERENCE]"),
        ("mail jane.doe+x@bank.example.com", "mail [EMAIL]"),
        ("call +44 (0)20 7946 0958 or 212-555-0123", "call [PHONE] or [PHONE-2]"),
        ("phone 555-0123", "phone [PHONE]"),
        (f"UETR {UETR} and {UETR.upper()}", "UETR [UETR] and [UETR]"),
        (":59:/12345678\nJOHN SMITH\n1 HIGH STREET\n:70:INV", ":59:/[ACCOUNT]\n[ADDRESS]\n:70:INV"),
        ("beneficiary John Smith, Mr. Müller and Dr. O'Neil", "beneficiary [NAME], Mr. [NAME-2] and Dr. [NAME-3]"),
        ("customer maria garcia wants a recall", "customer [NAME] wants a recall"),
        ("JOHN SMITH RETURNED AC04", "[NAME] RETURNED AC04"),
        ("debtor: Acme Trading Ltd", "debtor: [NAME]"),
        ("wire from Zbigniew Wierzba to Inès da Conceição", "wire from [NAME] to [NAME-2]"),
        ("Breanna Strong sent it twice", "[NAME] sent it twice"),
        ("Jean-Luc van der Berg, originator", "[NAME], originator"),
        ("Peter Smith's account; Peter Smith called", "[NAME]'s account; [NAME] called"),
    ],
)
def test_what_is_personal_goes(typed: str, masked: str) -> None:
    assert mask(typed) == masked


def iban(country: str, bban: str) -> str:
    """An IBAN with the check digits that belong to it."""
    number = int("".join(str(int(c, 36)) for c in bban + country + "00"))
    return f"{country}{98 - number % 97:02d}{bban}"


def digits(count: int) -> st.SearchStrategy[str]:
    return st.text("0123456789", min_size=count, max_size=count)


IBANS = st.one_of(
    digits(18).map(lambda bban: iban("DE", bban)),
    digits(23).map(lambda bban: iban("FR", bban)),
    st.tuples(st.text("ABCDEFGHJKLMNPQRSTUVWXYZ", min_size=4, max_size=4), digits(14)).map(
        lambda parts: iban("GB", "".join(parts))
    ),
)
FRAMES = st.sampled_from(["{}", "to {} today", "IBAN {}, AC04", "({})", "returned:{}.", "wrong {} 17:40"])


@given(IBANS, FRAMES, st.booleans())
def test_no_iban_survives(number: str, frame: str, spaced: bool) -> None:
    assert iban_is_valid(number)
    shown = " ".join(re.findall(".{1,4}", number)) if spaced else number
    assert mask(frame.format(shown)) == frame.format("[IBAN]")


@given(digits(15), FRAMES, st.sampled_from(["", " ", "-"]))
def test_no_card_number_survives(start: str, frame: str, between: str) -> None:
    number = next(start + last for last in "0123456789" if card_is_valid(start + last))
    masked = mask(frame.format(between.join(re.findall(".{4}", number))))
    assert number[-4:] not in re.sub("17:40", "", masked)


@given(digits(10).filter(lambda run: not run.endswith("00000")), FRAMES)
@example("2026112399", "to {} today")
def test_no_long_run_of_digits_survives(run: str, frame: str) -> None:
    assert run not in mask(frame.format(run))


@given(st.uuids(version=4), FRAMES)
def test_no_uetr_survives(uetr: object, frame: str) -> None:
    assert mask(frame.format(uetr)) == frame.format("[UETR]")


@given(st.dates(date(1990, 1, 1), date(2099, 12, 31)), st.times(), st.integers(1, 999_999_999), FRAMES)
def test_dates_times_and_amounts_survive(day: date, time: object, amount: int, frame: str) -> None:
    hour = f"{time:%H:%M}"
    frame = frame.replace("IBAN", "on")
    for text in (day.isoformat(), f"{day:%Y%m%d}", hour, f"USD {amount:,}", f"{amount} EUR", f"{amount:,}.00"):
        assert mask(frame.format(text)) == frame.format(text)


@given(st.text(max_size=200))
@example("[ACCOUNT] and 1234567890")
def test_masking_twice_changes_nothing_more(text: str) -> None:
    once = mask(text)
    assert mask(once) == once


@given(st.text(st.characters(codec="utf-8") | st.sampled_from(" 0123456789-./:@AZaz"), max_size=300))
def test_findings_are_in_order_and_apart(text: str) -> None:
    findings = find_personal(text)
    assert all(0 <= f.start < f.end <= len(text) for f in findings)
    assert all(a.end <= b.start for a, b in pairwise(findings))


def test_the_same_account_is_the_same_placeholder() -> None:
    text = "1234567890 to 9876543210, then 1234 567 890 back"
    assert mask(text) == "[ACCOUNT] to [ACCOUNT-2], then [ACCOUNT] back"


def test_an_entry_is_masked_where_it_was_typed_and_where_it_is_repeated() -> None:
    entry = {
        "question": "account 12345678 of John Smith",
        "answer": {"statements": [{"text": "Call John Smith about 12345678."}]},
        "quote": "Sample: account 87654321",
        "score": 0.5,
    }
    masked = mask_entry(entry, ("question",))
    assert masked["question"] == "account [ACCOUNT] of [NAME]"
    assert masked["answer"]["statements"][0]["text"] == "Call [NAME] about [ACCOUNT]."
    assert masked["quote"] == "Sample: account 87654321"  # a document's own words
    assert masked["score"] == 0.5


def test_real_questions_are_left_alone() -> None:
    shared = os.environ.get("SHARED_DATA")
    if not shared:
        pytest.skip("SHARED_DATA is not set: the public questions are not here")
    lines = (Path(shared) / "public-payments" / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    changed = [question for question in (json.loads(line)["question"] for line in lines) if mask(question) != question]
    assert changed == []


def test_a_very_long_text_takes_no_long_time() -> None:
    for piece in ("1 ", "a1", "John ", "/1", "12-", "A.", "+1", "account "):
        mask(piece * 4000)
