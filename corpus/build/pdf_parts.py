"""The looks of the PDF documents: styles, flow charts, boxes, stamps and handwriting."""

import random
from dataclasses import dataclass

from flow import BOX_WIDTH, FONT, LINE, SIZE, Chart
from reportlab.lib import colors
from reportlab.lib.enums import TA_LEFT
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, Paragraph, Table, TableStyle

NAVY = colors.HexColor("#16324f")
GREY = colors.HexColor("#5c6670")
PALE = colors.HexColor("#e8edf2")
TALLEST = 560.0


@dataclass(frozen=True, slots=True)
class Looks:
    """Fonts and paragraph styles of one document."""

    body: ParagraphStyle
    cell: ParagraphStyle
    head_cell: ParagraphStyle
    headings: tuple[ParagraphStyle, ...]
    caption: ParagraphStyle
    title: ParagraphStyle


def looks(serif: bool, size: float = 10.0) -> Looks:
    """Sans or serif; `size` of the body text in points."""
    face, bold = ("Times-Roman", "Times-Bold") if serif else ("Helvetica", "Helvetica-Bold")
    body = ParagraphStyle("body", fontName=face, fontSize=size, leading=size * 1.38, spaceAfter=size * 0.6)
    cell = ParagraphStyle("cell", parent=body, fontSize=size - 1.6, leading=size * 1.12, spaceAfter=0)
    head = ParagraphStyle("head", parent=cell, fontName=bold, textColor=NAVY)
    tops = tuple(
        ParagraphStyle(
            f"h{n}",
            parent=body,
            fontName=bold,
            fontSize=s,
            leading=s * 1.25,
            spaceBefore=s * 0.9,
            spaceAfter=s * 0.4,
            textColor=NAVY,
            keepWithNext=1,
        )
        for n, s in ((1, size + 4), (2, size + 1.5), (3, size))
    )
    caption = ParagraphStyle("caption", parent=cell, fontName=bold, spaceBefore=4, spaceAfter=3)
    title = ParagraphStyle(
        "title", parent=body, fontName=bold, fontSize=22, leading=27, textColor=NAVY, alignment=TA_LEFT
    )
    return Looks(body, cell, head, tops, caption, title)


def box(parts: list[Flowable], title: str, look: Looks, width: float) -> Table:
    """A bordered note with its title in bold."""
    inner: list[Flowable] = [Paragraph(f"<b>{title}</b>", look.body)] if title else []
    table = Table([[inner + parts]], colWidths=[width])
    table.setStyle(
        TableStyle(
            [
                ("BACKGROUND", (0, 0), (-1, -1), PALE),
                ("LINEBEFORE", (0, 0), (0, -1), 3, NAVY),
                ("TOPPADDING", (0, 0), (-1, -1), 6),
            ]
        )
    )
    table.spaceBefore, table.spaceAfter = 6, 8
    return table


class ChartFlowable(Flowable):
    """Draws a flow chart as vectors and text, shrunk to the width at hand."""

    def __init__(self, drawn: Chart) -> None:
        super().__init__()
        self.drawn = drawn
        self.scale = 1.0
        self.keepWithNext = 1  # with its caption

    def wrap(self, width: float, height: float) -> tuple[float, float]:
        # A chart, its heading and its caption must fit on one page; smaller letters can't be read on paper.
        self.scale = max(0.7, min(1.0, width / self.drawn.width, TALLEST / self.drawn.height))
        return width, self.drawn.height * self.scale + 12

    def draw(self) -> None:
        self.canv.saveState()
        self.canv.translate(0, self.drawn.height * self.scale + 4)
        self.canv.scale(self.scale, self.scale)
        self.canv.setStrokeColor(NAVY)
        for edge in self.drawn.edges:
            path = self.canv.beginPath()
            path.moveTo(edge.points[0][0], -edge.points[0][1])
            for x, y in edge.points[1:]:
                path.lineTo(x, -y)
            self.canv.drawPath(path)
            _arrow(self.canv, *edge.points[-2:])
        for node in self.drawn.nodes:
            self._box(node.x, -node.y, node.height, node.shape)
            self.canv.setFillColor(colors.black)
            self.canv.setFont(FONT, SIZE)
            top = -node.y - (node.height - LINE * len(node.lines)) / 2 - SIZE
            for n, line in enumerate(node.lines):
                self.canv.drawCentredString(node.x + BOX_WIDTH / 2, top - n * LINE, line)
        self.canv.setFont("Helvetica-Oblique", 7.5)
        for edge in self.drawn.edges:
            self.canv.drawString(edge.label_at[0], -edge.label_at[1], edge.label)
        self.canv.restoreState()

    def _box(self, x: float, y: float, height: float, shape: str) -> None:
        self.canv.setFillColor(colors.white if shape == "decision" else PALE)
        if shape == "decision":
            path = self.canv.beginPath()
            path.moveTo(x + BOX_WIDTH / 2, y)
            path.lineTo(x + BOX_WIDTH, y - height / 2)
            path.lineTo(x + BOX_WIDTH / 2, y - height)
            path.lineTo(x, y - height / 2)
            path.close()
            self.canv.drawPath(path, fill=1)
        else:
            self.canv.roundRect(x, y - height, BOX_WIDTH, height, 12 if shape == "end" else 2, fill=1)


def _arrow(canvas: Canvas, before: tuple[float, float], tip: tuple[float, float]) -> None:
    x, y = tip[0], -tip[1]
    canvas.setFillColor(NAVY)
    path = canvas.beginPath()
    path.moveTo(x, y)
    if abs(before[0] - tip[0]) > 0.1:
        side = 5 if before[0] > tip[0] else -5
        path.lineTo(x + side, y + 2.5)
        path.lineTo(x + side, y - 2.5)
    else:
        path.lineTo(x - 2.5, y + 5)
        path.lineTo(x + 2.5, y + 5)
    path.close()
    canvas.drawPath(path, fill=1)


class Mark(Flowable):
    """A rubber stamp or a handwritten remark beside the text; it takes no room."""

    def __init__(self, text: str, hand: bool, seed: int) -> None:
        super().__init__()
        self.text, self.hand = text, hand
        self.rng = random.Random(f"{text}{seed}")  # noqa: S311 (ink, not secrets)

    def wrap(self, width: float, height: float) -> tuple[float, float]:
        self.room = width
        return width, (22 if self.hand else 44)

    def draw(self) -> None:
        (self._write if self.hand else self._stamp)()

    def _stamp(self) -> None:
        canvas = self.canv
        lines = self.text.split(" / ")
        wide = max(len(t) for t in lines) * 8.2 + 24
        canvas.saveState()
        canvas.translate(self.room - wide / 2 + 14, 4)
        canvas.rotate(self.rng.uniform(6, 14))
        canvas.setStrokeColor(colors.Color(0.45, 0.1, 0.12, 0.75))
        canvas.setFillColor(colors.Color(0.45, 0.1, 0.12, 0.75))
        canvas.setLineWidth(2.2)
        canvas.roundRect(-wide / 2, -8, wide, 17 * len(lines) + 12, 5)
        canvas.setFont("Helvetica-Bold", 12)
        for n, line in enumerate(reversed(lines)):
            canvas.drawCentredString(0, 2 + 17 * n, line)
        canvas.restoreState()

    def _write(self) -> None:
        canvas = self.canv
        canvas.saveState()
        canvas.setFillColor(colors.Color(0.1, 0.15, 0.5, 0.85))
        canvas.setStrokeColor(colors.Color(0.1, 0.15, 0.5, 0.85))
        x, base = self.room * 0.42, 6.0
        canvas.line(x - 14, base - 4, x + 4 + 6.4 * len(self.text), base - 5 + self.rng.uniform(-2, 2))
        for letter in self.text:
            canvas.saveState()
            canvas.translate(x, base + self.rng.uniform(-1.1, 1.1))
            canvas.rotate(self.rng.uniform(-7, 9))
            canvas.skew(0, 14)
            canvas.setFont("Times-Italic", 13 + self.rng.uniform(-1, 1))
            canvas.drawString(0, 0, letter)
            canvas.restoreState()
            x += canvas.stringWidth(letter, "Times-Italic", 13) + self.rng.uniform(-0.3, 1.1)
        canvas.restoreState()
