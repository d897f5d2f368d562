"""Sentence boundaries as character offsets, so that every sentence stays a verbatim span of its source."""

import re

# An end mark, optional closing quotes or brackets, then white space before something that can open a sentence.
_BOUNDARY = re.compile(r"""(?<=[.!?;])["'”’)\]]*\s+(?=["'“‘(\[]?[A-Z0-9§•])""")
_ABBREVIATION = re.compile(
    r"(?:\b(?:e\.g|i\.e|etc|cf|vs|approx|incl|no|nos|art|sec|fig|para|ref|inc|ltd|corp|dept|mr|mrs|ms|dr|st|u\.s|u\.k|"
    r"a\.m|p\.m|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)|\b[A-Z]|^\W*\d{1,3})\.$",
    re.IGNORECASE,
)


def split_sentences(text: str) -> list[tuple[int, int]]:
    """The (start, end) offsets of the sentences of `text`; a line break always ends one, blanks are left out."""
    spans: list[tuple[int, int]] = []
    offset = 0
    for line in text.split("\n"):
        spans.extend(_split_line(line, offset))
        offset += len(line) + 1
    return spans


def _split_line(line: str, offset: int) -> list[tuple[int, int]]:
    spans = []
    start = 0
    for match in _BOUNDARY.finditer(line):
        head = line[start : match.start()]
        if _ABBREVIATION.search(head):
            continue
        spans.append((start, match.end()))
        start = match.end()
    spans.append((start, len(line)))
    return [(offset + a, offset + b) for a, b in (_strip(line, *s) for s in spans) if a < b]


def _strip(line: str, start: int, end: int) -> tuple[int, int]:
    piece = line[start:end]
    return start + len(piece) - len(piece.lstrip()), end - len(piece) + len(piece.rstrip())
