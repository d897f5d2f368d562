"""CSV files and workbooks: cells as they are displayed."""

import datetime
from pathlib import Path

import openpyxl
import pytest
from pdf_maker import kinds

from ingest.parse import parse_file
from ingest.parse.table import show_cell


def test_csv_with_semicolons_and_quotes(tmp_path: Path) -> None:
    path = tmp_path / "codes.csv"
    path.write_bytes('Code;Meaning\nAC01;"wrong; or\nabsent"\nAC04;Kontoschlie\u00dfung\n'.encode("cp1252"))
    document = parse_file(path)
    assert document.blocks[0].rows == (
        ("Code", "Meaning"),
        ("AC01", "wrong; or absent"),
        ("AC04", "Kontoschlie\u00dfung"),
    )


def test_workbook(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Rails"
    for row in (
        ["Rails"],
        ["Table 1 - Cut-offs"],
        ["Rail", "Close", "Fee", "Secret"],
        ["Fedwire", datetime.time(18, 45), 0.5, "x"],
        ["CHIPS", datetime.time(18, 0), 1250, "y"],
        ["hidden row", None, None, None],
        ["Times are ET."],
        [],
        ["Day", "Open"],
        [datetime.date(2026, 11, 26), False],
    ):
        sheet.append(row)
    sheet["C4"].number_format, sheet["C5"].number_format = "0.0%", "#,##0.00"
    sheet.row_dimensions[6].hidden = True
    sheet.column_dimensions["D"].hidden = True
    book.create_sheet("Old").sheet_state = "hidden"
    total = book.create_sheet("Sum")
    total.append(["Sum", "=1+1"])
    path = tmp_path / "a.xlsx"
    book.save(path)
    document = parse_file(path)
    assert kinds(document) == [
        ("heading", "Rails"),
        ("caption", "Table 1 - Cut-offs"),
        ("table", "Rail | Close | Fee\nFedwire | 18:45 | 50.0%\nCHIPS | 18:00 | 1,250.00"),
        ("paragraph", "Times are ET."),
        ("table", "Day | Open\n2026-11-26 | FALSE"),
        ("heading", "Sum"),
        ("table", "Sum | =1+1"),
    ]
    assert document.warnings == (
        "hidden rows or columns dropped in sheet Rails",
        "hidden sheet dropped: Old",
        "1 formulas without a stored value in sheet Sum",
    )


@pytest.mark.parametrize(
    ("value", "form", "shown"),
    [
        (datetime.datetime(2026, 1, 2, 17, 5), "yyyy-mm-dd hh:mm", "2026-01-02 17:05"),
        (datetime.datetime(2026, 1, 2), "yyyy-mm-dd", "2026-01-02"),
        (datetime.timedelta(hours=17, minutes=30), "hh:mm", "17:30"),
        (7, "000", "007"),
        (3.0, "General", "3"),
        (0.1 + 0.2, "General", "0.3"),
        ("  a\u00a0b ", "General", "a b"),
    ],
)
def test_cells_as_displayed(value: object, form: str, shown: str) -> None:
    assert show_cell(value, form) == shown
