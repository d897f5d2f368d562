"""Tables drawn with lines or shaded cells: edges of the page -> cells -> rows of words."""

import itertools
from dataclasses import dataclass, field

from ingest.parse.drawing import Edge, make_edge
from ingest.parse.words import Box, Word

_MAX_MERGED = 600
_TOLERANCE = 3
# Points: shorter lines close no table, and ends this near to each other are one margin.
_LEAST_WIDTH = 100.0
_SAME_END = 3.0
# Narrower columns are the padding of shaded cells, not columns.
_LEAST_COLUMN = 9.0
# A cell over several rows is repeated in each of them only if it is a label.
_MAX_REPEATED = 20
Cell = list[Word]


@dataclass(slots=True)
class Table:
    """A table on one page: rows of cells of words; the first `header` rows name the columns.

    `columns` are the left edges and, for tables without lines, `rights` the right edges of the columns in points.
    """

    page: int
    box: Box
    rows: list[list[Cell]]
    columns: list[float]
    header: int = 1
    ruled: bool = True
    rights: list[float] = field(default_factory=list)


@dataclass(slots=True)
class _Place:
    """A cell of the grid by its first and after-last row and column, with its words."""

    top: int
    bottom: int
    first: int
    after: int
    words: Cell


def find_grids(edges: list[Edge], words: list[Word], page: int) -> list[Table]:
    """The tables of at least two columns whose lines enclose their words."""
    if sum(e["orientation"] == "v" for e in edges) < 1 or sum(e["orientation"] == "h" for e in edges) < 2:
        return []
    from pdfplumber.table import (  # noqa: PLC0415  # pdfminer behind it is slow to import
        cells_to_tables,
        edges_to_intersections,
        intersections_to_cells,
        merge_edges,
    )

    merged = merge_edges([*edges, *_closing(edges)], _TOLERANCE, _TOLERANCE, _TOLERANCE, _TOLERANCE)
    if len(merged) > _MAX_MERGED:
        return []
    cells = intersections_to_cells(edges_to_intersections(merged, _TOLERANCE, _TOLERANCE))
    found: list[Table] = []
    free = words
    for group in sorted(cells_to_tables(cells), key=_extent):  # a table inside a cell is taken before the outer one
        table = _make_table(group, free, page)
        if table is not None and (len(table.rows) > 1 or _is_outermost(table, words)):
            found.append(table)
            held = {id(w) for row in table.rows for cell in row for w in cell}
            free = [w for w in free if id(w) not in held]
    return found


def _make_table(cells: list[Box], words: list[Word], page: int) -> Table | None:
    xs = _merge_near(sorted({c[0] for c in cells} | {c[2] for c in cells}))
    ys = sorted({c[1] for c in cells} | {c[3] for c in cells})
    if len(xs) < 3 or len(ys) < 2:
        return None
    box = (xs[0], ys[0], xs[-1], ys[-1])
    inside = [w for w in words if _holds(box, w)]
    places = [_place(cell, inside, xs, ys) for cell in cells]
    filled = [p for p in places if p.words]
    if not inside or sum(len(p.words) for p in filled) < 0.95 * len(inside):
        return None
    kept = sorted({p.first for p in filled})
    breaks = _row_breaks(filled, len(ys) - 1)
    if len(kept) < 2 or not breaks:
        return None
    if sum(_is_coarse(p.words) for p in filled) > 0.4 * len(breaks):
        return None
    header = 2 if _has_group_names(filled, kept, breaks) else 1
    return Table(page, box, _fill(filled, kept, breaks), [xs[j] for j in kept], header)


def _closing(edges: list[Edge]) -> list[Edge]:
    """The left and right sides of tables that are open there: where three or more rows' lines begin and end."""
    rows: dict[tuple[int, int], list[Edge]] = {}
    for edge in edges:
        if edge["orientation"] == "h" and edge["x1"] - edge["x0"] > _LEAST_WIDTH:
            ends = (round(edge["x0"] / _SAME_END), round(edge["x1"] / _SAME_END))
            key = next((k for k in rows if abs(k[0] - ends[0]) <= 1 and abs(k[1] - ends[1]) <= 1), ends)
            rows.setdefault(key, []).append(edge)
    sides: list[Edge] = []
    for group in rows.values():
        x0, x1 = max(e["x0"] for e in group), min(e["x1"] for e in group)
        for inner in (e for e in edges if e["orientation"] == "v" and x0 < e["x0"] < x1):
            reach = (inner["top"] - _TOLERANCE, inner["bottom"] + _TOLERANCE)
            met = [e["top"] for e in group if reach[0] <= e["top"] <= reach[1]]
            if len(met) >= 3:
                sides += [make_edge("v", x, min(met), x, max(met)) for x in (x0, x1)]
    return sides


def _is_outermost(table: Table, words: list[Word]) -> bool:
    """Whether a table of one row begins or ends the page: it may be part of a table on the next or last page."""
    if all(w.y0 > table.box[1] - 2 for w in words):
        return True
    numeric = any(not any(c.isalpha() for w in cell for c in w.text) for cell in table.rows[0] if cell)
    last = all(w.y1 < table.box[3] + 2 for w in words)
    return last and not numeric and not any(c.isdigit() for w in table.rows[0][-1] for c in w.text)


def _extent(cells: list[Box]) -> float:
    return (max(c[2] for c in cells) - min(c[0] for c in cells)) * (max(c[3] for c in cells) - min(c[1] for c in cells))


def _merge_near(xs: list[float]) -> list[float]:
    kept = [xs[0]]
    for x in xs[1:]:
        if x - kept[-1] >= _LEAST_COLUMN:
            kept.append(x)
    return kept


def _place(cell: Box, words: list[Word], xs: list[float], ys: list[float]) -> _Place:
    first = max(j for j, x in enumerate(xs) if x <= cell[0] + 1 or j == 0)
    after = max((j for j, x in enumerate(xs) if x <= cell[2] + 1), default=first + 1)
    held = [w for w in words if _holds(cell, w)]
    return _Place(ys.index(cell[1]), ys.index(cell[3]), first, max(after, first + 1), held)


def _row_breaks(places: list[_Place], count: int) -> list[int]:
    """The grid rows at which table rows begin.

    A line that divides only one of several columns divides the lines of text in a cell, not rows.
    """
    breaks = []
    for y in range(count):
        starting = [p for p in places if p.top == y]
        spanning = [p for p in places if p.top < y < p.bottom]
        if starting and (len(starting) > 1 or len(spanning) < 2):
            breaks.append(y)
    return breaks


def _has_group_names(places: list[_Place], kept: list[int], breaks: list[int]) -> bool:
    """Whether the first row names groups of columns, and the second only the columns in them."""
    grouped = {j for p in places if p.top == 0 and _reach(p, kept) > 1 for j in range(p.first, p.after)}
    if not grouped or len(breaks) < 3:
        return False
    second = [p for p in places if p.top == breaks[1]]
    return bool(second) and all(p.first in grouped for p in second)


def _is_coarse(words: Cell) -> bool:
    """Whether a cell holds columns of its own, so that its lines separate groups of columns only."""
    if len(words) < 2 or len(words) > _MAX_REPEATED:
        return False
    ordered = sorted(words, key=lambda w: (round(w.y1), w.x0))
    pairs = itertools.pairwise(ordered)
    return any(abs(a.y1 - b.y1) < 2 and b.x0 - a.x1 > 1.5 * max(a.size, b.size) for a, b in pairs)


def _reach(place: _Place, kept: list[int]) -> int:
    return sum(place.first <= j < place.after for j in kept)


def _fill(places: list[_Place], kept: list[int], breaks: list[int]) -> list[list[Cell]]:
    """Rows of cells; a cell over several rows stands in each of them, a header over several columns in each."""
    rows: list[list[Cell]] = [[[] for _ in kept] for _ in breaks]
    for place in sorted(places, key=lambda p: (p.top, p.first)):
        begins = max(i for i, y in enumerate(breaks) if y <= place.top or i == 0)
        ends = sum(y < place.bottom for y in breaks) if len(place.words) <= _MAX_REPEATED else begins + 1
        whole = _reach(place, kept) == len(kept)
        for i in range(begins, max(ends, begins + 1)):
            for k, j in enumerate(kept):
                if j == place.first or (place.top == 0 and not whole and place.first < j < place.after):
                    rows[i][k] = rows[i][k] + place.words
    return [row for row in rows if any(row)]


def _holds(box: Box, word: Word) -> bool:
    x, y = (word.x0 + word.x1) / 2, (word.y0 + word.y1) / 2
    return box[0] - 1 <= x <= box[2] + 1 and box[1] - 1 <= y <= box[3] + 1
