"""The hard facts in a text: numbers, times, codes, currencies, negation. Verification and abstention compare them."""

import re
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from functools import lru_cache

from ingest.lexical import analyse

_CURRENCY_WORDS = {
    "usd": r"\bUSD\b|US\$|\bU\.?S\.? dollars?\b|(?<![A-Z])\$|\bdollars?\b",
    "gbp": r"\bGBP\b|£|\bsterling\b",
    "eur": r"\bEUR\b|€|\beuros?\b",
    "jpy": r"\bJPY\b|¥|\byen\b",
    "chf": r"\bCHF\b|\bswiss francs?\b",
    "cad": r"\bCAD\b|\bcanadian dollars?\b",
    "aud": r"\bAUD\b|\baustralian dollars?\b",
    "hkd": r"\bHKD\b|\bhong kong dollars?\b",
    "sgd": r"\bSGD\b|\bsingapore dollars?\b",
    "cny": r"\bCN[YH]\b|\brenminbi\b|\byuan\b",
    "sek": r"\bSEK\b|\bswedish kron(?:a|or)\b",
    "nok": r"\bNOK\b|\bnorwegian kron(?:e|er)\b",
    "dkk": r"\bDKK\b|\bdanish kron(?:e|er)\b",
    "nzd": r"\bNZD\b|\bnew zealand dollars?\b",
    "zar": r"\bZAR\b|\brands?\b",
    "mxn": r"\bMXN\b|\bmexican pesos?\b",
    "inr": r"\bINR\b|\brupees?\b",
    "pln": r"\bPLN\b|\bzloty\b",
    "czk": r"\bCZK\b",
    "huf": r"\bHUF\b|\bforints?\b",
    "try": r"\bTRY\b|\bturkish lira\b",
    "aed": r"\bAED\b|\bdirhams?\b",
    "sar": r"\bSAR\b|\briyals?\b",
    "brl": r"\bBRL\b|\bbrazilian reals?\b|\breais\b",
    "thb": r"\bTHB\b|\bbaht\b",
}
_CASE_SENSITIVE = {"try", "zar"}  # "try" and "rand" are words
_CURRENCIES = {
    name: re.compile(pattern, 0 if name in _CASE_SENSITIVE else re.IGNORECASE)
    for name, pattern in _CURRENCY_WORDS.items()
}
_SYSTEMS = {
    name: re.compile(pattern, re.IGNORECASE)
    for name, pattern in {
        "fedwire": r"\bfedwire\b|\bFRB? funds service\b",
        "chips": r"\bCHIPS\b|\bclearing house interbank payments\b",
        "chaps": r"\bCHAPS\b",
        "fedach": r"\bfedach\b",
        "ach": r"\bACH\b|\bautomated clearing house\b|\bfedach\b|\bnacha\b|\bEPN\b",
        "fednow": r"\bfednow\b",
        "rtp": r"\bRTP\b|\breal[- ]time payments? (?:network|system)\b",
        "sepa": r"\bSEPA\b|\bSCT\b|\bSDD\b",
        "sct inst": r"\bSCT ?inst\b|\binstant credit transfer\b|\bSEPA instant\b",
        "t2": r"\bT2\b|\btarget ?2?\b(?=.{0,20}\b(?:system|RTGS|euro|cut|closing|settle))",
        "faster payments": r"\bfaster payments\b|\bFPS\b",
        "bacs": r"\bBACS\b",
        "swift": r"\bSWIFT\b|\bCBPR\+?|\bgpi\b",
        "zengin": r"\bzengin\b|\bBOJ[- ]?NET\b",
        "lynx": r"\blynx\b",
        "upi": r"\bUPI\b",
        "pix": r"\bPIX\b",
    }.items()
}
# Financial centres and countries that payments procedures are written for: a question about one of them is not
# answered by what another has.
_PLACES = re.compile(
    r"\b(?:abu dhabi|amsterdam|auckland|bangkok|beijing|boston|brussels|bucharest|budapest|cape town|chicago|copenhagen"
    r"|dallas|doha|dubai|dublin|edinburgh|frankfurt|geneva|glasgow|helsinki|hong kong|istanbul|jakarta|johannesburg"
    r"|kuala lumpur|lagos|lisbon|london|los angeles|luxembourg|madrid|manila|melbourne|mexico city|miami|milan"
    r"|montreal|mumbai|munich|nairobi|new delhi|new york|oslo|osaka|paris|prague|riyadh|rome|san francisco|santiago"
    r"|s[aã]o paulo|seoul|shanghai|shenzhen|singapore|stockholm|sydney|taipei|tel aviv|tokyo|toronto|vancouver|vienna"
    r"|warsaw|washington|zurich"
    r"|argentina|australia|austria|bahrain|belgium|brazil|bulgaria|canada|chile|china|colombia|croatia|cyprus|denmark"
    r"|egypt|estonia|finland|france|germany|ghana|greece|hungary|iceland|india|indonesia|iran|iraq|ireland|israel|italy"
    r"|japan|kazakhstan|kenya|kuwait|latvia|lebanon|liechtenstein|lithuania|malaysia|malta|mexico|morocco|netherlands"
    r"|new zealand|nigeria|norway|oman|pakistan|panama|peru|philippines|poland|portugal|qatar|romania|russia"
    r"|saudi arabia|serbia|slovakia|slovenia|south africa|south korea|spain|sri lanka|sweden|switzerland"
    r"|taiwan|thailand|tunisia|ukraine|united arab emirates|uruguay|venezuela|vietnam"
    r"|alabama|alaska|arizona|arkansas|california|colorado|connecticut|delaware|florida|hawaii|idaho|illinois|indiana"
    r"|iowa|kansas|kentucky|louisiana|maine|maryland|massachusetts|michigan|minnesota|mississippi|missouri|montana"
    r"|nebraska|nevada|new hampshire|new jersey|new mexico|north carolina|north dakota|ohio|oklahoma|oregon"
    r"|pennsylvania|rhode island|south carolina|south dakota|tennessee|texas|utah|vermont|virginia|wisconsin"
    r"|wyoming)\b",
    re.IGNORECASE,
)
_YEAR = re.compile(r"\b20\d\d\b")
_REASON_CODE = re.compile(r"\b(?:[A-Z]{2}\d{2}|[RC]\d{2}|[A-Z]\d{3}|R\d{2}D)\b")
_MESSAGE = re.compile(r"\b(?:pacs|pain|camt|acmt|admi)[. ]?\d{3}(?=s?\b)|\bMT ?\d{3}(?=s?\b)", re.IGNORECASE)
_NEGATION = re.compile(
    r"\b(?:not|never|no|none|cannot|neither|nor|without|unless|except|prohibited|forbidden|refuse[sd]?)\b|n['’]t\b",
    re.IGNORECASE,
)


def numbers(text: str) -> set[str]:
    """Numbers, amounts, times and identifiers with digits, normalised (1,000 is 1000; 5 p.m. is 17:00)."""
    return {term for term in analyse(text) if any(char.isdigit() for char in term)}


@lru_cache(maxsize=20_000)
def currencies(text: str) -> frozenset[str]:
    """ISO codes, in lower case, of the currencies that the text names by code, symbol or word."""
    return frozenset(name for name, pattern in _CURRENCIES.items() if pattern.search(text))


def reason_codes(text: str) -> set[str]:
    """ISO 20022 and ACH reason codes of a letters-and-digits form (AC04, R10, G004)."""
    return set(_REASON_CODE.findall(text))


@lru_cache(maxsize=20_000)
def systems(text: str) -> frozenset[str]:
    """The payment systems and schemes that the text names (fedwire, chaps, sct inst...)."""
    return frozenset(name for name, pattern in _SYSTEMS.items() if pattern.search(text))


def places(text: str) -> set[str]:
    """Financial centres that the text names, in lower case."""
    return {name.lower() for name in _PLACES.findall(text)}


def years(text: str) -> set[str]:
    """Years of this century that the text names."""
    return set(_YEAR.findall(text))


def messages(text: str) -> set[str]:
    """Message types: pacs.004, mt103..."""
    return {re.sub(r"[ ]", "" if name[:2].lower() == "mt" else ".", name.lower()) for name in _MESSAGE.findall(text)}


def negated(text: str) -> bool:
    """Whether the text says no to anything."""
    return bool(_NEGATION.search(text))


_SHOWS: dict[str, re.Pattern[str]] = {
    "time": re.compile(
        r"\b\d{1,2}[:.]\d\d\b|\b\d{1,2} ?[ap]\.?m\b|\b(?:noon|midnight|close of business|end of day)\b", re.I
    ),
    "amount": re.compile(
        r"[$€£¥]\s?\d|\b[A-Z]{3} ?\d|\b\d[\d,.]* ?(?:(?!C?E[SD]?T\b|GMT\b|UTC\b|BST\b)[A-Z]{3}\b|million|percent|%)"
        r"|\b\d{1,3}(?:,\d{3})+"
    ),
    "price": re.compile(
        r"\b(?:fees?|prices?|priced|costs?|charges?|charged)\b.{0,80}(?:[$€£¥]\s?\d|\b[A-Z]{3} ?\d|%)"
        r"|(?:[$€£¥]\s?\d|\b[A-Z]{3} ?\d).{0,60}\b(?:fees?|prices?|costs?|charges?|charged)\b|\bfree of charge\b",
        re.IGNORECASE,
    ),
    "telephone": re.compile(r"\b(?:ext|extension|tel)\b\.? ?\d|\b0?\d{2,4}[ -]\d{3,5}[ -]?\d{3,4}\b|\+\d"),
    "e-mail address": re.compile(r"\S@\S+\.\w"),
    "duration": re.compile(
        r"\b(?:\d+|one|two|three|four|five|six|seven|eight|nine|ten|\w+teen|twenty|thirty|sixty|ninety)[- ]"
        r"(?:\w+[- ]){0,2}(?:minute|hour|day|week|month|year)s?\b"
        r"|\b(?:immediately|at once|without delay|(?:same|next) (?:business |banking |working )?day)\b",
        re.I,
    ),
    "person": re.compile(
        r"\b(?:team|desk|manager|officer|lead|head|supervisor|analyst|committee|board|owner|operations)\b", re.I
    ),
}


def has_value(kind: str) -> bool:
    """Whether questions of this kind ask for something that can be seen in a text."""
    return kind in _SHOWS


def shows(kind: str, text: str) -> bool:
    """Whether the text holds the kind of value asked for (a time, an amount, a duration, a role)."""
    pattern = _SHOWS.get(kind)
    return pattern is None or bool(pattern.search(text))


def conflict(question: str, evidence: Iterable[str]) -> str:
    """Why the evidence is about something else than the question, or "".

    If the question names a currency or reason code, and the evidence (quote, headings, title together) names
    only others of that class, the evidence can't answer, however alike the wording.
    """
    whole = "\n".join(evidence)
    for what, find in (("currency", currencies), ("reason code", reason_codes)):
        asked, found = find(question), find(whole)
        if asked and found and not asked & found:
            return f"the passage is about {_names(found)}, the question about {_names(asked)} ({what})"
    return ""


def _names(values: AbstractSet[str]) -> str:
    return ", ".join(sorted(value.upper() for value in values))
