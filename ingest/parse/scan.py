"""Reads pages without a usable text layer: rendered, righted, recognised, as words with boxes and confidence."""

import re
import unicodedata
from typing import Any

import numpy as np

from ingest.parse.drawing import Edge
from ingest.parse.ocr import Recognised, Recogniser
from ingest.parse.raster import deskew, is_sideways, ruled_edges, skew_angle, stroke_widths
from ingest.parse.words import Box, PageText, Word

DPI = 200
_MAX_SIDE = 3_600
_DOUBTFUL = 0.8
_LEAST_SKEW = 0.15
# Share of a recognised line's box that is font size: the box adds a margin around the letters.
_SIZE_SHARE = 0.72
_BOLD_RATIO = 1.36
# Degrees: a line that slants more on a levelled page is a stamp or a note, not text of the page.
_STAMP_SLANT = 4.0
# Heights of recognised lines differ by this share within one font size.
_SAME_SIZE = 0.32
_SPECK = re.compile(r"^[.,\u00b7'`](?=[A-Za-z])")
_CAPITALS = re.compile(r"\W*(?:[A-Z]{2,}l[A-Z]*|[A-Z]*l[A-Z]{2,})\W*")


def read_scan(page: Any, read: PageText, recogniser: Recogniser) -> list[Edge]:
    """Fills `read` with the words that OCR sees on the rendered page; returns the page's ruled lines.

    A page that stands sideways or upside down is righted (`read.turn`), a slanted one levelled (`read.skew`). Words
    and lines are in points of the page as it is read.
    """
    scale = min(DPI / 72, _MAX_SIDE / max(read.width, read.height))
    image = page.render(scale=scale, grayscale=True).to_numpy()
    image = np.ascontiguousarray(image.reshape(image.shape[:2]))
    upright = image
    if is_sideways(image):
        image, read.turn = np.rot90(image).copy(), 270
    image = _level(image, read)
    lines = recogniser.read(image)
    if read.turn or not lines or _confidence(lines) < _DOUBTFUL:
        flipped = np.ascontiguousarray(image[::-1, ::-1])
        if recogniser.prefers(flipped, image):
            image, read.turn = flipped, (read.turn + 180) % 360
            lines = recogniser.read(image)
    if read.turn % 180 and _confidence(lines) < _DOUBTFUL:
        read.turn = 0
        image = _level(upright, read)
        lines = recogniser.read(image)
    read.words = _words(lines, image, read.index, scale)
    read.confidence = round(_confidence(lines), 3)
    edges = [edge for edge in ruled_edges(image) if not _strikes(edge, [word.box for line in lines for word in line])]
    return [{k: v / scale if k != "orientation" else v for k, v in edge.items()} for edge in edges]


def _strikes(edge: Edge, boxes: list[Box]) -> bool:
    """Whether an edge runs through the middle of words for half of its length: then it is made of letters."""
    along, across = (0, 1) if edge["orientation"] == "h" else (1, 0)
    place, low, high = (
        (edge["top"], edge["x0"], edge["x1"]) if along == 0 else (edge["x0"], edge["top"], edge["bottom"])
    )
    struck = 0.0
    for box in boxes:
        margin = 0.22 * (box[across + 2] - box[across]) if along == 0 else 3.0
        if box[across] + margin < place < box[across + 2] - margin:
            struck += max(min(box[along + 2], high) - max(box[along], low), 0.0)
    return bool(struck > 0.4 * (high - low))


def _level(image: Any, read: PageText) -> Any:
    angle = skew_angle(image)
    read.skew = angle if abs(angle) >= _LEAST_SKEW else 0.0
    return deskew(image, angle) if read.skew else image


def _confidence(lines: list[list[Recognised]]) -> float:
    """Mean confidence, each word weighed by its length; 0 for a page where nothing was recognised."""
    words = [word for line in lines for word in line]
    total = sum(len(word.text) for word in words)
    return sum(word.score * len(word.text) for word in words) / total if total else 0.0


def _words(lines: list[list[Recognised]], image: Any, page: int, scale: float) -> list[Word]:
    plain = _is_plain([word.text for line in lines for word in line])
    widths = stroke_widths(image, [[word.box for word in line] for line in lines])
    usual = float(np.median([w for row in widths for w in row])) if any(widths) else 0.0
    heights = [float(np.median([word.box[3] - word.box[1] for word in line])) / scale for line in lines]
    common = float(np.median([h for h, line in zip(heights, lines, strict=True) for _ in line])) if lines else 0.0
    words: list[Word] = []
    for line, strokes, measured in zip(lines, widths, heights, strict=True):
        height = common if abs(measured - common) < _SAME_SIZE * common else measured
        bold = bool(usual) and float(np.median(strokes)) > _BOLD_RATIO * usual
        for found in _without_specks(line):
            x0, y0, x1, y1 = (value / scale for value in found.box)
            text = _mend(found.text, plain=plain and found.score < _DOUBTFUL)
            words.append(
                Word(
                    text, page, x0, y0, x1, y1, height * _SIZE_SHARE, bold,
                    confidence=found.score, stamped=abs(found.slant) > _STAMP_SLANT,
                )
            )  # fmt: skip
    return words


def _without_specks(line: list[Recognised]) -> list[Recognised]:
    """The words of a line without dust in front of the first one, which would hide a step's number."""
    if len(line) > 1 and re.fullmatch(r"[.,\u00b7'`:;_]{1,2}", line[0].text):
        return line[1:]
    return line


def _is_plain(texts: list[str]) -> bool:
    """Whether the page is written without accents, so that a doubtful accent is a speck of dust."""
    letters = [c for text in texts for c in text if c.isalpha()]
    return bool(letters) and sum(c.isascii() for c in letters) > 0.98 * len(letters)


def _mend(text: str, *, plain: bool) -> str:
    """The word with l among capitals read as I ("APl"), and without accents where these can only be dust."""
    text = _SPECK.sub("", text)
    if _CAPITALS.fullmatch(text):
        text = text.replace("l", "I")
    if not plain:
        return text
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
