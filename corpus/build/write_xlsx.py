"""Source -> XLSX: one worksheet a heading, paragraphs and tables one after the other in its rows."""

import io

import openpyxl
from inline import plain
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet
from printing import day, shares
from source import Block, Source
from stable import stable_zip

THIN = Side(style="thin", color="9AA5B1")
WRAP = Alignment(wrap_text=True, vertical="top")


def write(source: Source) -> bytes:
    """The workbook's bytes, the same on every run."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Control"
    _control(sheet, source)
    for block in source.blocks:
        if block.kind == "heading":
            sheet = book.create_sheet(plain(block.text).replace("/", "-")[:31])
            sheet.append([plain(block.text)])
            sheet.cell(1, 1).font = Font(bold=True, size=13)
        else:
            _add(sheet, block)
    for page in book.worksheets:
        _page(page)
    book.properties.creator = source.meta["owner"]
    book.properties.title = source.meta["title"]
    out = io.BytesIO()
    book.save(out)
    return stable_zip(out.getvalue())


def _control(sheet: Worksheet, source: Source) -> None:
    meta = source.meta
    sheet.append([meta["title"]])
    sheet.cell(1, 1).font = Font(bold=True, size=14)
    for key, value in (
        ("Document", meta["id"]),
        ("Version", meta["version"]),
        ("Effective from", day(meta["effective_from"])),
        ("Owner", meta["owner"]),
        ("Approved by", f"{meta['approver']}, {day(meta['approved_on'])}"),
        ("Replaces", meta["supersedes"] or "-"),
    ):
        sheet.append([key, value])
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 18, 60


def _add(sheet: Worksheet, block: Block) -> None:
    if block.kind == "table":
        _table(sheet, block)
    elif block.kind == "list":
        for item in block.items:
            sheet.append([f"{item.number + '. ' if item.number else '- '}{plain(item.text)}"])
    elif block.text:
        _text(sheet, plain(block.text))


def _text(sheet: Worksheet, text: str) -> None:
    """A paragraph over the first six columns."""
    sheet.append([text])
    row = sheet.max_row
    sheet.merge_cells(start_row=row, start_column=1, end_row=row, end_column=6)
    sheet.cell(row, 1).alignment = WRAP
    sheet.row_dimensions[row].height = 15 * (1 + len(text) // 90)


def _page(sheet: Worksheet) -> None:
    for letter in "ABCDEF":
        if letter not in sheet.column_dimensions:
            sheet.column_dimensions[letter].width = 18
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", sheet.PAPERSIZE_A4
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.oddFooter.center.text = "Internal - printed copies are not controlled"


def _table(sheet: Worksheet, block: Block) -> None:
    if block.text:
        sheet.append([plain(block.text)])
    first = sheet.max_row + 1
    for row in block.rows:
        sheet.append([plain(c) for c in row])
    for n, line in enumerate(sheet.iter_rows(min_row=first, max_row=sheet.max_row)):
        for cell in line:
            cell.alignment, cell.border = WRAP, Border(THIN, THIN, THIN, THIN)
            if n == 0:
                cell.font, cell.fill = Font(bold=True), PatternFill("solid", fgColor="E8EDF2")
    for n, share in enumerate(shares(block), 1):
        letter = get_column_letter(n)
        width = sheet.column_dimensions[letter].width if letter in sheet.column_dimensions else 0
        sheet.column_dimensions[letter].width = max(width, round(share * 125, 1))
    for line in sheet.iter_rows(min_row=first, max_row=sheet.max_row):
        rows = max(1 + int(len(str(c.value or "")) / sheet.column_dimensions[c.column_letter].width) for c in line)
        sheet.row_dimensions[line[0].row].height = 15 * rows
    sheet.append([])
