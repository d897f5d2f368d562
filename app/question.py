"""What a question asks: its terms, the identifiers it names, the kind of answer it wants, and what came before."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from app.glossary import Glossary, load_glossary
from app.redact import PLACEHOLDER
from app.values import currencies
from ingest.index import Alternatives
from ingest.lexical import analyse

AnswerKind = Literal["time", "amount", "price", "duration", "telephone", "e-mail address", "person", "steps", "other"]


@dataclass(frozen=True, slots=True)
class Turn:
    """One earlier question or answer of the conversation."""

    role: Literal["user", "assistant"]
    text: str


@dataclass(frozen=True, slots=True)
class Question:
    """A question that stands on its own.

    `terms` are its words; `searched` adds to each what else it may be called. `names` are the identifiers in it, as
    typed (AC04, pacs.004, CHAPS). `keys` are the identifiers and currencies as terms with their synonyms: a passage
    without any of them is hardly about the question.
    """

    text: str
    asked: str
    terms: tuple[str, ...]
    searched: tuple[Alternatives, ...]
    names: tuple[str, ...]
    keys: tuple[Alternatives, ...]
    wants: AnswerKind


_GOES_ON = re.compile(r"^\W*(?:and|but|so|ok|okay|also|then|what about|how about|same|which one|why)\b", re.IGNORECASE)
_LEANS_ON_BEFORE = re.compile(
    r"\b(?:it|its|they|them|their|that|those|these|this|there|he|she|meantime|same|one|ones)\b",
    re.IGNORECASE,
)
# What looks like an identifier: message types, codes, forms, queues, document ids, and words in capitals.
_NAME = re.compile(
    r"\b(?:pacs|pain|camt|acmt|admi|trck)[. ]?\d{3}(?=s?\b)|\b(?:MT|mt) ?\d{3}(?=s?\b)"
    r"|\b[A-Z][A-Z0-9]*(?:-[A-Z0-9]+)+\b|\b[A-Z]{2,4}\d{1,2}[A-Z]?\b|\b[A-Za-z]\d{2,3}[A-Z]?\b|\b[a-z]{2}\d{2}\b"
    r"|\b[A-Z]{3,}\b|\b\d+\.\d+\b"
)
# A number that names something: "error 3302", "pair 7", "window 2"; and one of four digits that is neither a year nor a
# quantity.
_CODE_NUMBER = re.compile(r"\b(?:codes?|errors?|reasons?|status) #?(\d{1,5}[a-z]?)\b", re.IGNORECASE)
_NUMBERED = re.compile(
    r"\b(?:pair|step|table|form|section|window|field|tag|line|level|annex|appendix|chapter|rule|option|type|number|no\.?)"
    r" #?(\d{1,5}[a-z]?)\b",
    re.IGNORECASE,
)
_CURRENCY = r"(?:usd|eur|gbp|jpy|chf|cad|aud|hkd|sgd)"
_FOUR_DIGITS = re.compile(
    rf"(?<![\w.,:$€£¥-])(?<!{_CURRENCY} )(?!(?:19|20)\d\d\b)\d{{4}}\b"
    rf"(?![.,:]?\d|[%-]| ?(?:{_CURRENCY}|[km]|mio|mn|million|dollars|euros?|pounds?|items?|payments?|days?|hours?"
    r"|[cepm][sd]?t|ce[sd]?t|gmt|utc|bst)\b)",
    re.IGNORECASE,
)
_WANTS: dict[AnswerKind, str] = {
    "duration": r"\bhow (?:long|far ahead|many (?:\w+ )?(?:days|hours|minutes|months|years|weeks))\b|\bretention\b"
    r"|\bhow (?:soon|quick(?:ly)?|fast)\b|\btime ?(?:limit|frame)\b|\bturn-?around\b|\bSLA\b"
    r"|\bhow much (?:time|notice|longer|earlier|warning)\b",
    "time": r"\bcut[- ]?offs?\b|\b(?:what|latest) time\b|\bdeadline\b|\bdue (?:date|by)\b"
    r"|\bhow late\b|\buntil when\b|\bby when\b",
    "price": r"\bfees?\b|\bwhat (?:does|do|did|will) .{0,40}\bcost\b|\bprice (?:of|for)\b|\bpriced\b",
    "telephone": r"\b(?:tele)?phone number\b|\btheir phone\b"
    r"|\b(?:duty|desk|mgr|manager|team|whats|what's) .{0,20}\bphone\b$",
    "e-mail address": r"\be-?mail address\b|\bmailbox address\b",
    "amount": r"\bhow much\b|(?<!over[ -])\blimits?\b|\bthreshold\b|\bmax(?:imum)?\b"
    r"(?! (?:chars?|characters?|length|lines?)\b)|\bminimum amount\b|\bceiling\b|\bcaps?\b",
    "person": r"(?:^|[^\w\s'-]\s*|\s[-–] |\b(?:and|or|but|so|then|by|to|from|with|for|is|of|[a-z]+,) )who\b"
    r"|\bwhom\b|\bwhose\b|\bwhich (?:team|desk|queue|role|owner)\b",
    "steps": r"\bwhat (?:do|should|must) (?:i|we)\b|\bwhat (?:now|next)\b|\bhow (?:do|should|to|can)\b"
    r"|\bsteps?\b|\bprocess\b|\bprocedure\b",
}


def read_question(text: str, history: Sequence[Turn] = (), glossary: Glossary | None = None) -> Question:
    """The question as one that stands alone: a follow-up takes the earlier questions' words with it."""
    asked = _plain(text)
    whole = asked
    if history and _needs_context(asked):
        earlier = [_plain(turn.text) for turn in history if turn.role == "user"][-1:]
        whole = " ".join([*earlier, asked])
    terms = analyse(whole)
    searched = (glossary or load_glossary()).expand(terms)
    names = tuple(dict.fromkeys([*_NAME.findall(whole), *_CODE_NUMBER.findall(whole)]))
    numbers = [*_NUMBERED.findall(whole), *_FOUR_DIGITS.findall(whole)]
    key_terms = {term for name in (*names, *numbers) for term in analyse(name)[:1]} | currencies(whole)
    return Question(
        text=whole,
        asked=asked,
        terms=tuple(dict.fromkeys(terms)),
        searched=searched,
        names=names,
        keys=tuple(group for group in searched if group[0] in key_terms),
        wants=next((kind for kind, pattern in _WANTS.items() if re.search(pattern, asked, re.IGNORECASE)), "other"),
    )


def _plain(text: str) -> str:
    """The text on one line, without the placeholders of masked names and accounts: no procedure is about those."""
    return " ".join(PLACEHOLDER.sub(" ", text).split())


def _needs_context(asked: str) -> bool:
    pronoun, name = _LEANS_ON_BEFORE.search(asked), _NAME.search(asked)
    if _GOES_ON.search(asked) or len(analyse(asked)) < (2 if name else 3):
        return True
    # "RR04, what does it mean?" speaks of what stands before its pronoun, not of an earlier question.
    return pronoun is not None and not (name and name.start() < pronoun.start())
