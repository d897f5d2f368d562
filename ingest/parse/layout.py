"""Words -> lines in reading order: rows by baseline, columns by the white rivers between them."""

from dataclasses import dataclass
from statistics import median

from ingest.parse.words import Word


@dataclass(slots=True)
class Line:
    """Words that are read together, left to right, with the box that holds them."""

    words: list[Word]

    @property
    def text(self) -> str:
        """The words joined by blanks."""
        return " ".join(word.text for word in self.words)

    @property
    def x0(self) -> float:
        """Left edge in points."""
        return min(word.x0 for word in self.words)

    @property
    def x1(self) -> float:
        """Right edge in points."""
        return max(word.x1 for word in self.words)

    @property
    def y0(self) -> float:
        """Upper edge in points."""
        return min(word.y0 for word in self.words)

    @property
    def y1(self) -> float:
        """Lower edge in points."""
        return max(word.y1 for word in self.words)

    @property
    def size(self) -> float:
        """The font size that most of the line's characters have."""
        return median(word.size for word in self.words for _ in word.text)

    @property
    def bold(self) -> bool:
        """Whether the whole line is bold, its number or bullet aside."""
        return all(word.bold or not any(c.isalpha() for c in word.text) for word in self.words) and any(
            word.bold for word in self.words
        )

    @property
    def page(self) -> int:
        """1-based page index."""
        return self.words[0].page


def make_rows(words: list[Word]) -> list[Line]:
    """Groups words whose vertical centres fall together, top to bottom."""
    rows: list[list[Word]] = []
    for word in sorted(words, key=lambda w: ((w.y0 + w.y1) / 2, w.x0)):
        centre = (word.y0 + word.y1) / 2
        if rows and abs(centre - _centre(rows[-1])) < 0.4 * min(word.height, rows[-1][-1].height):
            rows[-1].append(word)
        else:
            rows.append([word])
    return [Line(sorted(row, key=lambda w: w.x0)) for row in rows]


def _centre(row: list[Word]) -> float:
    return sum((w.y0 + w.y1) / 2 for w in row) / len(row)
