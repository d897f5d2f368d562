"""Finds text that a PDF holds but does not show: invisible mode, tiny, off the page, or the colour of its ground."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from ingest.parse.words import INVISIBLE, PageText, Word

_SCALE = 0.75
_MAX_PIXELS = 1_400  # a side; posters are looked at from further away
_LEAST_SIZE = 2.0
# Differences of grey levels, 0 to 255, below which an eye sees nothing.
_LEAST_SPREAD = 4.0
_LEAST_CONTRAST = 14.0


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
    scale = min(_SCALE, _MAX_PIXELS / max(read.width, read.height))
    image = page.render(scale=scale, grayscale=True, may_draw_forms=False).to_numpy()
    inked = int(image.max()) - int(image.min()) > 40
    seen = _visible(image, read.words, scale)
    if not all(seen):  # grey levels can hide what colours show
        image = page.render(scale=scale, rev_byteorder=True, may_draw_forms=False).to_numpy()[:, :, :3]
        seen = [ok or _stands_out(image, word, scale) for ok, word in zip(seen, read.words, strict=True)]
    shown: list[Word] = []
    hidden: list[Word] = []
    for word, visible in zip(read.words, seen, strict=True):
        ok = visible and _is_placed(word, read) and (scanned or word.mode != INVISIBLE)
        (shown if ok else hidden).append(word)
    return Shown(shown, hidden, inked)


def _is_placed(word: Word, read: PageText) -> bool:
    x, y = (word.x0 + word.x1) / 2, (word.y0 + word.y1) / 2
    return word.size >= _LEAST_SIZE and 0 <= x <= read.width and 0 <= y <= read.height


def _visible(image: Any, words: list[Word], scale: float) -> list[bool]:
    """Whether the grey pixels under each word vary, and its colour stands out from their mean.

    Mean and spread of all boxes come from one integral image. Dots and dashes are too small to judge, and other
    scripts may lack a font on this machine: these pass.
    """
    if not words:
        return []
    grey = image.reshape(image.shape[:2]).astype(np.float64)
    height, width = grey.shape
    boxes = np.array([word.box for word in words]) * scale
    x0, x1 = _clip(np.floor(boxes[:, 0]), width), _clip(np.ceil(boxes[:, 2]) + 1, width)
    y0, y1 = _clip(np.floor(boxes[:, 1]), height), _clip(np.ceil(boxes[:, 3]) + 1, height)
    area = np.maximum((x1 - x0) * (y1 - y0), 1)
    means = []
    for values in (grey, grey**2):
        sums = np.zeros((height + 1, width + 1))
        sums[1:, 1:] = values.cumsum(axis=0).cumsum(axis=1)
        means.append((sums[y1, x1] - sums[y0, x1] - sums[y1, x0] + sums[y0, x0]) / area)
    spread = np.sqrt(np.maximum(means[1] - means[0] ** 2, 0))
    own = np.array([_grey(word) for word in words])
    seen = (spread > _LEAST_SPREAD) & (np.isnan(own) | (np.abs(own - means[0]) > _LEAST_CONTRAST))
    return [bool(ok) or not _can_judge(word.text) for ok, word in zip(seen, words, strict=True)]


def _stands_out(image: Any, word: Word, scale: float) -> bool:
    """The same test in colour for one word."""
    x0, y0, x1, y1 = (max(int(v * scale), 0) for v in word.box)
    patch = image[y0 : y1 + 2, x0 : x1 + 2].reshape(-1, 3).astype(np.float64)
    if not len(patch) or float(patch.std(axis=0).max()) <= _LEAST_SPREAD:
        return False
    if np.isnan(_grey(word)):
        return True
    return float(np.abs(patch.mean(axis=0) - np.array(word.color)).max()) > _LEAST_CONTRAST


def _grey(word: Word) -> float:
    """The grey level of the word's colour; NaN where it is unknown or not painted."""
    if word.color is None or word.mode == INVISIBLE:
        return float("nan")
    return 0.299 * word.color[0] + 0.587 * word.color[1] + 0.114 * word.color[2]


def _clip(values: Any, most: int) -> Any:
    return np.clip(values, 0, most).astype(int)


def _can_judge(text: str) -> bool:
    return any(char.isascii() and char.isalnum() for char in text)
