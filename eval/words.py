"""Comparable words of a text, and how much of a quote stands in a passage."""

import re
import unicodedata
from difflib import SequenceMatcher

MIN_RUN = 4  # words in a row; shorter agreements are chance
_DASHES = re.compile(r"[\u00ad\u2010-\u2015\u2212]")
_INNER = re.compile(r"(?<=\w)['’\-](?=\w)")
_WORD = re.compile(r"\w+")


def words(text: str) -> list[str]:
    """Lower-case words without punctuation; hyphens inside words vanish ("un-batch" is "unbatch")."""
    plain = unicodedata.normalize("NFKC", _DASHES.sub("-", text)).casefold()
    return _WORD.findall(_INNER.sub("", plain))


def overlap(quote: str, passage: str) -> float:
    """Share (0 to 1) of the quote's words that stand in the passage, in order, in runs of at least four.

    A quote of fewer than four words must stand there whole. Runs, not single words, so that common vocabulary
    is no agreement; several runs, so that one OCR slip or a lost hyphen does not halve the score.
    """
    wanted, found = words(quote), words(passage)
    if not wanted or not found:
        return 0.0
    matcher = SequenceMatcher(None, found, wanted, autojunk=False)
    least = min(MIN_RUN, len(wanted))
    return sum(block.size for block in matcher.get_matching_blocks() if block.size >= least) / len(wanted)
