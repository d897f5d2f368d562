"""Rows of an HTML table: merged cells spread, header rows counted, continued rows joined."""

from collections.abc import Callable

from lxml.html import HtmlElement

_MAX_SPAN = 1_000
_MAX_REPEATED = 120
Rows = list[list[str]]


def read_rows(table: HtmlElement, text: Callable[[HtmlElement], str]) -> tuple[Rows, int]:
    """(rows of cell texts, number of header rows) of a table; tables inside its cells count as their text.

    A cell over several rows stands in each of them if it is short, else in the first; one over several columns
    stands in the first, in a header in all.
    """
    rows: Rows = []
    pending: dict[int, tuple[int, str]] = {}
    header = 0
    for tr in table.iter("tr"):
        if next(tr.iterancestors("table")) is not table:
            continue
        cells = [cell for cell in tr if cell.tag in ("td", "th")]
        heads = bool(cells) and (all(c.tag == "th" for c in cells) or tr.getparent().tag == "thead")
        header += heads and header == len(rows)
        rows.append(_read_row(cells, text, pending, heads))
    return join_continued(rows), header


def _read_row(
    cells: list[HtmlElement], text: Callable[[HtmlElement], str], pending: dict[int, tuple[int, str]], heads: bool
) -> list[str]:
    row: list[str] = []
    for cell in cells:
        _take_pending(row, pending)
        shown = text(cell)
        columns, down = _span(cell, "colspan"), _span(cell, "rowspan")
        for j in range(columns):
            own = shown if j == 0 or heads else ""
            if down > 1:
                pending[len(row)] = (down - 1, own if len(own) <= _MAX_REPEATED else "")
            row.append(own)
    _take_pending(row, pending)
    return row


def _take_pending(row: list[str], pending: dict[int, tuple[int, str]]) -> None:
    while len(row) in pending:
        left, shown = pending.pop(len(row))
        if left > 1:
            pending[len(row)] = (left - 1, shown)
        row.append(shown)


def _span(cell: HtmlElement, name: str) -> int:
    value = cell.get(name) or "1"
    return min(int(value), _MAX_SPAN) if value.isdigit() and int(value) else 1


def join_continued(rows: Rows) -> Rows:
    """Rows that only go on with one cell of the row above ("| | | - date of birth |") become part of it."""
    joined: Rows = []
    for row in rows:
        filled = [j for j, text in enumerate(row) if text]
        above = joined[-1] if len(joined) > 1 else None
        if (
            above is not None
            and len(row) > 1
            and len(filled) == 1
            and filled[0] > 0
            and above[0]
            and len(above) == len(row)
        ):
            above[filled[0]] = f"{above[filled[0]]} {row[filled[0]]}".strip()
        else:
            joined.append(row)
    return joined
