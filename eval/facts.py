"""Whether an answer states a fact or a number: containment of canonical tokens, no model asked."""

import re

from eval.quantities import CURRENCY_CODES, is_quantity, tokens

FACT_SHARE = 0.5
"""Share of a fact's content words that must stand close together in the answer (see `states_fact`).

Set where golden facts against their own reference answers and quotes are found and facts of other cases are not.
"""

WINDOW = 3  # sentences in a row that may state one fact
SLACK = 6  # words that may stand between the words of one number phrase
_STOP = frozenset(
    token
    for token in tokens(
        "a an the of to in on at by for from with within into onto as is are be been being was were will would shall "
        "should must may might can could has have had do does did and or if then than that this these those it its "
        "their there they them he she his her we our you your i up down out over under after before until least most "
        "more less no not never without any each every all both such also yes only so when where which who whom what "
        "how latest later earliest minimum maximum about case cases either per"
    )
)
_NEGATIONS = frozenset(tokens("not no never cannot can't don't doesn't won't isn't aren't without neither nor"))
_MARKER = re.compile(r"\s*\[\d+(?:\s*,\s*\d+)*\]")
_SENTENCE = re.compile(r"(?<=[.!?;:])\s+(?=[A-Z0-9\"'“(\[•-])|\n+")


def plain_answer(text: str) -> str:
    """The answer without its citation markers, whose figures are not the answer's."""
    return _MARKER.sub("", text)


def states_fact(fact: str, answer: str) -> bool:
    """Whether up to three consecutive sentences of the answer state the fact.

    They must hold every number of the fact, at least half of its content words (stemmed; two at
    the least), and a negation if the
    fact has one. Paraphrases beyond stems are missed, so the figure is a lower bound; it is the same for every
    system measured.
    """
    wanted = tokens(fact)
    content = content_tokens(fact)
    numbers = {token for token in content if is_quantity(token)}
    negated = bool(_NEGATIONS & set(wanted))
    return any(_holds(window, content, numbers, negated) for window in _windows(answer))


def content_tokens(text: str) -> set[str]:
    """The tokens that carry the meaning; all of them where there are only small words."""
    found = tokens(text)
    return {token for token in found if token not in _STOP and token not in CURRENCY_CODES} or set(found)


def _holds(window: set[str], content: set[str], numbers: set[str], negated: bool) -> bool:
    if numbers - window or (negated and not _NEGATIONS & window):
        return False
    return len(content & window) >= max(min(2, len(content)), FACT_SHARE * len(content))


def sentences(text: str) -> list[str]:
    """The sentences and lines of a text, stripped, as they stand in it."""
    return [part.strip() for part in _SENTENCE.split(text) if part.strip()]


def _windows(answer: str) -> list[set[str]]:
    found = [tokens(part) for part in sentences(plain_answer(answer))]
    starts = range(max(1, len(found) - WINDOW + 1))
    return [{token for sentence in found[i : i + WINDOW] for token in sentence} for i in starts]


def states_number(number: str, answer: str) -> bool:
    """Whether the answer gives this number with its unit, however it is written.

    All words of the phrase but the small ones must stand within a few words of each other. A currency may be left
    out but must not be another one.
    """
    wanted = tokens(number)
    currencies = {token for token in wanted if token in CURRENCY_CODES}
    needed = {token for token in wanted if token not in _STOP and token not in CURRENCY_CODES} or set(wanted)
    found = tokens(plain_answer(answer))
    width = len(wanted) + SLACK
    anchors = {token for token in needed if is_quantity(token)} or needed
    for position, token in enumerate(found):
        if token not in anchors:
            continue
        window = found[max(0, position - width) : position + width + 1]
        if needed <= set(window) and not _other_currency(found, position, currencies):
            return True
    return False


def _other_currency(found: tuple[str, ...], position: int, currencies: set[str]) -> bool:
    beside = {token for token in found[max(0, position - 1) : position + 2] if token in CURRENCY_CODES}
    return bool(currencies and beside and not currencies & beside)
