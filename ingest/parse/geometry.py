"""Maps from PDF page space to the page as displayed: crop box and rotation applied, origin at the top left."""

import ctypes
from typing import Any

import pypdfium2.raw as pdfium

from ingest.parse.words import Box

Matrix = tuple[float, float, float, float, float, float]
_DEVICE = 1_000_000


def display_matrix(page: Any) -> Matrix:
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


def map_box(box: Box, matrix: Matrix) -> Box:
    """The upright box around a box after an affine map."""
    a, b, c, d, e, f = matrix
    xa, ya = a * box[0] + c * box[1] + e, b * box[0] + d * box[1] + f
    xb, yb = a * box[2] + c * box[3] + e, b * box[2] + d * box[3] + f
    if (b == 0 and c == 0) or (a == 0 and d == 0):
        return min(xa, xb), min(ya, yb), max(xa, xb), max(ya, yb)
    xc, yc = a * box[0] + c * box[3] + e, b * box[0] + d * box[3] + f
    xd, yd = a * box[2] + c * box[1] + e, b * box[2] + d * box[1] + f
    return min(xa, xb, xc, xd), min(ya, yb, yc, yd), max(xa, xb, xc, xd), max(ya, yb, yc, yd)


def multiply(m: Matrix, n: Matrix) -> Matrix:
    """The map that applies m, then n."""
    return (
        m[0] * n[0] + m[1] * n[2],
        m[0] * n[1] + m[1] * n[3],
        m[2] * n[0] + m[3] * n[2],
        m[2] * n[1] + m[3] * n[3],
        m[4] * n[0] + m[5] * n[2] + n[4],
        m[4] * n[1] + m[5] * n[3] + n[5],
    )


def _device_point(page: Any, x: float, y: float) -> tuple[float, float]:
    dx, dy = ctypes.c_int(), ctypes.c_int()
    pdfium.FPDF_PageToDevice(page, 0, 0, _DEVICE, _DEVICE, 0, x, y, ctypes.byref(dx), ctypes.byref(dy))
    return dx.value / _DEVICE, dy.value / _DEVICE
