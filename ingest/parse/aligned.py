"""Tables without ruling lines: runs of lines whose words stand in aligned columns."""

import re
from dataclasses import replace
from statistics import median

import numpy as np

from ingest.parse.grid import Cell, Table
from ingest.parse.layout import Line
from ingest.parse.wording import BULLET, heading_number, step_number
from ingest.parse.words import Word

_NUMERIC = re.compile(
    r"^[($\u20ac\u00a3\u00a5+\u2212\u2013\u2014-]*\s*[\d.,]*\d[\d.,]*\s*[)%]*(?:\s*%)?$|^[\u2014\u2013-]$"
)
_YEAR = re.compile(r"^(?:19|20)\d\d$")
_SAME_COLUMN = 16.0
_MARK = re.compile(r"^[$\u20ac\u00a3\u00a5(]$")


def find_aligned(lines: list[Line], largest: float) -> list[Line | Table]:
    """The lines with each run of aligned columns replaced by one table; larger type than `largest` is no table's."""
    cells = [split_cells(line) if line.size <= largest else [line.words] for line in lines]
    items: list[Line | Table] = []
    at = 0
    while at < len(lines):
        end = _run_end(lines, cells, at, largest)
        table = _make_table(lines[at:end], cells[at:end]) if end - at >= 2 else None
        if table is None:
            items.append(lines[at])
            at += 1
        else:
            _append_table(items, table)
            at = end
    return items


def _append_table(items: list[Line | Table], table: Table) -> None:
    """Adds a table, or its rows to the table above if only labels of a group of rows stand between."""
    labels: list[Line] = []
    for item in reversed(items[-2:]):
        if not isinstance(item, Line):
            break
        labels.insert(0, item)
    above = items[-len(labels) - 1] if len(items) > len(labels) else None
    if not isinstance(above, Table) or not labels or not _goes_on(above, labels, table):
        items.append(table)
        return
    groups: list[list[Cell]] = [[label.words, *([] for _ in table.columns[1:])] for label in labels]
    box = (above.box[0], above.box[1], above.box[2], table.box[3])
    items[-len(labels) - 1 :] = [replace(above, box=box, rows=[*above.rows, *groups, *table.rows])]


def _goes_on(above: Table, labels: list[Line], below: Table) -> bool:
    if below.header or above.ruled or not _same_columns(above, below):
        return False
    return all(len(line.words) <= 14 and abs(line.x0 - above.columns[0]) < _SAME_COLUMN for line in labels)


def _same_columns(above: Table, below: Table) -> bool:
    """Whether two tables have as many columns that, labels aside, begin or end at the same places."""
    if len(above.columns) != len(below.columns):
        return False
    lefts = zip(above.columns[1:], below.columns[1:], strict=True)
    rights = zip(above.rights[1:], below.rights[1:], strict=True)
    return all(
        abs(a - b) < _SAME_COLUMN or abs(c - d) < _SAME_COLUMN for (a, b), (c, d) in zip(lefts, rights, strict=True)
    )


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
        text = _text(joined[-1]) if joined else ""
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


def _run_end(lines: list[Line], cells: list[list[Cell]], at: int, largest: float) -> int:
    """One past the last line of the run of table rows that begins at line `at`; `at` itself when there is none."""
    if len(cells[at]) < 2 and not _starts_span(lines, cells, at):
        return at
    end = at
    alone = 0
    for i in range(at, len(lines)):
        if i > at and (lines[i].y0 - lines[i - 1].y1 > 2.2 * lines[i].size or lines[i].left != lines[at].left):
            break
        if lines[i].size > largest:
            break
        if i > at + 2 and _begins_header(cells[i], lines[i], lines[i - 1]):
            break
        if len(cells[i]) >= 2:
            end, alone = i + 1, 0
        else:
            alone += 1
            if alone > 3 or (i > at and (_is_prose(lines[i]) or _introduces(lines[i], lines[i - 1]))):
                break
    return end


def _starts_span(lines: list[Line], cells: list[list[Cell]], at: int) -> bool:
    """Whether a line is a title over several columns: it begins right of the first cell of the row below."""
    if at + 1 >= len(lines) or len(cells[at + 1]) < 2:
        return False
    line, below = lines[at], lines[at + 1]
    return (
        line.x0 > line.left + 0.3 * (line.right - line.left) and below.y0 - line.y1 < line.size and len(line.words) < 9
    )


def _is_prose(line: Line) -> bool:
    return line.x1 - line.x0 > 0.8 * (line.right - line.left) and len(line.words) > 10


def _begins_header(cells: list[Cell], line: Line, above: Line) -> bool:
    """Whether a line set off from the row above names columns: it has no label and no numbers but years."""
    labelled = line.x0 < line.left + 0.25 * (line.right - line.left)
    numeric = any(_NUMERIC.match(_text(cell)) and not _YEAR.match(_text(cell)) for cell in cells)
    return line.y0 - above.y1 > 0.8 * line.size and not labelled and not numeric


def _introduces(line: Line, above: Line) -> bool:
    """Whether a line set off from the row above is a sentence, such as one that introduces the next table."""
    return line.y0 - above.y1 > 0.8 * line.size and line.text[-1] in ".:" and len(line.words) > 3


def _make_table(lines: list[Line], cells: list[list[Cell]]) -> Table | None:
    columns = _columns(_data_rows(cells))
    several = sum(len(row) >= 2 for row in cells)
    if len(columns) < 2 or several < (3 if len(columns) == 2 else 2):
        return None
    rows = [_assign(row, columns) for row in cells]
    filled = [sum(map(bool, row)) for row in rows]
    if sum(n >= 2 for n in filled) < 0.45 * len(rows) or sum(filled) < 0.3 * len(rows) * len(columns):
        return None
    if _looks_like_prose(rows):
        return None
    header = _header_rows(rows, lines)
    rows = _join_wrapped(rows, lines, header)
    words = [w for line in lines for w in line.words]
    box = (min(w.x0 for w in words), lines[0].y0, max(w.x1 for w in words), lines[-1].y1)
    return Table(lines[0].page, box, rows, [c[0] for c in columns], header, ruled=False, rights=[c[1] for c in columns])


def _looks_like_prose(rows: list[list[Cell]]) -> bool:
    """Whether the first column is running text: sentences with one wide gap are no table."""
    first = [row[0] for row in rows if row[0]]
    return bool(first) and median(len(cell) for cell in first) > 14


def _data_rows(cells: list[list[Cell]]) -> list[list[Cell]]:
    """The rows that show where the columns are: those with a label and a number, else all with several cells."""
    several = [row for row in cells if len(row) >= 2]
    data = [
        row
        for row in several
        if not _NUMERIC.match(_text(row[0]))
        and any(_NUMERIC.match(_text(c)) and not _YEAR.match(_text(c)) for c in row[1:])
    ]
    return data if len(data) >= 2 else several


def _columns(rows: list[list[Cell]]) -> list[tuple[float, float]]:
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


def _assign(row: list[Cell], columns: list[tuple[float, float]]) -> list[Cell]:
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


def _header_rows(rows: list[list[Cell]], lines: list[Line]) -> int:
    """How many leading rows name the columns: without a first cell, or bold above rows that are not."""
    count = 0
    for row, line in zip(rows[:5], lines[:5], strict=False):
        values = [cell for cell in row[1:] if cell]
        plain = [cell for cell in values if _NUMERIC.match(_text(cell)) and not _YEAR.match(_text(cell))]
        if plain or (row[0] and not (line.bold and len(values) >= 1)):
            break
        count += 1
    if count == len(rows):
        return 0
    if count == 0 and len(rows) > 1:
        first, second = (any(_NUMERIC.match(_text(c)) for c in row[1:] if c) for row in rows[:2])
        return int(all(rows[0]) and second and not first)
    return count


def _join_wrapped(rows: list[list[Cell]], lines: list[Line], header: int) -> list[list[Cell]]:
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
    if any(_NUMERIC.match(_text(row[j])) for j in filled):
        return False
    if not row[0]:
        return all(above[j] for j in filled)
    return tight and filled == [0] and _text(row[0])[:1].islower()


def _wraps_into(row: list[Cell], rows: list[list[Cell]], lines: list[Line], i: int, usual: float) -> bool:
    if i + 1 >= len(rows) or not rows[i + 1][0] or not any(rows[i + 1][1:]) or _text(row[0]).endswith(":"):
        return False
    tight = lines[i + 1].y0 - lines[i].y0 < 0.85 * usual
    return tight or _text(rows[i + 1][0])[:1].islower()


def _text(cell: Cell) -> str:
    return " ".join(word.text for word in cell)


def _is_number(word: Word) -> bool:
    return bool(_NUMERIC.match(word.text) or _MARK.match(word.text))
