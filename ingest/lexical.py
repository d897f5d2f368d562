"""Lexical analysis: text -> terms for BM25, with the trade's identifiers kept as single terms."""

import re
import threading
from collections.abc import Iterator
from functools import lru_cache

import Stemmer

LEXICAL_VERSION = "4"

_TOKEN = re.compile(
    r"""
    (?P<uetr>[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})
  | (?P<mx>\b(?:pacs|pain|camt|acmt|admi|head|trck|reda|auth)[. ]?(?P<mxno>\d{3})(?P<mxver>\.\d{3}\.\d{2})?)
  | \bMT[ -]?(?P<mt>\d{3})(?![\d,.])
  | (?P<hour>\d{1,2})[:.](?P<minute>[0-5]\d)(?:\s?(?P<half>[ap]\.?\s?m\b\.?))?(?![\d,.:]*\d)
  | (?P<hour12>\d{1,2})\s?(?P<half12>[ap]\.?m\b\.?)
  | (?P<sign>[$£€¥])
  | (?P<number>\d{1,3}(?:[,'’]\d{3})+(?:\.\d+)?|\d+\.\d+|\d+)
    (?P<scale>\s?(?:m|mn|mm|mio|mln|k|bn|million|billion|thousand)\b)?
    (?P<suffix>[A-Za-z]\w*)?
  | (?P<word>[^\W\d_]+(?:['’][^\W\d_]+)?[\d]*\w*(?:-\w+)*)
    """,
    re.VERBOSE | re.IGNORECASE,
)
_STOP = frozenset(
    "a about above after again all also am an and any are as at be been before being below between both but by can "
    "could did do does doing during each for from further had has have having he her here hers him his how i if in "
    "into is it its itself just me more most my no nor not now of off on once only or other our ours out over own "
    "please same shall she should so some such than that the their theirs them then there these they this those "
    "through to too under until up us very was we were what when where which while who whom why will with would you "
    "your yours s t don re ve ll d m".split()
)
_SCALES = {"k": 3, "thousand": 3, "m": 6, "mn": 6, "mm": 6, "mio": 6, "mln": 6, "million": 6, "bn": 9, "billion": 9}
# A currency is its ISO code, whether people type a sign, a word or the code.
_SIGNS = {"$": "usd", "£": "gbp", "€": "eur", "¥": "jpy"}
_CURRENCY_WORDS = {"yen": "jpy", "sterling": "gbp", "euro": "eur", "euros": "eur", "dollar": "usd", "dollars": "usd"}
_NUMBER_WORDS = dict(
    zip(
        "two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
        "eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety".split(),
        [*range(2, 21), *range(30, 100, 10)],
        strict=True,
    )
)
# One spelling for both sides of the Atlantic; applied to documents and questions alike, so it need not be English.
_SPELLINGS = ((re.compile(r"is(e[drs]?|ing|ations?)$"), r"iz\1"), (re.compile(r"^cheque"), "check"))
_CURRENCY_CODES = frozenset({*_SIGNS.values(), "cny", "try"})  # the stemmer would take their last letter

_local = threading.local()


def analyse(text: str) -> list[str]:
    """The terms of `text` in order: stems of words, and normalised identifiers, amounts, numbers and times."""
    return list(_terms(text))


def _terms(text: str) -> Iterator[str]:
    for match in _TOKEN.finditer(text):
        if match.lastgroup == "word":  # most are, and asking for each of the other groups costs more than the word
            yield from _word(match["word"])
        elif match["uetr"]:
            yield match["uetr"].lower()
        elif match["mx"]:
            base = f"{match['mx'][:4].lower()}.{match['mxno']}"
            yield base
            if match["mxver"]:
                yield base + match["mxver"]
        elif match["mt"]:
            yield f"mt{match['mt']}"
        elif match["hour"] or match["hour12"]:
            yield _time(match)
        elif match["sign"]:
            yield _SIGNS[match["sign"]]
        elif match["number"]:
            yield from _number(match)


def _time(match: re.Match[str]) -> str:
    hour = int(match["hour"] or match["hour12"])
    half = (match["half"] or match["half12"] or "").lower()
    if half.startswith("p") and hour < 12:
        hour += 12
    elif half.startswith("a") and hour == 12:
        hour = 0
    return f"{hour:02d}:{match['minute'] or '00'}"


def _number(match: re.Match[str]) -> Iterator[str]:
    digits = re.sub(r"[,'’]", "", match["number"])
    if match["suffix"] and not match["scale"]:
        yield (digits + match["suffix"]).lower()
        return
    if match["scale"]:
        value = float(digits) * 10 ** _SCALES[match["scale"].strip().lower()]
        yield f"{value:.0f}"
    else:
        yield re.sub(r"\.0+$", "", digits)
    if match["suffix"]:
        yield from _word(match["suffix"])


@lru_cache(maxsize=100_000)  # a library's words repeat: stemming is most of the work of writing an index
def _word(raw: str) -> tuple[str, ...]:
    return tuple(_word_terms(raw))


def _word_terms(raw: str) -> Iterator[str]:
    word = re.sub(r"['’]s$|['’]", "", raw.lower())
    pieces = word.split("-")
    if len(pieces) > 1:
        yield _stem("".join(pieces))
    for piece in pieces:
        if piece in _NUMBER_WORDS:
            yield str(_NUMBER_WORDS[piece])
        elif piece and piece not in _STOP:
            yield _stem(piece)


def _stem(word: str) -> str:
    if word in _CURRENCY_WORDS:
        return _CURRENCY_WORDS[word]
    if any(char.isdigit() for char in word) or word in _CURRENCY_CODES:
        return word
    for pattern, replacement in _SPELLINGS:
        word = pattern.sub(replacement, word)
    if not hasattr(_local, "stemmer"):  # PyStemmer objects are not thread-safe
        _local.stemmer = Stemmer.Stemmer("english")
    return str(_local.stemmer.stemWord(word))
