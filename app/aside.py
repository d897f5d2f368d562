"""Passages beside the matter: they repeat the words of their document and seldom answer what is asked about it.

Measured on the sample library and on documents of other authors (policies, handbooks, specifications).
"""

import re
from typing import NamedTuple

from app.question import Question


class Aside(NamedTuple):
    """A kind of section, by its heading: what it keeps of its score, unless the question asks for what stands there."""

    heading: re.Pattern[str]
    keeps: float
    unless: re.Pattern[str] | None = None


def _headed(names: str) -> re.Pattern[str]:
    return re.compile(rf"^\W*[\d.]*\s*(?:{names})\W*$", re.IGNORECASE)


DEMOTED = 0.8
CONTROLLED = 0.5  # a row of document control, where no document is asked about
_ASIDES = (
    Aside(
        _headed(
            r"end ?notes?|foot ?notes?|references|bibliography|(?:table of )?contents|attachments?|index"
            r"|(?:change|version|revision|document) (?:history|control|log|record)"
            r"|changes(?: (?:in|to|of|since) (?:(?:this|the|last|previous) )*"
            r"(?:version|edition|release|document)\b.{0,10})?"
        ),
        DEMOTED,
    ),
    Aside(
        _headed(
            r"(?:key )?(?:(?:terms|words|definitions?|abbreviations|acronyms|glossary)(?:,? (?:and|&|of) )?(?:the )?)+"
        ),
        0.85,
        re.compile(
            r"\bmean(?:s|ing)?\b|\bdefin\w+|\bstands? for\b|\bcounts? as\b|\babbreviation|\bacronym"
            r"|\bwhat(?:'?s| is| are)? (?:an? |the )?\S+(?: \S+){0,2}\W*$",
            re.IGNORECASE,
        ),
    ),
    Aside(
        _headed(r"roles?(?:,? (?:and|&) \w+(?: \w+)?)?"),
        0.85,
        re.compile(
            r"\bwho(?:m|se)?\b|\broles?\b|\bresponsib\w*|\bdut(?:y|ies)\b|\bwhich (?:team|desk|queue|owner)\b"
            r"|\bapprov\w*|\ballow\w*|\bmay\b|\bcan (?:i|we|they|he|she|the|an?)\b|\bsigns?\b"
            r"|\bown(?:s|ed|ers?)?\b|\breleas\w*"
            r"|\b(?:makers?|checkers?|analysts?|leads?|managers?|officers?|heads?|supervisors?)\b",
            re.IGNORECASE,
        ),
    ),
    Aside(
        _headed(r"purpose|scope|(?:purpose|scope) and \w+|overview|introduction|background|objectives?"),
        0.95,
        re.compile(r"\bscope\b|\bappl(?:y|ies|icable)\b|\bcover(?:s|ed)?\b|\bpurpose\b", re.IGNORECASE),
    ),
)
_CONTROL_FIELD = re.compile(
    r"^(?:document|document (?:id|number|no\.?|title|type|owner)|owner|approved (?:by|on)|approver|prepared by|author"
    r"|version|status|effective(?: from| date)?\.?|valid (?:from|until|to)|replaces|supersedes|classification|readers"
    r"|distribution|(?:next )?review(?: date| due)?)$",
    re.IGNORECASE,
)
_ABOUT_DOCUMENTS = re.compile(
    r"\b(?:documents?|procedures?|sops?|guides?|manuals?|policy|policies|versions?)\b|\b[A-Z]{2,}-[A-Z]+-\d+\b",
    re.IGNORECASE,
)


def keeps(question: Question, heading: str, line: str = "") -> float:
    """What a passage under the heading, or one line of it, keeps of its score: 1, or less where it is an aside."""
    first, bar, _ = line.partition(" | ")
    if bar and _CONTROL_FIELD.match(first.strip()):
        return 1.0 if _ABOUT_DOCUMENTS.search(question.text) else CONTROLLED
    asides = (aside for aside in _ASIDES if aside.heading.search(heading))
    return next((a.keeps for a in asides if not (a.unless and a.unless.search(question.text))), 1.0)
