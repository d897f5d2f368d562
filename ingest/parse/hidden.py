"""Finds text that a PDF holds but does not show: invisible mode, tiny, off the page, or the colour of its ground."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from ingest.parse.words import PageText, Word

_SCALE = 0.75
_LEAST_SIZE = 2.0
# Differences of grey levels, 0 to 255, below which an eye sees nothing.
_LEAST_SPREAD = 4.0
_LEAST_CONTRAST = 14.0
_INVISIBLE_MODE = 3


@dataclass(frozen=True, slots=True)
class Shown:
    """The words that the rendered page shows, those it hides, and whether the page shows any ink at all."""

    words: list[Word]
    hidden: list[Word]
    inked: bool


def split_hidden(page: Any, read: PageText, *, scanned: bool) -> Shown:
    """Tells shown from hidden words by looking at the rendered page.

    `scanned` says that a picture fills the page: an invisible text layer over the ink of a scan is then normal.
    """
    image = page.render(scale=_SCALE, rev_byteorder=True, may_draw_forms=False).to_numpy()[:, :, :3]
    inked = int(image.max()) - int(image.min()) > 40
    seen = _visible(image, read.words)
    shown: list[Word] = []
    hidden: list[Word] = []
    for word, visible in zip(read.words, seen, strict=True):
        ok = visible and _is_placed(word, read) and (scanned or word.mode != _INVISIBLE_MODE)
        (shown if ok else hidden).append(word)
    return Shown(shown, hidden, inked)


def _is_placed(word: Word, read: PageText) -> bool:
    x, y = (word.x0 + word.x1) / 2, (word.y0 + word.y1) / 2
    return word.size >= _LEAST_SIZE and 0 <= x <= read.width and 0 <= y <= read.height


def _visible(image: Any, words: list[Word]) -> list[bool]:
    """Whether the pixels under each word vary, and its colour stands out from their mean.

    Mean and spread of all boxes come from one integral image. Dots and dashes are too small to judge, and other
    scripts may lack a font on this machine: these pass.
    """
    if not words:
        return []
    pixels = image.astype(np.float64)
    height, width = pixels.shape[:2]
    sums = np.zeros((height + 1, width + 1, 6))
    sums[1:, 1:] = np.concatenate([pixels, pixels**2], axis=2).cumsum(axis=0).cumsum(axis=1)
    boxes = np.array([word.box for word in words]) * _SCALE
    x0, x1 = _clip(np.floor(boxes[:, 0]), width), _clip(np.ceil(boxes[:, 2]) + 1, width)
    y0, y1 = _clip(np.floor(boxes[:, 1]), height), _clip(np.ceil(boxes[:, 3]) + 1, height)
    area = np.maximum((x1 - x0) * (y1 - y0), 1)[:, None]
    mean = (sums[y1, x1] - sums[y0, x1] - sums[y1, x0] + sums[y0, x0]) / area
    spread = np.sqrt(np.maximum(mean[:, 3:] - mean[:, :3] ** 2, 0)).max(axis=1)
    colors = np.array([word.color or (-999, 0, 0) for word in words])
    unknown = np.array([word.color is None or word.mode == _INVISIBLE_MODE for word in words])
    contrast = np.abs(colors - mean[:, :3]).max(axis=1)
    seen = (spread > _LEAST_SPREAD) & (unknown | (contrast > _LEAST_CONTRAST))
    return [bool(ok) or not _can_judge(word.text) for ok, word in zip(seen, words, strict=True)]


def _clip(values: Any, most: int) -> Any:
    return np.clip(values, 0, most).astype(int)


def _can_judge(text: str) -> bool:
    return any(char.isascii() and char.isalnum() for char in text)
