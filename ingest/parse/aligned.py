"""Tables without ruling lines: runs of lines whose words stand in aligned columns."""

from dataclasses import replace
from statistics import median

from ingest.parse.columns import (
    NUMERIC,
    YEAR,
    assign_cells,
    cell_text,
    count_header,
    data_rows,
    find_columns,
    join_wrapped,
    split_cells,
)
from ingest.parse.grid import Cell, Table
from ingest.parse.layout import Line

_SAME_COLUMN = 16.0


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
    numeric = any(NUMERIC.match(cell_text(cell)) and not YEAR.match(cell_text(cell)) for cell in cells)
    return line.y0 - above.y1 > 0.8 * line.size and not labelled and not numeric


def _introduces(line: Line, above: Line) -> bool:
    """Whether a line set off from the row above is a sentence, such as one that introduces the next table."""
    return line.y0 - above.y1 > 0.8 * line.size and line.text[-1] in ".:" and len(line.words) > 3


def _make_table(lines: list[Line], cells: list[list[Cell]]) -> Table | None:
    columns = find_columns(data_rows(cells))
    several = sum(len(row) >= 2 for row in cells)
    if len(columns) < 2 or several < (3 if len(columns) == 2 else 2):
        return None
    rows = [assign_cells(row, columns) for row in cells]
    filled = [sum(map(bool, row)) for row in rows]
    if sum(n >= 2 for n in filled) < 0.45 * len(rows) or sum(filled) < 0.3 * len(rows) * len(columns):
        return None
    if _looks_like_prose(rows):
        return None
    header = count_header(rows, lines)
    rows = join_wrapped(rows, lines, header)
    words = [w for line in lines for w in line.words]
    box = (min(w.x0 for w in words), lines[0].y0, max(w.x1 for w in words), lines[-1].y1)
    return Table(lines[0].page, box, rows, [c[0] for c in columns], header, ruled=False, rights=[c[1] for c in columns])


def _looks_like_prose(rows: list[list[Cell]]) -> bool:
    """Whether the first column is running text: sentences with one wide gap are no table."""
    first = [row[0] for row in rows if row[0]]
    return bool(first) and median(len(cell) for cell in first) > 14
