"""Words -> lines in reading order: rows by height, columns by the white rivers between them."""

import re
from bisect import bisect
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

import numpy as np

from ingest.parse.words import Word

_RULE = re.compile(r"[_=*.\u2500\u2014-]{3,}")
_BIN = 2.0
_LEAST_COLUMN_ROWS = 4


@dataclass(slots=True)
class Line:
    """Words that are read together, left to right; `left` and `right` are the edges of the text column, in points."""

    words: list[Word]
    left: float
    right: float
    text: str
    x0: float
    y0: float
    x1: float
    y1: float
    size: float
    bold: bool
    page: int


def is_rule(words: Sequence[Word]) -> bool:
    """Whether a row is a line drawn with characters ("______")."""
    return all(_RULE.fullmatch(word.text) for word in words)


def make_line(words: list[Word], left: float | None = None, right: float | None = None) -> Line:
    """A line of words, which are given in any order."""
    words = sorted(words, key=lambda w: w.x0)
    x0, x1 = words[0].x0, max(w.x1 for w in words)
    lettered = [w for w in words if any(c.isalpha() for c in w.text)]
    return Line(
        words,
        x0 if left is None else left,
        x1 if right is None else right,
        " ".join(w.text for w in words),
        x0,
        min(w.y0 for w in words),
        x1,
        max(w.y1 for w in words),
        median(w.size for w in words for _ in w.text),
        all(w.bold for w in lettered or words),
        words[0].page,
    )


def make_rows(words: Sequence[Word]) -> list[list[Word]]:
    """Groups words that stand on one line, top to bottom; raised and lowered small words join their line."""
    if not words:
        return []
    least = 0.75 * median(w.y1 - w.y0 for w in words)
    rows: list[_Row] = []
    for word in sorted((w for w in words if w.y1 - w.y0 >= least), key=lambda w: w.y0 + w.y1):
        if rows and rows[-1].overlap(word) > 0.5:
            rows[-1].words.append(word)
        else:
            rows.append(_Row([word], word.y0, word.y1))
    middles = [row.y0 + row.y1 for row in rows]
    for word in (w for w in words if w.y1 - w.y0 < least):
        at = bisect(middles, word.y0 + word.y1)
        best = max(rows[max(at - 3, 0) : at + 3], key=lambda row: row.overlap(word), default=None)
        if best is not None and best.overlap(word) > 0.4:
            best.words.append(word)
        else:
            rows.insert(at, _Row([word], word.y0, word.y1))
            middles.insert(at, word.y0 + word.y1)
    return [sorted(row.words, key=lambda w: w.x0) for row in rows]


@dataclass(slots=True)
class _Row:
    words: list[Word]
    y0: float
    y1: float

    def overlap(self, word: Word) -> float:
        """Share of the lower of row and word that overlaps vertically."""
        shared = min(word.y1, self.y1) - max(word.y0, self.y0)
        return shared / (min(word.y1 - word.y0, self.y1 - self.y0) or 1)


def order_lines(words: Sequence[Word], depth: int = 0) -> list[Line]:
    """The words as lines in reading order; side-by-side columns of prose are read one after the other."""
    rows = [row for row in make_rows(words) if not is_rule(row)]
    gutter = _find_gutter(rows) if depth < 4 else None
    if gutter is None:
        return _lines(rows)
    x, first, last = gutter
    above = [w for row in rows[:first] for w in row]
    below = [w for row in rows[last + 1 :] for w in row]
    run = [w for row in rows[first : last + 1] for w in row]
    left = [w for w in run if w.x1 <= x + _BIN]
    right = [w for w in run if w.x1 > x + _BIN]
    return [line for part in (above, left, right, below) for line in order_lines(part, depth + 1)]


def _lines(rows: list[list[Word]]) -> list[Line]:
    if not rows:
        return []
    long = [row for row in rows if len(row) >= 4] or rows
    left, right = min(row[0].x0 for row in long), max(w.x1 for row in long for w in row)
    return [make_line(row, left, right) for row in rows]


def _find_gutter(rows: list[list[Word]]) -> tuple[float, int, int] | None:
    """(x, first row, last row) of the tallest river with a column of prose on either side."""
    if len(rows) < _LEAST_COLUMN_ROWS:
        return None
    left = min(w.x0 for row in rows for w in row)
    right = max(w.x1 for row in rows for w in row)
    white = _white_bins(rows, left, right)
    least = max(int(0.8 * median(w.size for row in rows for w in row) / _BIN), 3)
    seen: set[tuple[int, int, int]] = set()
    for first, last, start, stop in _rivers(white, least):
        x = left + (start + stop) / 2 * _BIN
        if (first, last, start) not in seen and _is_columns(rows[first : last + 1], x):
            return x, first, last
        seen.add((first, last, start))
    return None


def _white_bins(rows: list[list[Word]], left: float, right: float) -> Any:
    white = np.ones((len(rows), int((right - left) / _BIN) + 1), dtype=bool)
    for i, row in enumerate(rows):
        for word in row:
            white[i, max(int((word.x0 - left) / _BIN), 0) : int((word.x1 - left) / _BIN) + 1] = False
    return white


def _rivers(white: Any, least: int) -> list[tuple[int, int, int, int]]:
    """(first row, last row, first bin, bin after) of white rectangles at least `least` bins wide, tallest first."""
    _height, width = white.shape
    found: dict[tuple[int, int], list[int]] = {}
    for column in range(int(width * 0.12), int(width * 0.88)):
        padded = np.concatenate(([False], white[:, column], [False])).astype(np.int8)
        edges = np.flatnonzero(np.diff(padded))
        for first, after in zip(edges[::2], edges[1::2], strict=True):
            if after - first >= _LEAST_COLUMN_ROWS:
                found.setdefault((int(first), int(after) - 1), []).append(column)
    rivers = []
    for (first, last), columns in found.items():
        band = white[first : last + 1].all(axis=0)
        start = stop = columns[len(columns) // 2]
        while start > 0 and band[start - 1]:
            start -= 1
        while stop < width and band[stop]:
            stop += 1
        if stop - start >= least:
            rivers.append((first, last, start, stop))
    return sorted(rivers, key=lambda r: (r[0] - r[1], r[2] - r[3]))


def _is_columns(rows: list[list[Word]], x: float) -> bool:
    """Whether both sides of x hold running prose, as columns do, rather than the cells of a table."""
    sides = [w for row in rows for w in row if w.x1 <= x], [w for row in rows for w in row if w.x0 >= x]
    return all(_is_prose(make_rows(side)) for side in sides)


def _is_prose(rows: list[list[Word]]) -> bool:
    if len(rows) < _LEAST_COLUMN_ROWS:
        return False
    widths = [row[-1].x1 - row[0].x0 for row in rows]
    words = [w for row in rows for w in row]
    width = max(widths)
    inked = [sum(w.x1 - w.x0 for w in row) / width for row in rows]
    digits = sum(any(c.isdigit() for c in w.text) for w in words) / len(words)
    return len(words) >= 2.8 * len(rows) and median(inked) >= 0.5 and digits < 0.35 and width > 60
