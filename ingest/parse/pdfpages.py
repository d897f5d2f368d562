"""Opens a PDF and reads its pages one by one: text layer or OCR, hidden words dropped, ruled lines kept."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pypdfium2.raw as pdfium
from pypdfium2 import PdfDocument, PdfiumError

from ingest.errors import ParseError
from ingest.parse.drawing import Drawing, Edge, read_drawing
from ingest.parse.hidden import split_hidden
from ingest.parse.textlayer import read_words
from ingest.parse.words import PageText, Word, main_turn, turn_box

MAX_PAGES = 5_000
_LEAST_CHARACTERS = 12
# Annotations whose text is part of what the page says; notes and highlights are somebody's remarks on it.
_SHOWN_TEXT = {pdfium.FPDF_ANNOT_WIDGET, pdfium.FPDF_ANNOT_FREETEXT, pdfium.FPDF_ANNOT_STAMP}
_MAX_ANNOTATIONS = 5_000
# A page that is one picture with less text than this carries a stamp or a page number, not its text.
_STAMP_CHARACTERS = 80
_FULL_PAGE = 0.7
_VOWEL = re.compile(r"[aeiouy]")
_LOW_CONFIDENCE = 0.8
_AGAIN = "print the original to PDF again, or restore the file from its source"


def open_pdf(path: Path) -> PdfDocument:
    """The PDF opened by pdfium, or a ParseError that says why it can't be."""
    try:
        document = PdfDocument(path)
    except PdfiumError as error:
        if "password" in str(error).lower():
            raise ParseError("password-protected PDF", hint="save a copy without a password") from error
        raise ParseError("damaged PDF: it can't be opened", hint=_AGAIN) from error
    if len(document) > MAX_PAGES:
        raise ParseError(f"{len(document):,} pages; at most {MAX_PAGES:,} are read", hint="split the file")
    if not len(document):
        raise ParseError("damaged PDF: it has no pages", hint=_AGAIN)
    document.init_forms()
    return document


class PageReader:
    """Reads the pages of one PDF one by one and remembers what the records officer should know."""

    def __init__(self, document: PdfDocument, ocr: str) -> None:
        self.document = document
        self.ocr = ocr
        self.edges: dict[int, list[Edge]] = {}
        self.hidden: list[int] = []
        self.unread: list[int] = []
        self.doubtful: list[tuple[int, float]] = []

    def read_all(self) -> list[PageText]:
        """All pages in order; ParseError where none of them can be opened."""
        pages = [self.read(i) for i in range(len(self.document))]
        if len(self.unread) == len(pages):
            raise ParseError("damaged PDF: not one of its pages can be opened", hint=_AGAIN)
        return pages

    def read(self, i: int) -> PageText:
        """The shown words of the page with this 0-based index, upright, and its printed label if the PDF has it."""
        try:
            page: Any = self.document[i]
        except PdfiumError:
            self.unread.append(i + 1)
            return PageText(i + 1, 612, 792)
        page = self._with_fields(page, i)
        width, height = page.get_size()
        read = PageText(i + 1, width or 1, height or 1, label=self.document.get_page_label(i))
        textpage = page.get_textpage()
        read.words, smuggled = read_words(page, textpage, i + 1)
        textpage.close()
        drawing = read_drawing(page)
        shown = split_hidden(page, read, scanned=drawing.picture > 0.5)
        read.words = shown.words
        if smuggled or any(w.text.isalnum() for w in shown.hidden):
            self.hidden.append(i + 1)
        if self.ocr != "none" and shown.inked and _needs_ocr(read.words, drawing):
            self._read_scan(page, read)
        else:
            read.turn_words(main_turn(read.words))
            self.edges[i + 1] = [_turn_edge(e, read) for e in drawing.edges]
        page.close()
        return read

    def _with_fields(self, page: Any, i: int) -> Any:
        """The page with what was filled into its form, stamped or typed on it as part of its content."""
        if not any(annotation in _SHOWN_TEXT for annotation in _annotations(page)):
            return page
        if pdfium.FPDFPage_Flatten(page, pdfium.FLAT_NORMALDISPLAY) != pdfium.FLATTEN_SUCCESS:
            return page
        page.close()
        return self.document[i]

    def _read_scan(self, page: Any, read: PageText) -> None:
        """OCR, unless that sees even less than the text layer holds."""
        from ingest.parse.ocr import load_recogniser  # noqa: PLC0415  # the OCR models are loaded only for scans
        from ingest.parse.scan import read_scan  # noqa: PLC0415  # as above

        layer = read.words
        self.edges[read.index] = read_scan(page, read, load_recogniser(self.ocr))
        if sum(len(w.text) for w in read.words) < sum(len(w.text) for w in layer) < _LEAST_CHARACTERS:
            read.words, read.turn, read.skew, read.confidence = layer, 0, 0.0, None
            read.turn_words(main_turn(layer))
        elif read.words and (read.confidence or 0) < _LOW_CONFIDENCE:
            self.doubtful.append((read.index, read.confidence or 0))

    def warnings(self) -> list[str]:
        """What was dropped or may be wrong, with page numbers."""
        found: list[str] = []
        if self.hidden:
            found.append(f"hidden text dropped on {_pages(self.hidden)}")
        if self.unread:
            found.append(f"damaged and left out: {_pages(self.unread)} ({_AGAIN})")
        found += [f"page {i}: the text recognition is unsure (mean confidence {c:.2f})" for i, c in self.doubtful]
        return found


def _annotations(page: Any) -> Iterator[int]:
    """The kinds of the first of a page's annotations."""
    for number in range(min(pdfium.FPDFPage_GetAnnotCount(page), _MAX_ANNOTATIONS)):
        annotation = pdfium.FPDFPage_GetAnnot(page, number)
        if annotation:
            yield pdfium.FPDFAnnot_GetSubtype(annotation)
            pdfium.FPDFPage_CloseAnnot(annotation)


def _turn_edge(edge: Edge, read: PageText) -> Edge:
    if not read.turn:
        return edge
    box = (edge["x0"], edge["top"], edge["x1"], edge["bottom"])
    x0, y0, x1, y1 = turn_box(box, read.turn, (read.width, read.height))
    flipped = {"h": "v", "v": "h"}[edge["orientation"]] if read.turn % 180 else edge["orientation"]
    return {"orientation": flipped, "x0": x0, "x1": x1, "top": y0, "bottom": y1, "width": x1 - x0, "height": y1 - y0}


def _needs_ocr(words: list[Word], drawing: Drawing) -> bool:
    """Whether the text layer can't be the page's text: too little beside what is drawn, or letters without sense."""
    text = "".join(word.text for word in words)
    least = _STAMP_CHARACTERS if drawing.picture > _FULL_PAGE else _LEAST_CHARACTERS
    if len(text) < least and drawing.marked:
        return True
    unmapped = sum(c == "\ufffd" or "\ue000" <= c <= "\uf8ff" for c in text)
    lower = [w.text for w in words if len(w.text) > 3 and w.text.isascii() and w.text.isalpha() and w.text.islower()]
    spoken = sum(bool(_VOWEL.search(word)) for word in lower)
    return unmapped > 0.2 * len(text) or (len(lower) >= 20 and spoken < 0.5 * len(lower))


def _pages(indexes: list[int]) -> str:
    shown = ", ".join(map(str, indexes[:20])) + (f" and {len(indexes) - 20} more" if len(indexes) > 20 else "")
    return f"{'page' if len(indexes) == 1 else 'pages'} {shown}"
