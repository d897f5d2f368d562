"""CSV files and Excel workbooks: one table a sheet or block of rows, cells as they are displayed."""

import csv
import datetime
import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ingest.document import Document
from ingest.errors import ParseError
from ingest.parse.outline import Outline
from ingest.parse.text import read_text
from ingest.parse.wording import clean, is_caption

MAX_CELLS = 1_000_000
_MAX_SHEET_BYTES = 100_000_000
_MAX_FIELD = 1_000_000
_DAY = datetime.timedelta(days=1)
Rows = list[list[str]]


def parse_csv(path: Path) -> Document:
    """A CSV or TSV file as one table, or one for each run of rows without an empty one between."""
    text = read_text(path)
    csv.field_size_limit(_MAX_FIELD)
    try:
        rows = [
            [clean(cell) for cell in row] for row in csv.reader(io.StringIO(text, newline=""), _dialect(path, text))
        ]
    except csv.Error as error:
        raise ParseError("damaged CSV file: its rows can't be told apart", hint="export the table again") from error
    if sum(map(len, rows)) > MAX_CELLS:
        raise ParseError(f"more than {MAX_CELLS:,} cells", hint="split the table")
    outline = Outline()
    _add_rows(outline, rows)
    return Document(path.stem, tuple(outline.blocks))


def _dialect(path: Path, text: str) -> type[csv.Dialect]:
    try:
        return csv.Sniffer().sniff(text[:8192], delimiters=",;\t|")
    except csv.Error:
        return csv.excel_tab if path.suffix.lower() == ".tsv" else csv.excel


def parse_xlsx(path: Path) -> Document:
    """An Excel workbook, a heading a visible sheet; hidden sheets, rows and columns are dropped and named."""
    import openpyxl  # noqa: PLC0415  # heavy, and only this branch needs it
    from openpyxl.utils.exceptions import InvalidFileException  # noqa: PLC0415  # as above

    formulas = _has_formulas(path)
    try:
        book = openpyxl.load_workbook(path, data_only=True)
        written = openpyxl.load_workbook(path) if formulas else None
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, TypeError, OSError) as error:
        raise ParseError("damaged Excel workbook", hint="open it in Excel and save it again") from error
    outline = Outline()
    warnings: list[str] = []
    for sheet in book.worksheets:
        if sheet.sheet_state != "visible":
            warnings.append(f"hidden sheet dropped: {clean(sheet.title)}")
            continue
        outline.heading(clean(sheet.title), 1)
        rows, hidden, empty = _sheet_rows(sheet, written[sheet.title] if written is not None else None)
        if hidden:
            warnings.append(f"hidden rows or columns dropped in sheet {clean(sheet.title)}")
        if empty:
            warnings.append(f"{empty} formulas without a stored value in sheet {clean(sheet.title)}")
        _add_rows(outline, rows)
    return Document(clean(book.properties.title or "") or path.stem, tuple(outline.blocks), warnings=tuple(warnings))


def _has_formulas(path: Path) -> bool:
    with zipfile.ZipFile(path) as archive:
        sheets = [
            e for e in archive.infolist() if e.filename.startswith("xl/worksheets/") and e.filename.endswith(".xml")
        ]
        if any(entry.file_size > _MAX_SHEET_BYTES for entry in sheets):
            raise ParseError(f"a sheet of more than {_MAX_SHEET_BYTES // 1_000_000} MB", hint="split the workbook")
        return any(re.search(rb"<f[ >]", archive.read(entry)) for entry in sheets)


def _sheet_rows(sheet: Any, written: Any) -> tuple[Rows, bool, int]:
    """(rows of the shown cells, anything hidden?, formulas without a stored value) of one sheet."""
    if sheet.max_row * sheet.max_column > MAX_CELLS:
        raise ParseError(f"sheet {sheet.title} spans more than {MAX_CELLS:,} cells", hint="delete the empty rows")
    columns = _hidden_columns(sheet)
    rows: Rows = []
    hidden, empty = False, 0
    for row in sheet.iter_rows():
        if sheet.row_dimensions[row[0].row].hidden:
            hidden = hidden or any(cell.value is not None for cell in row)
            continue
        shown: list[str] = []
        for cell in row:
            if cell.column in columns:
                hidden = hidden or cell.value is not None
                continue
            formula = written[cell.coordinate].value if written is not None and cell.value is None else None
            empty += formula is not None
            shown.append(clean(str(formula)) if formula is not None else show_cell(cell.value, cell.number_format))
        rows.append(shown)
    return rows, hidden, empty


def _hidden_columns(sheet: Any) -> set[int]:
    return {i for d in sheet.column_dimensions.values() if d.hidden for i in range(d.min or 0, (d.max or 0) + 1)}


def show_cell(value: Any, form: str) -> str:
    """A cell's value as its number format displays it; dates as 2026-11-23, times as 17:00."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, datetime.timedelta):
        value = (datetime.datetime.min + value % _DAY).time() if value < _DAY else value
    if isinstance(value, datetime.datetime):
        timed = value.time() != datetime.time() or re.search(r"h", form or "", re.IGNORECASE)
        return value.strftime("%Y-%m-%d %H:%M" if timed else "%Y-%m-%d")
    if isinstance(value, datetime.time):
        return value.strftime("%H:%M:%S" if value.second else "%H:%M")
    if isinstance(value, int | float):
        return _show_number(value, form or "General")
    return clean(str(value))


def _show_number(value: float, form: str) -> str:
    shape = form.split(";", maxsplit=1)[0]
    decimals = len(match[1]) if (match := re.search(r"\.(0+)", shape)) else 0
    if "%" in shape:
        return f"{value * 100:.{decimals}f}%"
    if "#,##0" in shape:
        return f"{value:,.{decimals}f}"
    if match or re.fullmatch(r"0+", shape):
        return f"{value:0{len(shape)}.{decimals}f}"
    return str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else f"{value:.10g}"


def _add_rows(outline: Outline, rows: Rows) -> None:
    """Each run of rows without an empty one between is a table; lines of one cell around it are text."""
    title = outline.path[-1] if outline.path else ""
    for run in _runs(rows):
        start = next((i for i, row in enumerate(run) if sum(map(bool, row)) > 1), len(run))
        end = max((i + 1 for i, row in enumerate(run) if sum(map(bool, row)) > 1), default=start)
        for row in run[:start]:
            text = next(filter(None, row))
            if text != title:
                outline.add("caption" if is_caption(text) else "paragraph", text)
        outline.table(run[start:end])
        for row in run[end:]:
            outline.add("paragraph", next(filter(None, row)))


def _runs(rows: Rows) -> Iterator[Rows]:
    run: Rows = []
    for row in [*rows, []]:
        if any(row):
            run.append(row)
        elif run:
            yield run
            run = []
