"""Words of a PDF page with their boxes, size and weight, as pdfium reads them from the text layer."""

import ctypes
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pypdfium2.raw as pdfium

from ingest.document import Span

_SCALE = 1_000_000


@dataclass(slots=True)
class Word:
    """One word: its box in points from the top left of the upright page, font size in points, weight."""

    text: str
    page: int
    x0: float
    y0: float
    x1: float
    y1: float
    size: float = 10.0
    bold: bool = False
    italic: bool = False
    mode: int = 0
    confidence: float | None = None

    @property
    def height(self) -> float:
        """Height of the box in points."""
        return self.y1 - self.y0


@dataclass(slots=True)
class PageText:
    """The words of one page; width and height in points of the page as displayed."""

    index: int
    width: float
    height: float
    words: list[Word] = field(default_factory=list)
    label: str = ""
    confidence: float | None = None

    def span(self, word: Word, start: int, end: int) -> Span:
        """Where the characters `start` to `end` of a text, which are this word, stand on the page."""
        return Span(
            start,
            end,
            word.page,
            _fraction(word.x0 / self.width),
            _fraction(word.y0 / self.height),
            _fraction(word.x1 / self.width),
            _fraction(word.y1 / self.height),
        )


def read_words(page: Any, textpage: Any, index: int) -> list[Word]:
    """The words of pdfium's text page in content order."""
    to_display = _display_matrix(page)
    words: list[Word] = []
    for start, chars in _runs(textpage):
        boxes = [_box(textpage, start + i, to_display) for i in range(len(chars))]
        size, bold, italic, mode = _style(textpage, start)
        words.append(
            Word(
                "".join(chars),
                index,
                min(b[0] for b in boxes),
                min(b[1] for b in boxes),
                max(b[2] for b in boxes),
                max(b[3] for b in boxes),
                size,
                bold,
                italic,
                mode,
            )
        )
    return words


def _runs(textpage: Any) -> Iterator[tuple[int, list[str]]]:
    """(index of the first character, characters) of each run without white space."""
    start, chars = 0, []
    for i in range(pdfium.FPDFText_CountChars(textpage)):
        code = pdfium.FPDFText_GetUnicode(textpage, i)
        char = "-" if code == 2 else chr(code) if code < 0x110000 else ""
        if not char or char.isspace() or code < 32 and code != 2:
            if chars:
                yield start, chars
            chars = []
            continue
        if not chars:
            start = i
        chars.append(char)
    if chars:
        yield start, chars


def _box(textpage: Any, i: int, matrix: tuple[float, ...]) -> tuple[float, float, float, float]:
    rect = pdfium.FS_RECTF()
    pdfium.FPDFText_GetLooseCharBox(textpage, i, ctypes.byref(rect))
    a, b, c, d, e, f = matrix
    xa, ya = a * rect.left + c * rect.bottom + e, b * rect.left + d * rect.bottom + f
    xb, yb = a * rect.right + c * rect.top + e, b * rect.right + d * rect.top + f
    return min(xa, xb), min(ya, yb), max(xa, xb), max(ya, yb)


def _style(textpage: Any, i: int) -> tuple[float, bool, bool, int]:
    matrix = pdfium.FS_MATRIX()
    size = pdfium.FPDFText_GetFontSize(textpage, i)
    if pdfium.FPDFText_GetMatrix(textpage, i, ctypes.byref(matrix)):
        size *= (matrix.c**2 + matrix.d**2) ** 0.5
    buffer = ctypes.create_string_buffer(128)
    flags = ctypes.c_int()
    length = pdfium.FPDFText_GetFontInfo(textpage, i, buffer, 128, ctypes.byref(flags))
    name = buffer.raw[: max(length - 1, 0)].decode("utf-8", "replace").lower() if length <= 128 else ""
    weight = pdfium.FPDFText_GetFontWeight(textpage, i)
    bold = weight >= 600 or any(mark in name for mark in ("bold", "black", "heavy", "semibold"))
    italic = bool(flags.value & 64) or "italic" in name or "oblique" in name
    obj = pdfium.FPDFText_GetTextObject(textpage, i)
    return size, bold, italic, pdfium.FPDFTextObj_GetTextRenderMode(obj) if obj else 0


def _display_matrix(page: Any) -> tuple[float, ...]:
    """The affine map from page space to points from the top left of the page as displayed."""
    width, height = page.get_size()
    origin, right, up = (_device_point(page, x, y) for x, y in ((0, 0), (1000, 0), (0, 1000)))
    return (
        (right[0] - origin[0]) / 1000 * width,
        (right[1] - origin[1]) / 1000 * height,
        (up[0] - origin[0]) / 1000 * width,
        (up[1] - origin[1]) / 1000 * height,
        origin[0] * width,
        origin[1] * height,
    )


def _device_point(page: Any, x: float, y: float) -> tuple[float, float]:
    dx, dy = ctypes.c_int(), ctypes.c_int()
    pdfium.FPDF_PageToDevice(page, 0, 0, _SCALE, _SCALE, 0, x, y, ctypes.byref(dx), ctypes.byref(dy))
    return dx.value / _SCALE, dy.value / _SCALE


def _fraction(value: float) -> float:
    return round(min(max(value, 0.0), 1.0), 5)
