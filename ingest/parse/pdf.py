"""PDF files: text layer or OCR page by page, then one layout logic for both."""

from collections import Counter
from pathlib import Path
from typing import Any

from pypdfium2 import PdfDocument, PdfiumError

from ingest.document import Document, Page, Span
from ingest.errors import ParseError
from ingest.parse.layout import Line, make_rows
from ingest.parse.outline import Outline
from ingest.parse.wording import BULLET, clean, has_leaders, heading_number, number_depth, step_number
from ingest.parse.words import PageText, read_words

MAX_PAGES = 5_000
_LEAST_CHARACTERS = 12


def parse_pdf(path: Path, *, ocr: str = "rapidocr") -> Document:
    """A PDF as blocks with pages and word positions; pages without a text layer are read by OCR."""
    document = open_pdf(path)
    try:
        pages = [_read_page(document, i, ocr) for i in range(len(document))]
        title = clean(str(document.get_metadata_value("Title") or ""))
    finally:
        document.close()
    outline = Outline()
    _build(outline, pages)
    blocks = tuple(outline.blocks)
    first = next((b.text for b in blocks if b.kind == "heading"), "")
    return Document(title or first or path.stem, blocks, tuple(Page(p.index, p.label, p.confidence) for p in pages))


def open_pdf(path: Path) -> PdfDocument:
    """The PDF opened by pdfium, or a ParseError that says why it can't be."""
    try:
        document = PdfDocument(path)
    except PdfiumError as error:
        if "password" in str(error).lower():
            raise ParseError("password-protected PDF", hint="save a copy without a password") from error
        raise ParseError(f"damaged PDF: {error}", hint="print it to PDF again") from error
    if len(document) > MAX_PAGES:
        raise ParseError(f"{len(document)} pages; at most {MAX_PAGES} are read", hint="split the file")
    return document


def _read_page(document: PdfDocument, i: int, ocr: str) -> PageText:
    page: Any = document[i]
    width, height = page.get_size()
    read = PageText(i + 1, width, height, label=document.get_page_label(i))
    textpage = page.get_textpage()
    read.words = read_words(page, textpage, i + 1)
    if sum(len(word.text) for word in read.words) < _LEAST_CHARACTERS and ocr != "none":
        from ingest.parse.scan import read_scan  # noqa: PLC0415  # the OCR models are loaded only for scans

        read_scan(page, read, ocr)
    textpage.close()
    page.close()
    return read


def _build(outline: Outline, pages: list[PageText]) -> None:
    rows = {page.index: make_rows(page.words) for page in pages}
    sizes = Counter(round(w.size * 2) / 2 for p in pages for w in p.words for _ in w.text)
    body = sizes.most_common(1)[0][0] if sizes else 10.0
    styles = sorted({_style(r) for rs in rows.values() for r in rs if _is_heading(r, body)}, reverse=True)
    for page in pages:
        outline.page = page.index
        run: list[Line] = []
        for row in rows[page.index]:
            if run and (_breaks(run, row) or _is_heading(row, body) != _is_heading(run[-1], body)):
                _emit(outline, page, run, styles if _is_heading(run[-1], body) else [])
                run = []
            run.append(row)
        if run:
            _emit(outline, page, run, styles if _is_heading(run[-1], body) else [])


def _style(row: Line) -> tuple[float, bool]:
    return round(row.size * 2) / 2, row.bold


def _is_heading(row: Line, body: float) -> bool:
    words = len(row.words)
    return (
        words <= 20 and not has_leaders(row.text) and (row.size > body * 1.12 or (row.bold and row.size >= body * 0.95))
    )


def _breaks(run: list[Line], row: Line) -> bool:
    last = run[-1]
    return row.y0 - last.y1 > 0.6 * last.size or bool(step_number(row.text) or BULLET.match(row.text))


def _emit(outline: Outline, page: PageText, run: list[Line], styles: list[tuple[float, bool]]) -> None:
    text, spans = _join(page, run)
    if styles:
        depth = number_depth(heading_number(text))
        outline.heading(text, styles.index(_style(run[0])) + 1 + depth / 10, spans)
    elif number := step_number(text):
        outline.add("step", text, number=number, spans=spans)
    elif BULLET.match(text):
        outline.add("list", text, spans=spans)
    else:
        outline.add("paragraph", text, spans=spans)


def _join(page: PageText, run: list[Line]) -> tuple[str, tuple[Span, ...]]:
    parts: list[str] = []
    spans: list[Span] = []
    at = 0
    for word in (word for row in run for word in row.words):
        shown = clean(word.text)
        if shown:
            spans.append(page.span(word, at, at + len(shown)))
            parts.append(shown)
            at += len(shown) + 1
    return " ".join(parts), tuple(spans)
