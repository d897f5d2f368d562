"""Numbers, dates, times, amounts and units as comparable tokens: 1,000 is 1000, thirty is 30, 5 p.m. is 17:00."""

import re
import unicodedata
from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache

import Stemmer

_stemmer = Stemmer.Stemmer("english")
_UNITS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen"
).split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_NUMBER_WORDS = {word: i for i, word in enumerate(_UNITS)} | {word: 20 + 10 * i for i, word in enumerate(_TENS)}
_SCALES = {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_SUFFIXES = {"k": 1000, "m": 10**6, "mn": 10**6, "mio": 10**6, "bn": 10**9, "tn": 10**12} | _SCALES
_MONTHS = "january february march april may june july august september october november december".split()
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
# "may 5 days" is a permission, not a date.
_UNIT = r"(?:business|banking|calendar|working)?\s*(?:second|minute|hour|day|week|month|year)"
_CURRENCIES = {
    **dict.fromkeys(("$", "us$", "dollar", "dollars", "usd"), "usd"),
    **dict.fromkeys(("€", "euro", "euros", "eur"), "eur"),
    **dict.fromkeys(("£", "sterling", "gbp"), "gbp"),
    **dict.fromkeys(("¥", "yen", "jpy"), "jpy"),
    "chf": "chf",
}
CURRENCY_CODES = frozenset(_CURRENCIES.values())
_ALIASES = {
    **dict.fromkeys(("hr", "hrs"), "hour"),
    **dict.fromkeys(("min", "mins"), "minute"),
    **dict.fromkeys(("sec", "secs"), "second"),
    **dict.fromkeys(("cheque", "cheques"), "check"),
    **dict.fromkeys(("mon", "tue", "tues", "wed", "thu", "thur", "thurs", "fri", "sat", "sun"), ""),
    "workday": "business day",
    "%": "percent",
    "no.": "number",
}
_ALIASES |= {
    short: full
    for full in ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    for short in _ALIASES
    if _ALIASES[short] == "" and full.startswith(short)
}
_PREFIX = re.compile(r"\b(anti|co|e|inter|non|pre|re|sub|un)-(?=[a-z])")  # "un-batch" is "unbatch"
_TOKEN = re.compile(
    rf"""
    (?P<email>[\w.+-]+@[\w-]+(?:\.[\w-]+)+)
  | (?P<iso>\b(?P<iy>\d{{4}})-(?P<im>\d{{2}})-(?P<id>\d{{2}})\b)
  | (?P<clock>\b\d{{1,2}}[:.]\d{{2}}\s*[ap]\.?m\b\.? | \b\d{{1,2}}\s*[ap]\.?m\b\.? | \b\d{{1,2}}:\d{{2}}(?!\d))
  | (?P<noon>\bnoon\b|\bmidday\b|\bmidnight\b)
  | (?P<daymonth>\b(?P<d1>\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?(?P<m1>{_MONTH})\b\.?)
  | (?P<monthday>\b(?P<m2>{_MONTH})\b\.?\s+(?P<d2>\d{{1,2}})(?:st|nd|rd|th)?\b(?![\d.,]*\d)(?!\s+{_UNIT}))
  | (?P<money>us\$|[$€£¥])
  | (?P<number>(?<![\w.])\d{{1,3}}(?:,\d{{3}})+(?:\.\d+)?(?![\w]) | (?<![\w.])\d+(?:\.\d+)?(?![\w.]*[a-z0-9]))
    (?:\s?(?P<scale>million|billion|trillion|thousand|bn|mn|mio|tn|k|m)\b)?
  | (?P<scaled>(?<![\w.])(?P<sn>\d+(?:\.\d+)?)(?P<ss>bn|mn|mio|tn|k|m)\b)
  | (?P<percent>%|\bper\s?cent\b)
  | (?P<word>\w+(?:\.\w+)*)
    """,
    re.VERBOSE,
)


@lru_cache(maxsize=4096)
def tokens(text: str) -> tuple[str, ...]:
    """Canonical tokens in order: dates as "12/31", times as "17:00", amounts as plain decimals, words stemmed."""
    plain = unicodedata.normalize("NFKC", re.sub(r"[\u00ad\u2010-\u2015\u2212]", "-", text)).casefold()
    plain = _PREFIX.sub(r"\1", plain.replace("’", "'").replace("'s", ""))
    found: list[str] = []
    for match in _TOKEN.finditer(plain):
        found.extend(_canonical(match))
    return tuple(_join_number_words(found))


def is_quantity(token: str) -> bool:
    """Whether a canonical token must be exact: a number, date, time, code with digits, phone or e-mail address."""
    return "@" in token or any(char.isdigit() for char in token)


def _canonical(match: re.Match[str]) -> list[str]:
    for kind, read in _READERS.items():
        if match[kind] is not None:
            return read(match)
    return [_CURRENCIES.get(match.group(), match.group())]


def _date(month: str, day: str) -> str:
    return f"{next(i for i, name in enumerate(_MONTHS, 1) if name.startswith(month[:3]))}/{int(day)}"


def _word(text: str) -> list[str]:
    text = _ALIASES.get(text, text)
    if text in _CURRENCIES:
        return [_CURRENCIES[text]]
    if text.isdigit():
        return [text if text.startswith("0") else str(int(text))]
    if text in _NUMBER_WORDS or text in _SCALES:
        return [f"#{text}"]
    return [_stemmer.stemWord(part) for part in text.split()]


def _clock(text: str) -> str:
    digits = re.findall(r"\d+", text)
    hour, minute = int(digits[0]), int(digits[1]) if len(digits) > 1 else 0
    if re.search(r"[ap]\.?m", text):
        hour = hour % 12 + (12 if "p" in text else 0)
    return f"{hour:02d}:{minute:02d}"


def _decimal(number: str, scale: str | None) -> str:
    plain = number.replace(",", "")
    if plain.isdigit() and plain.startswith("0") and scale is None:
        return plain  # "021" is a code, not twenty-one
    value = Decimal(plain) * _SUFFIXES.get(scale or "", 1)
    return format(value.normalize(), "f")


_READERS: dict[str, Callable[[re.Match[str]], list[str]]] = {
    "daymonth": lambda m: [_date(m["m1"], m["d1"])],
    "monthday": lambda m: [_date(m["m2"], m["d2"])],
    "iso": lambda m: [f"{int(m['im'])}/{int(m['id'])}", m["iy"]],
    "clock": lambda m: [_clock(m.group())],
    "noon": lambda m: ["00:00" if m.group() == "midnight" else "12:00"],
    "number": lambda m: [_decimal(m["number"], m["scale"])],
    "scaled": lambda m: [_decimal(m["sn"], m["ss"])],
    "percent": lambda m: ["percent"],
    "word": lambda m: [part for piece in m.group().split(".") for part in _word(piece)],
}


def _join_number_words(found: list[str]) -> list[str]:
    # "#thirty #five" is 35, "#two #hundred" 200; "and" inside a number is not supported on purpose.
    joined: list[str] = []
    total: int | None = None
    for token in [*found, ""]:
        if token.startswith("#"):
            total = _add_number_word(total, token[1:])
            continue
        if total is not None:
            joined.append(str(total))
            total = None
        joined.append(token)
    return joined[:-1]


def _add_number_word(total: int | None, word: str) -> int:
    if word in _SCALES:
        return (total or 1) * _SCALES[word]
    return (total or 0) + _NUMBER_WORDS[word]
