"""CSV files and Excel workbooks: one table a sheet, cells as they are displayed."""

import csv
import datetime
from pathlib import Path

from ingest.document import Document
from ingest.errors import ParseError
from ingest.parse.outline import Outline
from ingest.parse.text import read_text
from ingest.parse.wording import clean

MAX_CELLS = 2_000_000


def parse_csv(path: Path) -> Document:
    """A CSV or TSV file as one table."""
    text = read_text(path)
    try:
        dialect: type[csv.Dialect] = csv.Sniffer().sniff(text[:8192], delimiters=",;\t|")
    except csv.Error:
        dialect = csv.excel_tab if path.suffix.lower() == ".tsv" else csv.excel
    csv.field_size_limit(1_000_000)
    try:
        rows = [[clean(cell) for cell in row] for row in csv.reader(text.splitlines(), dialect)]
    except csv.Error as error:
        raise ParseError(f"damaged CSV file: {error}", hint="export the table again") from error
    outline = Outline()
    outline.heading(path.stem, 1)
    outline.table(rows)
    return Document(path.stem, tuple(outline.blocks))


def parse_xlsx(path: Path) -> Document:
    """An Excel workbook as one table a visible sheet; hidden sheets, rows and columns are dropped and named."""
    import openpyxl  # noqa: PLC0415  # heavy, and only this branch needs it

    book = openpyxl.load_workbook(path, data_only=True)
    outline = Outline()
    warnings: list[str] = []
    for sheet in book.worksheets:
        if sheet.sheet_state != "visible":
            warnings.append(f"hidden sheet dropped: {sheet.title}")
            continue
        outline.heading(clean(sheet.title), 1)
        outline.table([[_shown(cell) for cell in row] for row in sheet.iter_rows(values_only=True)])
    return Document(book.properties.title or path.stem, tuple(outline.blocks), warnings=tuple(warnings))


def _shown(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime.datetime):
        return value.strftime("%Y-%m-%d" if value.time() == datetime.time() else "%Y-%m-%d %H:%M")
    if isinstance(value, datetime.time):
        return value.strftime("%H:%M")
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return clean(str(value))
