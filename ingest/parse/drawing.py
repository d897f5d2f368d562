"""What is drawn on a PDF page besides text: straight edges, for tables, and how much of it pictures cover."""

import ctypes
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pypdfium2.raw as pdfium

from ingest.parse.geometry import Matrix, display_matrix, map_box, multiply
from ingest.parse.words import Box

_THIN = 3.0
_MAX_EDGES = 4_000
_FILL = -1  # a path that is filled but not stroked
_SCALE = 2.0
_MAX_PIXELS = 3_000
_LEAST_STEP = 8
_MAX_OBJECTS = 20_000
_MAX_SEGMENTS = 2_000
_MAX_FORM_DEPTH = 6
Point = tuple[float, float]
Edge = dict[str, Any]  # the form that pdfplumber's table functions take


@dataclass(slots=True)
class Drawing:
    """The straight edges of a page, in points as displayed, the share of it that its largest picture covers, and
    whether anything but text is on it at all."""

    edges: list[Edge] = field(default_factory=list)
    picture: float = 0.0
    marked: bool = False


def read_drawing(page: Any) -> Drawing:
    """Walks the page's objects, forms inside forms included; a page of more edges than tables have gives none."""
    drawing = Drawing()
    width, height = page.get_size()
    fills: list[Edge] = []
    for kind, box in _boxes(page, drawing):
        if kind == pdfium.FPDF_PAGEOBJ_IMAGE:
            shown = (min(box[2], width) - max(box[0], 0)) * (min(box[3], height) - max(box[1], 0))
            drawing.picture = max(drawing.picture, shown / (width * height or 1))
        elif len(drawing.edges) + len(fills) <= _MAX_EDGES:
            is_area = kind == _FILL and min(box[2] - box[0], box[3] - box[1]) > _THIN
            (fills if is_area else drawing.edges).extend(box_edges(box))
    if len(drawing.edges) + len(fills) > _MAX_EDGES:
        drawing.edges = []
    elif fills:
        drawing.edges += _visible(fills, page)
    return drawing


def _visible(edges: list[Edge], page: Any) -> list[Edge]:
    """The edges of shaded areas that can be seen: the colour changes there along most of their length.

    Word shades one cell in several pieces that touch; a reader sees one cell.
    """
    scale = min(_SCALE, _MAX_PIXELS / max(*page.get_size(), 1))
    image = page.render(scale=scale, may_draw_forms=False).to_numpy()[:, :, :3]
    return [edge for edge in edges if _shows(edge, image, scale)]


def _shows(edge: Edge, image: Any, scale: float) -> bool:
    margin = max(round(scale), 1)
    x0, x1 = round(edge["x0"] * scale), round(edge["x1"] * scale)
    y0, y1 = round(edge["top"] * scale), round(edge["bottom"] * scale)
    if edge["orientation"] == "v":
        patch = image[max(y0, 0) : y1 + 1, max(x0 - margin, 0) : x0 + margin + 1]
        spread = patch.max(axis=1, initial=0).astype(int) - patch.min(axis=1, initial=255)
    else:
        patch = image[max(y0 - margin, 0) : y0 + margin + 1, max(x0, 0) : x1 + 1]
        spread = patch.max(axis=0, initial=0).astype(int) - patch.min(axis=0, initial=255)
    return bool(patch.size) and float(np.quantile(spread.max(axis=1), 0.25)) > _LEAST_STEP


def box_edges(box: Box) -> Iterator[Edge]:
    """The sides of a box; a thin one is a single line."""
    x0, y0, x1, y1 = box
    wide, tall = x1 - x0 > _THIN, y1 - y0 > _THIN
    if wide and not tall:
        yield make_edge("h", x0, (y0 + y1) / 2, x1, (y0 + y1) / 2)
    elif tall and not wide:
        yield make_edge("v", (x0 + x1) / 2, y0, (x0 + x1) / 2, y1)
    elif wide and tall:
        yield make_edge("h", x0, y0, x1, y0)
        yield make_edge("h", x0, y1, x1, y1)
        yield make_edge("v", x0, y0, x0, y1)
        yield make_edge("v", x1, y0, x1, y1)


def make_edge(orientation: str, x0: float, top: float, x1: float, bottom: float) -> Edge:
    """One horizontal ("h") or vertical ("v") edge."""
    return {
        "orientation": orientation, "x0": x0, "x1": x1, "top": top, "bottom": bottom,
        "width": x1 - x0, "height": bottom - top,
    }  # fmt: skip


def _boxes(page: Any, drawing: Drawing) -> Iterator[tuple[int, Box]]:
    """(object type, box) of the pictures and of all straight strokes and rectangles."""
    matrix = display_matrix(page)
    count = pdfium.FPDFPage_CountObjects(page)
    stack = [(pdfium.FPDFPage_GetObject(page, i), matrix, 0) for i in range(min(count, _MAX_OBJECTS))]
    for _ in range(_MAX_OBJECTS):
        if not stack:
            return
        obj, outer, depth = stack.pop()
        kind = pdfium.FPDFPageObj_GetType(obj)
        drawing.marked = drawing.marked or kind not in (pdfium.FPDF_PAGEOBJ_TEXT, pdfium.FPDF_PAGEOBJ_FORM)
        if kind == pdfium.FPDF_PAGEOBJ_PATH and (mode := _paint_mode(obj)):
            for points in _outlines(obj):
                for box in _strokes(points, multiply(_own_matrix(obj), outer), stroked=mode != _FILL):
                    yield mode, box
        elif kind == pdfium.FPDF_PAGEOBJ_IMAGE:
            yield kind, map_box((0, 0, 1, 1), multiply(_own_matrix(obj), outer))
        elif kind == pdfium.FPDF_PAGEOBJ_FORM and depth < _MAX_FORM_DEPTH:
            inner = multiply(_own_matrix(obj), outer)
            parts = min(pdfium.FPDFFormObj_CountObjects(obj), _MAX_OBJECTS)
            stack += [(pdfium.FPDFFormObj_GetObject(obj, i), inner, depth + 1) for i in range(parts)]


def _paint_mode(path: Any) -> int:
    """The object type of a stroked path, _FILL for one only filled, 0 for one that paints nothing."""
    fill, stroke = ctypes.c_int(), ctypes.c_int()
    pdfium.FPDFPath_GetDrawMode(path, ctypes.byref(fill), ctypes.byref(stroke))
    return pdfium.FPDF_PAGEOBJ_PATH if stroke.value else _FILL if fill.value else 0


def _outlines(path: Any) -> Iterator[list[Point]]:
    """The corners of each part of a path that is made of straight lines."""
    x, y = ctypes.c_float(), ctypes.c_float()
    points: list[Point] = []
    for i in range(min(pdfium.FPDFPath_CountSegments(path), _MAX_SEGMENTS)):
        segment = pdfium.FPDFPath_GetPathSegment(path, i)
        kind = pdfium.FPDFPathSegment_GetType(segment)
        if kind == pdfium.FPDF_SEGMENT_BEZIERTO:
            points = []
            continue
        pdfium.FPDFPathSegment_GetPoint(segment, ctypes.byref(x), ctypes.byref(y))
        if kind == pdfium.FPDF_SEGMENT_MOVETO:
            yield points
            points = []
        if (x.value, y.value) != (points[-1] if points else None):
            points.append((x.value, y.value))
        if pdfium.FPDFPathSegment_GetClose(segment) and points:
            yield [*points, points[0]] if points[0] != points[-1] else points
            points = []
    yield points


def _strokes(points: list[Point], matrix: Matrix, *, stroked: bool) -> Iterator[Box]:
    """The strokes between points; four straight sides are given as one box, so that thin ones become one line."""
    xs, ys = {round(p[0], 1) for p in points}, {round(p[1], 1) for p in points}
    if len(points) in (4, 5) and len(xs) <= 2 and len(ys) <= 2:
        exact = [p[0] for p in points], [p[1] for p in points]
        yield map_box((min(exact[0]), min(exact[1]), max(exact[0]), max(exact[1])), matrix)
        return
    for (xa, ya), (xb, yb) in itertools.pairwise(points) if stroked else ():
        box = map_box((min(xa, xb), min(ya, yb), max(xa, xb), max(ya, yb)), matrix)
        if min(box[2] - box[0], box[3] - box[1]) <= 1:
            yield box


def _own_matrix(obj: Any) -> Matrix:
    m = pdfium.FS_MATRIX()
    if not pdfium.FPDFPageObj_GetMatrix(obj, ctypes.byref(m)):
        return (1, 0, 0, 1, 0, 0)
    return (m.a, m.b, m.c, m.d, m.e, m.f)
