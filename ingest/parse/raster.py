"""What can be told from the pixels of a scan without reading it: direction, slant, ruled lines, heavy type."""

from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np

from ingest.parse.drawing import Edge, make_edge
from ingest.parse.words import Box

_SMALL = 700
_MAX_SKEW = 4.0
_SIDEWAYS = 1.35
# Pixels: how far a stroke is averaged along itself and compared across, how much darker and thick it may be.
_ALONG, _ACROSS = 31, 17
_LEAST_STEP = 9
_BESIDE = 6
_MAX_THICKNESS = 12
_MAX_LINES = 3_000


def is_sideways(image: Any) -> bool:
    """Whether lines of text run from top to bottom: the ink then varies more over columns than over rows."""
    ink = _small_ink(image)
    return _variation(ink.T) > _SIDEWAYS * _variation(ink)


def skew_angle(image: Any) -> float:
    """The slant of the text lines in degrees, positive clockwise; 0 for a page without enough ink."""
    ink = _small_ink(image)
    if ink.mean() < 0.002:
        return 0.0
    coarse = max(np.arange(-_MAX_SKEW, _MAX_SKEW + 0.1, 0.5), key=lambda a: _variation(_rotated(ink, a)))
    fine = max(np.arange(coarse - 0.5, coarse + 0.51, 0.1), key=lambda a: _variation(_rotated(ink, a)))
    level = _variation(ink)
    return float(fine) if _variation(_rotated(ink, fine)) > 1.05 * level else 0.0


def deskew(image: Any, angle: float) -> Any:
    """The image turned counter-clockwise by `angle` degrees about its middle, white where nothing was."""
    height, width = image.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1.0)
    return cv2.warpAffine(image, matrix, (width, height), flags=cv2.INTER_LINEAR, borderValue=255)


def ruled_edges(image: Any) -> list[Edge]:
    """The long straight horizontal and vertical lines of the image, faint ones too, in pixels."""
    level = [make_edge("h", x0, (y0 + y1) / 2, x1, (y0 + y1) / 2) for x0, y0, x1, y1 in _level_lines(image)]
    upright = [make_edge("v", (y0 + y1) / 2, x0, (y0 + y1) / 2, x1) for x0, y0, x1, y1 in _level_lines(image.T)]
    return level + upright


def _level_lines(image: Any) -> Iterator[Box]:
    """Boxes of thin level strokes that are darker than the paper just above and below them.

    Averaging along the stroke takes out the grain of a scan. Text makes bands too thick to be strokes.
    """
    smooth = cv2.blur(np.ascontiguousarray(image), (_ALONG, 1))
    paper = cv2.dilate(smooth, np.ones((_ACROSS, 1), np.uint8))
    dark = (cv2.subtract(paper, smooth) > _LEAST_STEP).astype(np.uint8)
    length = max(image.shape[1] // 25, 40)
    lines = cv2.morphologyEx(dark, cv2.MORPH_OPEN, np.ones((1, length), np.uint8))
    lines = cv2.morphologyEx(lines, cv2.MORPH_CLOSE, np.ones((3, 15), np.uint8))
    count, _, stats, _ = cv2.connectedComponentsWithStats(lines, connectivity=8)
    fine = cv2.blur(np.ascontiguousarray(image), (7, 3)).astype(np.int16)
    for x, y, w, h, area in stats[1 : min(count, _MAX_LINES)]:
        if h <= _MAX_THICKNESS and area > 0.2 * w * h and _is_unbroken(fine, x, y, w, h):
            yield float(x), float(y), float(x + w), float(y + h)


def _is_unbroken(fine: Any, x: int, y: int, w: int, h: int) -> bool:
    """Whether a stroke is darker than both its sides nearly everywhere: letters above each other leave gaps."""
    strip = fine[max(y - _BESIDE, 0) : y + h + _BESIDE, x : x + w]
    if len(strip) < 2 * _BESIDE:
        return False
    stroke = strip[_BESIDE // 2 : -(_BESIDE // 2)].min(axis=0)
    sides = np.minimum(strip[0], strip[-1])
    return bool((sides - stroke > _LEAST_STEP / 2).mean() > 0.75)


def stroke_widths(image: Any, lines: list[list[Box]]) -> list[list[float]]:
    """For each box of each line the mean width of its strokes in pixels."""
    dark = (image < _threshold(image)).astype(np.uint8)
    inner = cv2.erode(dark, np.ones((3, 3), np.uint8))
    return [[_stroke_width(dark, inner, box) for box in line] for line in lines]


def _stroke_width(dark: Any, inner: Any, box: Box) -> float:
    x0, y0, x1, y1 = (max(int(v), 0) for v in box)
    area = float(dark[y0:y1, x0:x1].sum())
    border = area - float(inner[y0:y1, x0:x1].sum())
    return 2 * area / border if border else 0.0


def _threshold(image: Any) -> float:
    level, _ = cv2.threshold(image, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    return min(max(float(level), 90.0), 200.0)


def _small_ink(image: Any) -> Any:
    """The ink of a small copy, 1 and 0: only marks of a letter's size, because shadows and lines mislead."""
    scale = _SMALL / max(image.shape)
    small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else image
    local = cv2.adaptiveThreshold(small, 1, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, 25, 15)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(local, connectivity=8)
    widths, heights, areas = stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT], stats[:, cv2.CC_STAT_AREA]
    kept = (np.minimum(widths, heights) < _SMALL * 0.04) & (np.maximum(widths, heights) < _SMALL * 0.25) & (areas > 2)
    kept[0] = False
    return kept[labels].astype(np.float32)


def _rotated(ink: Any, angle: float) -> Any:
    height, width = ink.shape
    return cv2.warpAffine(ink, cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1.0), (width, height))


def _variation(ink: Any) -> float:
    """How sharply the ink of neighbouring rows differs: highest where text lines are level."""
    rows = ink.sum(axis=1)
    return float((np.diff(rows) ** 2).sum()) / (float(rows.sum()) or 1.0)
