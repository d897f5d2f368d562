"""A question that supposes a change of a form, queue or document ("since HO-1 was split") that no passage tells of."""

import re

from app.evidence import Selection
from app.question import Question
from app.terms import words_of

# Only of things with an identifier: that an account was closed or a payment moved is a fact of the reader's case.
_CHANGED = re.compile(
    r"\b(?i:since|after|now that|because|given that|as)\s+(?:\w+\s+){0,2}?(?P<thing>[A-Z]{2,}[A-Z0-9]*-[A-Z0-9-]*\d\w*)"
    r"\s+(?:was|were|has been|have been|got)\s+(?P<change>abolished|split|merged|replaced|renamed|moved|withdrawn"
    r"|scrapped|dropped|discontinued|extended|shortened|raised|lowered|doubled|halved|closed|opened|introduced)\b"
)


def unproved_change(question: Question, selection: Selection) -> str:
    """One clause about the supposed change, or "" where a passage that was found has its word, or none is supposed."""
    found = _CHANGED.search(question.asked)
    if found is None:
        return ""
    told = words_of("\n".join(u.hit.with_headings for u in selection.ranked))
    return "" if words_of(found["change"]) & told else f"nothing found says that {found['thing']} was {found['change']}"
