"""A table of a PDF that may go on over page breaks."""

from ingest.parse.grid import Cell, Table
from ingest.parse.layout import make_rows
from ingest.parse.words import Word

Row = list[list[list[Word]]]
"""The cells of a row, each with its lines."""


class OpenTable:
    """The rows of a table so far; the table on the next page is the rest of it or another one."""

    def __init__(self, table: Table) -> None:
        self._last = table
        self.rows = _rows(table)

    def take(self, table: Table) -> bool:
        """Add a table that is the rest of this one; a repeated header and a cut row are joined. False for another."""
        if not _goes_on(self._last, table):
            return False
        new = _rows(table)
        if _texts(self.rows[0]) == _texts(new[0]):
            new = new[1:]
        if new and table.ruled and not new[0][0] and any(new[0]):
            self.rows[-1] = [a + b for a, b in zip(self.rows[-1], new[0], strict=True)]
            new = new[1:]
        self.rows += new
        self._last = table
        return True


def _rows(table: Table) -> list[Row]:
    return [[make_rows(cell) for cell in row] for row in _merge_header(table)]


def _merge_header(table: Table) -> list[list[Cell]]:
    """The rows with the header rows merged into one: each column's names from top to bottom."""
    if table.header < 2:
        return table.rows
    merged: list[Cell] = []
    for column in zip(*table.rows[: table.header], strict=True):
        words: list[Word] = []
        for cell in column:
            words += [w for w in cell if not any(w is other for other in words)]
        merged.append(words)
    return [merged, *table.rows[table.header :]]


def _texts(row: Row) -> list[str]:
    return [" ".join(word.text for line in cell for word in line) for cell in row]


def _goes_on(above: Table, below: Table) -> bool:
    """Whether a table is the rest of the one on the page before: as many columns at the same places."""
    if below.page != above.page + 1 or len(above.columns) != len(below.columns):
        return False
    return all(abs(a - b) < 8 for a, b in zip(above.columns, below.columns, strict=True))
