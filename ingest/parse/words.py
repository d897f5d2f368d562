"""Words with their boxes, and pages of them: what the text layer and OCR both give."""

import math
from dataclasses import dataclass, field

from ingest.document import Span

Box = tuple[float, float, float, float]
Color = tuple[int, int, int]
INVISIBLE = 3
"""The text render mode of words that are not painted."""


@dataclass(slots=True)
class Word:
    """One word: its box in points from the top left of the page as it is read, font size in points, weight.

    `mode` is the PDF text render mode (3 is invisible), `turn` the degrees that the word is turned clockwise on
    the page as displayed. `stamped` words were put on a scanned page later, by a stamp or by hand.
    """

    text: str
    page: int
    x0: float
    y0: float
    x1: float
    y1: float
    size: float = 10.0
    bold: bool = False
    italic: bool = False
    mode: int = 0
    color: Color | None = None
    turn: int = 0
    confidence: float | None = None
    stamped: bool = False

    @property
    def box(self) -> Box:
        """(x0, y0, x1, y1)."""
        return self.x0, self.y0, self.x1, self.y1


@dataclass(slots=True)
class PageText:
    """The words of one page; width and height in points of the page as displayed.

    Where most of the text is turned, the words are turned upright by `turn` degrees before they are read; a scan
    that slants by `skew` degrees clockwise is levelled. `span` undoes both.
    """

    index: int
    width: float
    height: float
    words: list[Word] = field(default_factory=list)
    label: str = ""
    confidence: float | None = None
    turn: int = 0
    skew: float = 0.0

    def span(self, word: Word, start: int, end: int) -> Span:
        """Where the characters `start` to `end` of a text, which are this word, stand on the page as displayed."""
        level = slant_box(word.box, self.skew, self.read_size) if self.skew else word.box
        x0, y0, x1, y1 = turn_box(level, -self.turn, self.read_size)
        box = (x0 / self.width, y0 / self.height, x1 / self.width, y1 / self.height)
        return Span(start, end, word.page, *(round(min(max(v, 0.0), 1.0), 5) for v in box))

    @property
    def read_size(self) -> tuple[float, float]:
        """(width, height) in points of the page as it is read."""
        return (self.height, self.width) if self.turn % 180 else (self.width, self.height)

    def turn_words(self, turn: int) -> None:
        """Turns the words upright that stand turned clockwise by `turn` degrees on the displayed page."""
        if not turn % 360:
            return
        self.turn = -turn % 360
        for word in self.words:
            word.x0, word.y0, word.x1, word.y1 = turn_box(word.box, self.turn, (self.width, self.height))
            word.turn = (word.turn - turn) % 360


def turn_box(box: Box, degrees: int, size: tuple[float, float]) -> Box:
    """The box after the page of this (width, height) is turned clockwise by a multiple of 90 degrees."""
    x0, y0, x1, y1 = box
    width, height = size
    match degrees % 360:
        case 90:
            return height - y1, x0, height - y0, x1
        case 180:
            return width - x1, height - y1, width - x0, height - y0
        case 270:
            return y0, width - x1, y1, width - x0
    return box


def slant_box(box: Box, degrees: float, size: tuple[float, float]) -> Box:
    """The box moved as its middle moves when the page of this (width, height) is turned clockwise by a few degrees."""
    middle = (box[0] + box[2]) / 2 - size[0] / 2, (box[1] + box[3]) / 2 - size[1] / 2
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    dx = middle[0] * cos - middle[1] * sin - middle[0]
    dy = middle[0] * sin + middle[1] * cos - middle[1]
    return box[0] + dx, box[1] + dy, box[2] + dx, box[3] + dy


def main_turn(words: list[Word]) -> int:
    """The turn that most characters of the words have, in degrees."""
    letters: dict[int, int] = {}
    for word in words:
        letters[word.turn] = letters.get(word.turn, 0) + len(word.text)
    return max(letters, key=lambda turn: letters[turn], default=0)
