"""Finds personal and account data in what people type; patterns and checksums, no model.

Detectors run from the surest to the vaguest. What one has taken, the next ones don't see: it is blanked out.
Some only protect: dates, amounts and message types are never taken for account numbers.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from app.person_names import find_names

KEEP = "KEEP"
_BLANK = "\x00"


@dataclass(frozen=True, slots=True)
class Finding:
    """Characters `start` to `end` are of the kind `label` (IBAN, CARD, ACCOUNT, NAME...)."""

    start: int
    end: int
    label: str


def find_personal(text: str) -> list[Finding]:
    """What must not be written down, in order, without overlaps."""
    findings = []
    for label, detect in _DETECTORS:
        for start, end in list(detect(text)):
            if _BLANK not in text[start:end]:
                findings.append(Finding(start, end, label))
                text = text[:start] + _BLANK * (end - start) + text[end:]
    return sorted((f for f in findings if f.label != KEEP), key=lambda f: f.start)


def iban_is_valid(iban: str) -> bool:
    """Whether the two check digits are right (ISO 7064, mod 97); spaces don't matter."""
    compact = re.sub(r"[\s-]", "", iban).upper()
    return int("".join(str(int(c, 36)) for c in compact[4:] + compact[:4])) % 97 == 1


def card_is_valid(number: str) -> bool:
    """Whether a card number's last digit is right (Luhn)."""
    digits = [int(c) for c in reversed(number) if c.isdecimal()]
    return sum(d if i % 2 == 0 else d * 2 - 9 * (d > 4) for i, d in enumerate(digits)) % 10 == 0


Spans = Iterator[tuple[int, int]]
Detector = Callable[[str], Spans]


def _pattern(pattern: str, *, ignore_case: bool = False, digits: int = 0) -> Detector:
    """All of the match, or its group "found" where the pattern has one, with so many digits or more."""
    compiled = re.compile(pattern, re.IGNORECASE if ignore_case else 0)
    group: str | int = "found" if "found" in compiled.groupindex else 0

    def detect(text: str) -> Spans:
        for match in compiled.finditer(text):
            if sum(map(str.isdecimal, match[group])) >= digits:
                yield match.span(group)

    return detect


# Length of an IBAN by country, from the public IBAN registry.
_IBAN_LENGTHS = {
    **dict.fromkeys(("NO",), 15), **dict.fromkeys(("BE",), 16), **dict.fromkeys(("DK", "FI", "FO", "GL", "NL"), 18),
    **dict.fromkeys(("MK", "SI"), 19), **dict.fromkeys(("AT", "BA", "EE", "KZ", "LT", "LU", "XK", "MN"), 20),
    **dict.fromkeys(("CH", "CR", "HR", "LI", "LV"), 21),
    **dict.fromkeys(("BG", "BH", "DE", "GB", "GE", "IE", "ME", "RS", "VA"), 22),
    **dict.fromkeys(("AE", "GI", "IL", "IQ", "OM", "SO", "TL"), 23),
    **dict.fromkeys(("AD", "CZ", "DZ", "ES", "MD", "PK", "RO", "SA", "SE", "SK", "TN", "VG"), 24),
    **dict.fromkeys(("PT", "ST", "LY"), 25), **dict.fromkeys(("IS", "TR"), 26),
    **dict.fromkeys(("FR", "GR", "IT", "MC", "MR", "SM", "BI", "DJ"), 27),
    **dict.fromkeys(("AL", "AZ", "BY", "CY", "DO", "GT", "HU", "LB", "NI", "PL", "SV"), 28),
    **dict.fromkeys(("BR", "EG", "PS", "QA", "UA"), 29), **dict.fromkeys(("JO", "KW", "MU"), 30),
    **dict.fromkeys(("MT", "SC"), 31), **dict.fromkeys(("LC",), 32), **dict.fromkeys(("RU",), 33),
}  # fmt: skip
_IBAN_HEAD = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{2}\d{2}(?=[ -]?[A-Za-z0-9])")


def _find_ibans(text: str) -> Spans:
    for head in _IBAN_HEAD.finditer(text):
        length = _IBAN_LENGTHS.get(head[0][:2].upper(), 0)
        more = f"{{{max(length - 1, 14)}}}"
        whole = re.compile(rf"[A-Za-z0-9](?:[ -]?[A-Za-z0-9]){more}(?![A-Za-z0-9])")
        found = whole.match(text, head.start())
        compact = found is not None and not re.search(r"[ -]", found[0])
        # A typing error in an IBAN leaves it personal data; with spaces only the check digits tell it from words.
        if found and length and (iban_is_valid(found[0]) or (compact and sum(map(str.isdecimal, found[0])) >= 8)):
            yield found.span()


def _find_cards(text: str) -> Spans:
    for match in re.finditer(r"(?<![\w.,])\d(?:[ -]?\d){12,18}(?![\w])", text):
        if card_is_valid(match[0]):
            yield match.span()


def _find_routing_numbers(text: str) -> Spans:
    # A US routing number names a bank, not a customer: kept where it is called one and its checksum is right.
    for match in re.finditer(r"(?i:ABA|routing|RTN|//FW)\D{0,12}(\d{9})(?!\d)", text):
        if sum(int(d) * w for d, w in zip(match[1], (3, 7, 1) * 3, strict=True)) % 10 == 0:
            yield match.span(1)


def _find_compact_dates(text: str) -> Spans:
    for match in re.finditer(r"(?<!\w)(?:19|20)\d{6}(?!\w)", text):
        try:
            datetime.strptime(match[0], "%Y%m%d")  # only asks whether the day exists
        except ValueError:
            continue
        yield match.span()


def _find_numbers(text: str) -> Spans:
    """Seven digits or more in one, nine or more in groups, unless they end like a round amount."""
    for match in re.finditer(r"(?<![\w.,])\d+(?:[ -]\d+)*(?!\w|[.,]\d)", text):
        groups = re.split(r"[ -]", match[0])
        digits = "".join(groups)
        least = 7 if len(groups) == 1 else 9
        if len(digits) >= least and max(map(len, groups)) > 2 and not digits.endswith("00000"):
            yield match.span()


def _find_party_lines(text: str) -> Spans:
    """The lines after the account in an MT message's fields 50 (payer) and 59 (payee): name and address."""
    for match in re.finditer(r":5[09][A-Z]?:(?:/[^\n]*\n)?(?P<found>[^:]+?)(?=\s*(?:\n:|\n-\}|$))", text):
        if match["found"].strip(_BLANK + " \n"):
            yield match.span("found")


_CURRENCIES = (
    "AED|ARS|AUD|BGN|BHD|BRL|CAD|CHF|CLP|CNH|CNY|COP|CZK|DKK|EGP|EUR|GBP|HKD|HUF|IDR|ILS|INR|ISK|JOD|JPY|KES|KRW|"
    "KWD|MAD|MXN|MYR|NGN|NOK|NZD|OMR|PEN|PHP|PKR|PLN|QAR|RON|RSD|SAR|SEK|SGD|THB|TND|TRY|TWD|UAH|USD|VND|ZAR"
)
_AMOUNT = r"\d+(?:[.,' ]\d{3})*(?:[.,]\d{1,3})?"
_BIC = r"(?<![A-Z0-9])[A-Z]{6}[A-Z0-9]{2}(?:[A-Z0-9]{3})?"
_UNITS = "k|mn?|bn|million|billion|euros?|dollars?|pounds?"
_LABEL = r"(?:accounts?|acct\.?|a/c|iban|konto|card|passport|ssn)"
_PARTY = r"(?:customer|client|tax|national)\s*(?:numbers?|no\.?|id|#)\s*[:=#]?\s*"
_LABEL_END = r"(?:\s*(?:numbers?|no\.?|nr\.?|num\.?|id|#))?\s*(?:is|was|[:=#])?\s*"
_CODE = r"(?P<found>[A-Za-z]{0,4}\d[A-Za-z0-9]{0,34}(?:[ ./-]\d[A-Za-z0-9]{0,34}){0,6})"

_DETECTORS: tuple[tuple[str, Detector], ...] = (
    (KEEP, _pattern(r"\[[A-Z]+(?:-\d+)?\]")),
    ("UETR", _pattern(r"(?<!\w)[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}(?!\w)", ignore_case=True)),
    ("EMAIL", _pattern(r"(?<![\w.+'-])[\w.+'-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")),
    ("IBAN", _find_ibans),
    ("CARD", _find_cards),
    (KEEP, _pattern(r"(?<!\w)\d{4}-\d\d-\d\d(?:T[\d:.]+(?:Z|[+-]\d\d:?\d\d)?)?(?!\w)")),
    (KEEP, _pattern(r"(?<![\w-])\d{1,2}[./-]\d{1,2}[./-](?:19|20)\d\d(?!\w)")),
    (KEEP, _pattern(r"(?<!\w)(?:19|20)\d\d\s?[-–/]\s?(?:19|20)?\d\d(?![\w-])")),
    (KEEP, _pattern(r"(?<![\w-])\d\d-\d\d-\d\d(?![\w-])")),  # a sort code names a bank
    (KEEP, _pattern(r"(?<!\w)\d{1,2}:\d\d(?::\d\d)?(?!\w)")),
    (KEEP, _pattern(r"(?<!\w)[a-z]{4}\.\d{3}(?:\.\d{3}\.\d\d)?(?!\w)", ignore_case=True)),
    (KEEP, _pattern(rf"(?<!\w)(?:{_CURRENCIES}|[$€£¥])\s?{_AMOUNT}(?!\d)")),
    (KEEP, _pattern(rf"(?<![\w.,]){_AMOUNT}\s?(?:{_CURRENCIES}|[$€£¥]|{_UNITS})(?!\w)")),
    (KEEP, _pattern(r"(?<![\w.,])\d{1,3}(?:,\d{3})+(?:\.\d+)?(?!\w)")),
    (KEEP, _pattern(r"(?<![\w.,])\d+[.,]\d{2}(?!\w|[.,]\d)")),
    (KEEP, _find_routing_numbers),
    ("PHONE", _pattern(r"(?<!\w)\+\d(?:[ ().-]{0,2}\d){7,14}(?!\w)")),
    ("PHONE", _pattern(r"(?<!\w)(?:\(\d{2,5}\)[-. ]?\d{2,4}|\d{3}[-. ]\d{3})[-. ]?\d{3,4}(?!\w)")),
    ("PHONE", _pattern(r"(?<!\w)0\d(?:[ .-]\d\d){4}(?!\w)")),
    ("PHONE", _pattern(r"(?i:phone|tel|mobile|cell|fax)\.?\W{0,3}(?P<found>\d(?:[ ().-]?\d){5,14})(?!\w)")),
    ("ACCOUNT", _pattern(rf"(?<!\w){_LABEL}{_LABEL_END}{_CODE}", ignore_case=True, digits=5)),
    ("ACCOUNT", _pattern(rf"(?<!\w){_PARTY}{_CODE}", ignore_case=True, digits=4)),
    ("ACCOUNT", _pattern(r"(?<!\w)end(?:s|ing)(?: in| with)?\s+(?P<found>\d{3,})(?!\w)", ignore_case=True)),
    ("ACCOUNT", _pattern(rf"{_BIC}[\s/,:-]{{1,3}}(?P<found>\d{{5,}})(?!\w)")),
    ("ACCOUNT", _pattern(r"(?<![\w/])/(?:[A-Z]/)?(?P<found>[A-Z0-9]*\d{5,}[A-Z0-9]*)(?!\w)")),
    ("ADDRESS", _find_party_lines),
    (KEEP, _find_compact_dates),
    ("ACCOUNT", _find_numbers),
    ("REFERENCE", _pattern(r"(?<!\w)(?=\d*[A-Za-z])(?=(?:[A-Za-z]*\d){7})[A-Za-z0-9]{8,35}(?!\w)")),
    ("NAME", find_names),
)  # fmt: skip
