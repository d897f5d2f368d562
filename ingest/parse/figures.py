"""The labels of drawings, such as flow charts, put together as one paragraph in front of their caption."""

import re
from dataclasses import dataclass

from ingest.parse.columns import split_cells
from ingest.parse.grid import Table
from ingest.parse.layout import Line
from ingest.parse.styles import Neighbours, Styles
from ingest.parse.wording import BULLET, is_caption
from ingest.parse.words import Word

_FIGURE = re.compile(r"^(?:Figure|Fig\.|Diagram|Chart|Exhibit)\s", re.IGNORECASE)
_LEAST_LABELS = 3
_MAX_LABEL_WORDS = 8
_WIDE = 0.6


@dataclass(slots=True)
class Figure:
    """The labels of one drawing, each as its words, top to bottom."""

    page: int
    labels: list[list[Word]]


Item = Line | Table | Figure


def neighbours(items: list[Item], i: int) -> Neighbours:
    """The lines next to item `i` in its column."""
    line = items[i]
    above = items[i - 1] if i else None
    below = items[i + 1] if i + 1 < len(items) else None
    if not isinstance(line, Line):
        return Neighbours(None, None)
    return Neighbours(
        above if isinstance(above, Line) and above.y0 < line.y0 else None,
        below if isinstance(below, Line) and below.y0 > line.y0 else None,
    )


def join_figures(items: list[Item], styles: Styles) -> list[Item]:
    """The items of a page with the scattered labels above or below each figure caption joined."""
    joined = list(items)
    at = 0
    while at < len(joined):
        item = joined[at]
        if isinstance(item, Line) and _FIGURE.match(item.text) and is_caption(item.text):
            first = _reach_up(joined, at, styles)
            last = at if first < at else _reach_down(joined, at, styles)
            for start, stop in ((first, at), (at + 1, last + 1)):
                if stop - start >= _LEAST_LABELS:
                    joined[start:stop] = [Figure(item.page, _cluster(_words_of(joined[start:stop])))]
                    at = min(at, start + 1)
        at += 1
    return joined


def _reach_up(items: list[Item], at: int, styles: Styles) -> int:
    first = at
    while first > 0 and _is_label(items, first - 1, styles):
        first -= 1
    while first < at and _ends_paragraph(items, first, styles):
        first += 1
    return first


def _reach_down(items: list[Item], at: int, styles: Styles) -> int:
    last = at
    while last + 1 < len(items) and _is_label(items, last + 1, styles):
        last += 1
    return last


def _is_label(items: list[Item], i: int, styles: Styles) -> bool:
    item = items[i]
    if isinstance(item, Figure):
        return False
    if isinstance(item, Table):
        return not item.ruled and all(len(cell) <= _MAX_LABEL_WORDS for row in item.rows for cell in row)
    if is_caption(item.text) or BULLET.match(item.text) or re.match(r"^\d+[.)]\s", item.text):
        return False
    cells = split_cells(item)
    narrow = item.x1 - item.x0 < _WIDE * (item.right - item.left)
    if any(len(cell) > _MAX_LABEL_WORDS for cell in cells) or not (narrow or len(cells) > 1):
        return False
    return not (item.size > styles.body * 1.05 and styles.is_heading(item, neighbours(items, i)))


def _ends_paragraph(items: list[Item], i: int, styles: Styles) -> bool:
    """Whether a short line is the last one of the paragraph above it."""
    line, above = items[i], items[i - 1] if i else None
    if not isinstance(line, Line) or not isinstance(above, Line) or above.page != line.page:
        return False
    full = above.x1 - above.x0 > 0.8 * (above.right - above.left)
    return full and line.y0 - above.y0 > 0 and line.y0 - above.y1 < styles.gap + 0.45 * line.size


def _words_of(items: list[Item]) -> list[Word]:
    words: list[Word] = []
    for item in items:
        if isinstance(item, Line):
            words += item.words
        elif isinstance(item, Table):
            words += {id(w): w for row in item.rows for cell in row for w in cell}.values()
    return words


def _cluster(words: list[Word]) -> list[list[Word]]:
    """Words of one label: next to each other on a line, or on lines that follow closely."""
    labels: list[list[Word]] = []
    for word in sorted(words, key=lambda w: (w.y0 + w.y1, w.x0)):
        near = [label for label in labels if any(_touch(other, word) for other in label)]
        joined = [w for label in near for w in label] + [word]
        labels = [label for label in labels if label not in near] + [joined]
    labels.sort(key=lambda label: (round(min(w.y0 for w in label) / 6), min(w.x0 for w in label)))
    return [sorted(label, key=lambda w: (round(w.y1 / (0.5 * w.size or 1)), w.x0)) for label in labels]


def _touch(a: Word, b: Word) -> bool:
    across = max(a.x0, b.x0) - min(a.x1, b.x1)
    down = max(a.y0, b.y0) - min(a.y1, b.y1)
    size = min(a.size, b.size)
    return (down < -0.5 * size and across < 0.9 * size) or (across < 0 and down < 0.35 * size)
