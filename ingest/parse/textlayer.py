"""Reads the words of a PDF page from its text layer with pdfium: text, box, font size, weight, colour."""

import ctypes
import itertools
import math
import sys
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import pypdfium2.raw as pdfium

from ingest.parse.geometry import Matrix, display_matrix, map_box
from ingest.parse.wording import clean, smuggles
from ingest.parse.words import Box, Color, Word

# Share of the font size above and below the base line that a highlighted word covers.
_ASCENT, _DESCENT = 0.86, 0.24
_BOLD_NAMES = ("bold", "black", "heavy", "semibd", "demi")
_LINE_END_HYPHEN = 2


def read_words(page: Any, textpage: Any, index: int) -> tuple[list[Word], bool]:
    """(words in content order with boxes on the page as displayed, any text in characters that nobody sees?)."""
    reader = _Reader(textpage, display_matrix(page), page.get_rotation())
    words: list[Word] = []
    smuggled = False
    for first, last, text in reader.runs():
        words += reader.words(first, last, text, index)
        smuggled = smuggled or (not text.isascii() and smuggles(text))
    return words, smuggled


@lru_cache(maxsize=512)
def _font_look(name: bytes) -> tuple[bool, bool]:
    """(bold?, italic?) as the font's name says."""
    text = name.decode("utf-8", "replace").lower()
    return any(mark in text for mark in _BOLD_NAMES), "italic" in text or "oblique" in text


@lru_cache(maxsize=4096)
def _shared_color(red: int, green: int, blue: int) -> Color:
    """One tuple for all words of a colour: a long document has a million words."""
    return red, green, blue


@lru_cache(maxsize=4096)
def _shared_size(size: float) -> float:
    return size


class _Reader:
    """One text page; the ctypes buffers are made once because millions of characters pass through them."""

    def __init__(self, textpage: Any, matrix: Matrix, rotation: int) -> None:
        self.textpage = textpage
        self.matrix = matrix
        self.rotation = rotation
        self._rect = pdfium.FS_RECTF()
        self._char = pdfium.FS_MATRIX()
        self._x, self._y = ctypes.c_double(), ctypes.c_double()
        self._name = ctypes.create_string_buffer(128)
        self._flags = ctypes.c_int()
        self._rgba = [ctypes.c_uint() for _ in range(4)]

    def runs(self) -> Iterator[tuple[int, int, str]]:
        """(first, last character index, text) of each run without white space or line-end hyphen."""
        first, chars = 0, ""
        get = pdfium.FPDFText_GetUnicode
        for i in range(pdfium.FPDFText_CountChars(self.textpage)):
            code = get(self.textpage, i)
            char = chr(code) if 32 < code < 0x110000 else "-" if code == _LINE_END_HYPHEN else " "
            if not char.isspace():
                first = first if chars else i
                chars += char
            if chars and (char.isspace() or code == _LINE_END_HYPHEN):
                yield first, i if code == _LINE_END_HYPHEN else i - 1, chars
                chars = ""
        if chars:
            yield first, first + len(chars) - 1, chars

    def words(self, first: int, last: int, text: str, page: int) -> Iterator[Word]:
        """The word of a run, or several where the run jumps to another line."""
        a, b = self._box(first), self._box(last)
        vertical = b[1] > a[3] or b[3] < a[1]
        if (vertical or b[2] < a[0]) and len(text) > 1:
            cut = self._jump(first, last)
            if 0 < cut < len(text):
                yield from self.words(first, first + cut - 1, text[:cut], page)
                yield from self.words(first + cut, last, text[cut:], page)
                return
        shown = clean(text)
        if shown and " " not in shown:
            box = (min(a[0], b[0]), min(a[1], b[1]), max(a[2], b[2]), max(a[3], b[3]))
            yield self._styled(Word(sys.intern(shown), page, *box), first)

    def _jump(self, first: int, last: int) -> int:
        """How many characters stand before the largest jump to another line; 0 when text just runs vertically."""
        boxes = [self._box(i) for i in range(first, last + 1)]
        jumps = [abs(b[1] - a[1]) + max(a[0] - b[0], 0) for a, b in itertools.pairwise(boxes)]
        best = max(range(len(jumps)), key=jumps.__getitem__)
        rest = sorted(jumps)[len(jumps) // 2]
        return best + 1 if jumps[best] > 3 * rest + 1 else 0

    def _box(self, i: int) -> Box:
        pdfium.FPDFText_GetLooseCharBox(self.textpage, i, ctypes.byref(self._rect))
        return map_box((self._rect.left, self._rect.bottom, self._rect.right, self._rect.top), self.matrix)

    def _styled(self, word: Word, i: int) -> Word:
        word.size = pdfium.FPDFText_GetFontSize(self.textpage, i)
        m = self._char
        if pdfium.FPDFText_GetMatrix(self.textpage, i, ctypes.byref(m)):
            word.size *= math.hypot(m.c, m.d)
            word.turn = round((math.degrees(math.atan2(-m.b, m.a)) + self.rotation) / 90) * 90 % 360
        self._set_height(word, i)
        length = pdfium.FPDFText_GetFontInfo(self.textpage, i, self._name, 128, ctypes.byref(self._flags))
        name = self._name.value if length <= 128 else b""
        word.bold, word.italic = _font_look(name)
        word.bold = word.bold or pdfium.FPDFText_GetFontWeight(self.textpage, i) >= 600
        obj = pdfium.FPDFText_GetTextObject(self.textpage, i)
        word.mode = pdfium.FPDFTextObj_GetTextRenderMode(obj) if obj else 0
        read_color = pdfium.FPDFText_GetStrokeColor if word.mode == 1 else pdfium.FPDFText_GetFillColor
        if read_color(self.textpage, i, *(ctypes.byref(v) for v in self._rgba)):
            word.color = _shared_color(*(value.value for value in self._rgba[:3]))
        word.size = _shared_size(word.size)
        return word

    def _set_height(self, word: Word, i: int) -> None:
        """Boxes of equal height around the base line, because fonts exaggerate their own height."""
        loose = word.y1 - word.y0 if word.turn % 180 == 0 else word.x1 - word.x0
        if not 0.7 * word.size < loose < 2.5 * word.size:
            word.size = loose / 1.2
            return
        if word.turn or not pdfium.FPDFText_GetCharOrigin(
            self.textpage, i, ctypes.byref(self._x), ctypes.byref(self._y)
        ):
            return
        base = self.matrix[1] * self._x.value + self.matrix[3] * self._y.value + self.matrix[5]
        if word.y0 - 1 <= base <= word.y1 + 1:
            word.y0, word.y1 = base - _ASCENT * word.size, base + _DESCENT * word.size
