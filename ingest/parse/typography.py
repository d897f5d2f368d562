"""What a PDF says about its type and structure: body size, line gap, bookmarks."""

import itertools
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from ingest.parse.layout import Line
from ingest.parse.wording import clean
from ingest.parse.words import Word


@dataclass(frozen=True, slots=True)
class Bookmark:
    """An entry of the PDF's own outline: title, level from 1, page index from 1."""

    title: str
    level: int
    page: int

    @property
    def number(self) -> str:
        """The section number that the title begins with, or ""."""
        match = re.match(r"\d+(?:\.\d+)*\.?(?=\s)", self.title)
        return match[0] if match else ""

    def match_keys(self) -> list[tuple[str, int]]:
        """What a printed heading may compare equal to: some pages draw the number as a picture."""
        bare = bookmark_key(self.title[len(self.number) :])
        return [(key, self.page) for key in (bookmark_key(self.title), bare) if key]


def body_size(words: Iterable[Word]) -> float:
    """The font size in points that most characters have, 10 for a document without text."""
    sizes: Counter[float] = Counter()
    for word in words:
        sizes[round(word.size * 2) / 2] += len(word.text)
    return sizes.most_common(1)[0][0] if sizes else 10.0


def measure(lines: list[Line]) -> tuple[float, float, bool]:
    """(font size, gap between lines, bold?) of the body text: what most characters have."""
    bold: Counter[bool] = Counter()
    gaps: Counter[float] = Counter()
    for line in lines:
        bold[line.bold] += len(line.text)
    body = body_size(word for line in lines for word in line.words)
    for above, line in itertools.pairwise(lines):
        full = above.x1 - above.x0 > 0.6 * (above.right - above.left)
        if above.page == line.page and full and abs(line.size - body) < 1 and -body < line.y0 - above.y1 < 2 * body:
            gaps[round((line.y0 - above.y1) * 2) / 2] += 1
    return body, gaps.most_common(1)[0][0] if gaps else body * 0.2, bold[True] > bold[False]


def bookmark_key(title: str) -> str:
    """A title without spaces, case and punctuation, so that bookmark and printed heading compare equal."""
    return re.sub(r"\W+", "", clean(title).lower())
