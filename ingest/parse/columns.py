"""Columns of a table without ruling lines: cells of a line, where columns stand, header rows, wrapped rows."""

import re
from statistics import median

import numpy as np

from ingest.parse.grid import Cell
from ingest.parse.layout import Line
from ingest.parse.wording import BULLET, heading_number, step_number
from ingest.parse.words import Word

NUMERIC = re.compile(
    r"^[($\u20ac\u00a3\u00a5+\u2212\u2013\u2014-]*\s*[\d.,]*\d[\d.,]*\s*[)%]*(?:\s*%)?$|^[\u2014\u2013-]$"
)
YEAR = re.compile(r"^(?:19|20)\d\d$")
_MARK = re.compile(r"^[$\u20ac\u00a3\u00a5(]$")


def split_cells(line: Line) -> list[Cell]:
    """The words of a line in groups with wide gaps between them; a bullet or number stays with its text."""
    cells: list[Cell] = [[line.words[0]]]
    for left, right in zip(line.words, line.words[1:], strict=False):
        gap = right.x0 - left.x1
        numbers = len(cells) > 1 and _is_number(right) and _is_number(left) and not _MARK.match(left.text)
        if gap > 1.05 * line.size or (numbers and (gap > 0.45 * line.size or _MARK.match(right.text))):
            cells.append([right])
        else:
            cells[-1].append(right)
    joined: list[Cell] = []
    for i, cell in enumerate(cells):
        text = cell_text(joined[-1]) if joined else ""
        if joined and (_MARK.match(text) or (i == 1 and _is_marker(text))):
            joined[-1] = joined[-1] + cell
        else:
            joined.append(cell)
    return joined


def _is_marker(text: str) -> bool:
    probe = f"{text} x"
    return bool(
        re.fullmatch(r"\[\d{1,3}\]|[*\u2020\u2021]+|\d{1,2}", text)
        or step_number(probe) == text
        or heading_number(f"{text} X") == text.rstrip(".")
        or (len(text) == 1 and BULLET.match(f"{text} x"))
    )


def data_rows(cells: list[list[Cell]]) -> list[list[Cell]]:
    """The rows that show where the columns are: those with a label and a number, else all with several cells."""
    several = [row for row in cells if len(row) >= 2]
    data = [
        row
        for row in several
        if not NUMERIC.match(cell_text(row[0]))
        and any(NUMERIC.match(cell_text(c)) and not YEAR.match(cell_text(c)) for c in row[1:])
    ]
    return data if len(data) >= 2 else several


def find_columns(rows: list[list[Cell]]) -> list[tuple[float, float]]:
    """(left, right) of the columns: stretches of x that most rows leave white separate them."""
    if not rows:
        return []
    columns = _separate(rows, 0)
    if len(columns) < median(len(row) for row in rows) and len(rows) > 3:
        return _separate(rows, max(1, int(0.15 * len(rows))))
    return columns


def _separate(rows: list[list[Cell]], crossing: int) -> list[tuple[float, float]]:
    """The stretches of x that more than `crossing` rows cover."""
    left = min(cell[0].x0 for row in rows for cell in row)
    right = max(cell[-1].x1 for row in rows for cell in row)
    cover = np.zeros(int(right - left) + 2, dtype=np.int32)
    for row in rows:
        for cell in row:
            cover[int(cell[0].x0 - left) : int(cell[-1].x1 - left) + 1] += 1
    inked = np.concatenate(([False], cover > crossing, [False])).astype(np.int8)
    edges = np.flatnonzero(np.diff(inked))
    found: list[tuple[float, float]] = []
    for start, stop in zip(edges[::2], edges[1::2], strict=True):
        if found and left + start - found[-1][1] < 3:
            found[-1] = (found[-1][0], float(left + stop))
        else:
            found.append((float(left + start), float(left + stop)))
    return found


def assign_cells(row: list[Cell], columns: list[tuple[float, float]]) -> list[Cell]:
    """The cells by column; a cell over several columns stands in each of them unless it begins in the first."""
    out: list[Cell] = [[] for _ in columns]
    for cell in _split_over(row, columns):
        x0, x1 = cell[0].x0, cell[-1].x1
        met = [j for j, (a, b) in enumerate(columns) if min(x1, b) - max(x0, a) > 0.4 * min(x1 - x0, b - a)]
        if not met:
            middle = (x0 + x1) / 2
            met = [min(range(len(columns)), key=lambda j: abs((columns[j][0] + columns[j][1]) / 2 - middle))]
        if met[0] == 0 or (len(row) == 1 and len(met) == len(columns)):
            met = met[:1]
        for j in met:
            out[j] = out[j] + cell
    return out


def _split_over(row: list[Cell], columns: list[tuple[float, float]]) -> list[Cell]:
    """The cells, those split whose words each lie within one column ("2021 2022" over two narrow columns)."""
    cells: list[Cell] = []
    for cell in row:
        homes = [next((j for j, (a, b) in enumerate(columns) if a - 2 <= w.x0 and w.x1 <= b + 2), -1) for w in cell]
        if -1 in homes or len(set(homes)) == 1:
            cells.append(cell)
        else:
            cells += [[w for w, home in zip(cell, homes, strict=True) if home == j] for j in sorted(set(homes))]
    return cells


def count_header(rows: list[list[Cell]], lines: list[Line]) -> int:
    """How many leading rows name the columns: without a first cell, or bold above rows that are not."""
    count = 0
    for row, line in zip(rows[:5], lines[:5], strict=False):
        values = [cell for cell in row[1:] if cell]
        plain = [cell for cell in values if NUMERIC.match(cell_text(cell)) and not YEAR.match(cell_text(cell))]
        if plain or (row[0] and not (line.bold and len(values) >= 1)):
            break
        count += 1
    if count == len(rows):
        return 0
    if count == 0 and len(rows) > 1:
        first, second = (any(NUMERIC.match(cell_text(c)) for c in row[1:] if c) for row in rows[:2])
        return int(all(rows[0]) and second and not first)
    return count


def join_wrapped(rows: list[list[Cell]], lines: list[Line], header: int) -> list[list[Cell]]:
    """Joins rows that are the second line of a cell to the row they belong to."""
    pitches = [b.y0 - a.y0 for a, b in zip(lines[header:], lines[header + 1 :], strict=False)]
    usual = median(pitches) if pitches else 0.0
    out = rows[:header]
    waiting: list[Cell] | None = None
    for i, own in enumerate(rows[header:], start=header):
        tight = i > header and lines[i].y0 - lines[i - 1].y0 < 0.85 * usual
        row = own if waiting is None else [a + b for a, b in zip(waiting, own, strict=True)]
        waiting = None
        if len(out) > header and _continues(row, out[-1], tight):
            out[-1] = [a + b for a, b in zip(out[-1], row, strict=True)]
        elif row[0] and not any(row[1:]) and _wraps_into(row, rows, lines, i, usual):
            waiting = row
        else:
            out.append(row)
    return out


def _continues(row: list[Cell], above: list[Cell], tight: bool) -> bool:
    filled = [j for j, cell in enumerate(row) if cell]
    if any(NUMERIC.match(cell_text(row[j])) for j in filled):
        return False
    if not row[0]:
        return all(above[j] for j in filled)
    return tight and filled == [0] and cell_text(row[0])[:1].islower()


def _wraps_into(row: list[Cell], rows: list[list[Cell]], lines: list[Line], i: int, usual: float) -> bool:
    if i + 1 >= len(rows) or not rows[i + 1][0] or not any(rows[i + 1][1:]) or cell_text(row[0]).endswith(":"):
        return False
    tight = lines[i + 1].y0 - lines[i].y0 < 0.85 * usual
    return tight or cell_text(rows[i + 1][0])[:1].islower()


def cell_text(cell: Cell) -> str:
    """The words of a cell joined by blanks."""
    return " ".join(word.text for word in cell)


def _is_number(word: Word) -> bool:
    return bool(NUMERIC.match(word.text) or _MARK.match(word.text))
