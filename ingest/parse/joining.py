"""Joins the words of lines into the text of a block, with a span for each word and hyphenation undone."""

import re
from collections.abc import Iterable
from dataclasses import replace

from ingest.document import Span
from ingest.parse.words import PageText, Word

_EDGES = ".,;:!?()[]\"'\u201c\u201d\u2018\u2019"
_URL = re.compile(r"(?:://|^www\.).*[/_.=?&-]$", re.IGNORECASE)


class Joiner:
    """Knows the pages, for positions, and the words of the document, for hyphens at line ends."""

    def __init__(self, pages: Iterable[PageText]) -> None:
        self.pages = {page.index: page for page in pages}
        self.vocabulary = {word.text.strip(_EDGES).lower() for page in self.pages.values() for word in page.words}

    def join(self, lines: list[list[Word]]) -> tuple[str, tuple[Span, ...]]:
        """The text of the lines and its spans; a word broken over two lines has two spans that meet."""
        parts: list[str] = []
        spans: list[Span] = []
        at = 0
        for i, line in enumerate(lines):
            for j, word in enumerate(line):
                following = lines[i + 1][0] if j == len(line) - 1 and i + 1 < len(lines) else None
                text, glue = self._ending(word.text, following) if following else (word.text, " ")
                spans.append(self.pages[word.page].span(word, at, at + len(text)))
                parts.append(text + glue)
                at += len(text) + len(glue)
        joined = "".join(parts)
        return joined.rstrip(" "), tuple(spans)

    def join_labels(self, labels: list[list[Word]]) -> tuple[str, tuple[Span, ...]]:
        """The labels of a figure joined by " / "."""
        texts: list[str] = []
        spans: list[Span] = []
        at = 0
        for label in labels:
            text, found = self.join([label])
            spans += [replace(s, start=s.start + at, end=s.end + at) for s in found]
            texts.append(text)
            at += len(text) + 3
        return " / ".join(texts), tuple(spans)

    def join_rows(
        self, rows: list[list[list[list[Word]]]]
    ) -> tuple[str, tuple[tuple[str, ...], ...], tuple[Span, ...]]:
        """(text, cells, spans) of table rows, each cell given as lines of words."""
        texts: list[str] = []
        cells: list[tuple[str, ...]] = []
        spans: list[Span] = []
        at = 0
        for row in rows:
            shown: list[str] = []
            for cell in row:
                text, found = self.join(cell)
                spans += [replace(s, start=s.start + at, end=s.end + at) for s in found]
                shown.append(text)
                at += len(text) + 3
            at -= 2
            cells.append(tuple(shown))
            texts.append(" | ".join(shown))
        return "\n".join(texts), tuple(cells), tuple(spans)

    def _ending(self, text: str, following: Word) -> tuple[str, str]:
        """(text to keep, what stands before the next word) of the last word of a line."""
        if _URL.search(text) and not following.text[0].isupper():
            return text, ""
        if len(text) < 3 or text[-1] not in "-\u2010" or not text[-2].isalpha():
            return text, " "
        if not following.text[0].islower():
            return text, ""
        stem, rest = text[:-1].strip(_EDGES).lower(), following.text.strip(_EDGES).lower()
        if f"{stem}-{rest}" in self.vocabulary:
            return text, ""
        if stem + rest not in self.vocabulary and stem in self.vocabulary and rest in self.vocabulary:
            return text, ""
        return text[:-1], ""
