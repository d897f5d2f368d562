"""What can be told from the pixels of a scan without reading it: direction, slant, ruled lines, heavy type."""

from typing import Any

import cv2
import numpy as np

from ingest.parse.drawing import Edge, make_edge
from ingest.parse.words import Box

_SMALL = 700
_MAX_SKEW = 4.0
_SIDEWAYS = 1.35


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
    """The long straight horizontal and vertical lines of the image, in pixels."""
    dark = (image < _threshold(image)).astype(np.uint8)
    height, width = dark.shape
    edges: list[Edge] = []
    for orientation, kernel in (("h", (max(width // 25, 40), 1)), ("v", (1, max(height // 40, 45)))):
        lines = cv2.morphologyEx(dark, cv2.MORPH_OPEN, np.ones(kernel[::-1], np.uint8))
        lines = cv2.morphologyEx(lines, cv2.MORPH_CLOSE, np.ones((7, 7), np.uint8))
        count, _, stats, _ = cv2.connectedComponentsWithStats(lines, connectivity=8)
        for x, y, w, h, _ in stats[1 : min(count, 2_000)]:
            if orientation == "h" and h < 14:
                edges.append(make_edge("h", float(x), y + h / 2, float(x + w), y + h / 2))
            elif orientation == "v" and w < 14:
                edges.append(make_edge("v", x + w / 2, float(y), x + w / 2, float(y + h)))
    return edges


def stroke_widths(image: Any, lines: list[list[Box]]) -> list[list[float]]:
    """For each box of each line the mean width of its strokes relative to its height."""
    dark = (image < _threshold(image)).astype(np.uint8)
    inner = cv2.erode(dark, np.ones((3, 3), np.uint8))
    return [[_stroke_width(dark, inner, box) for box in line] for line in lines]


def _stroke_width(dark: Any, inner: Any, box: Box) -> float:
    x0, y0, x1, y1 = (max(int(v), 0) for v in box)
    area = float(dark[y0:y1, x0:x1].sum())
    border = area - float(inner[y0:y1, x0:x1].sum())
    return 2 * area / border / max(y1 - y0, 1) if border else 0.0


def _threshold(image: Any) -> float:
    level, _ = cv2.threshold(image, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    return min(max(float(level), 90.0), 200.0)


def _small_ink(image: Any) -> Any:
    scale = _SMALL / max(image.shape)
    small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else image
    return (small < _threshold(small)).astype(np.float32)


def _rotated(ink: Any, angle: float) -> Any:
    height, width = ink.shape
    return cv2.warpAffine(ink, cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1.0), (width, height))


def _variation(ink: Any) -> float:
    """How sharply the ink of neighbouring rows differs: highest where text lines are level."""
    rows = ink.sum(axis=1)
    return float((np.diff(rows) ** 2).sum()) / (float(rows.sum()) or 1.0)
