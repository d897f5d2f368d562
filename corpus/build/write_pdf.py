"""Source -> text PDF: control page, contents with roman labels, running heads, tables that repeat their header."""

import io
from typing import Any
from xml.sax.saxutils import escape

from flow import chart
from pdf_parts import GREY, NAVY, PALE, ChartFlowable, Looks, Mark, box, looks
from printing import Template, day, labelled_canvas, markup, shares
from reportlab import rl_config
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4, landscape, letter
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BalancedColumns,
    CondPageBreak,
    Flowable,
    Frame,
    NextPageTemplate,
    PageBreak,
    PageTemplate,
    Paragraph,
    Spacer,
    Table,
    TableStyle,
)
from reportlab.platypus.tableofcontents import TableOfContents
from source import Block, Source

rl_config.useA85 = 0
MARGIN = 22 * mm


def write(source: Source) -> bytes:
    """The PDF's bytes, the same on every run."""
    return _Writer(source).build()


class _Writer:
    def __init__(self, source: Source) -> None:
        self.source = source
        self.meta = source.meta
        self.options: dict[str, Any] = self.meta["look"]
        self.paper = letter if self.options.get("paper") == "letter" else A4
        self.look: Looks = looks(self.options.get("serif", False), self.options.get("size", 10.0))
        self.contents = self.options.get("contents", True)
        self.width = self.paper[0] - 2 * MARGIN

    def build(self) -> bytes:
        out = io.BytesIO()
        document = Template(
            out,
            pagesize=self.paper,
            invariant=1,
            title=f"{self.meta['id']} {self.meta['title']}",
            author=self.meta["owner"],
            subject=f"Version {self.meta['version']}",
            creator="Larkmoor Bank document store",
        )
        document.front = 2 if self.contents else 0
        document.addPageTemplates(self._templates(document.front))
        document.multiBuild(self._story(), canvasmaker=labelled_canvas(document.front))
        return out.getvalue()

    def _templates(self, front: int) -> list[PageTemplate]:
        wide = landscape(self.paper)
        frame = Frame(MARGIN, 24 * mm, self.width, self.paper[1] - 50 * mm, 0, 0, 0, 0, id="body")
        across = Frame(MARGIN, 22 * mm, wide[0] - 2 * MARGIN, wide[1] - 46 * mm, 0, 0, 0, 0, id="wide")
        heads = self._heads
        return [
            PageTemplate("portrait", [frame], onPage=lambda c, d: heads(c, d, self.paper, front)),
            PageTemplate("landscape", [across], onPage=lambda c, d: heads(c, d, wide, front), pagesize=wide),
        ]

    def _heads(self, canvas: Canvas, document: Any, size: tuple[float, float], front: int) -> None:
        meta = self.meta
        canvas.saveState()
        canvas.setFont("Helvetica", 7.5)
        canvas.setFillColor(GREY)
        canvas.drawString(MARGIN, size[1] - 15 * mm, self.options.get("running", "Larkmoor Bank | Payments Operations"))
        canvas.drawRightString(size[0] - MARGIN, size[1] - 15 * mm, f"{meta['id']}  version {meta['version']}")
        canvas.setStrokeColor(GREY)
        canvas.setLineWidth(0.5)
        canvas.line(MARGIN, size[1] - 17 * mm, size[0] - MARGIN, size[1] - 17 * mm)
        canvas.drawString(MARGIN, 13 * mm, f"Effective {day(meta['effective_from'])}")
        canvas.drawCentredString(size[0] / 2, 13 * mm, "Internal - printed copies are not controlled")
        label = ("i", "ii")[document.page - 1] if document.page <= front else str(document.page - front)
        canvas.drawRightString(size[0] - MARGIN, 13 * mm, f"Page {label}")
        canvas.restoreState()

    def _story(self) -> list[Flowable]:
        story: list[Flowable] = [*self._control()]
        if self.contents:
            toc = TableOfContents(levelStyles=[self.look.body, self._second_level()], dotsMinLevel=0)
            story += [PageBreak(), Paragraph("Contents", self.look.title), Spacer(1, 8), toc, PageBreak()]
        return story + self._blocks(self.source.blocks, self.width)

    def _second_level(self) -> Any:
        return self.look.body.clone("toc2", leftIndent=14, fontSize=self.look.body.fontSize - 1)

    def _control(self) -> list[Flowable]:
        meta, look = self.meta, self.look
        facts = [
            ("Document", meta["id"]),
            ("Version", meta["version"]),
            ("Effective", day(meta["effective_from"])),
            ("Owner", meta["owner"]),
            ("Approved by", f"{meta['approver']}, {day(meta['approved_on'])}"),
            ("Replaces", meta["supersedes"] or "-"),
        ]
        if meta["readers"]:
            facts.append(("Readers", "Sanctions staff only. Do not forward."))
        rows = [[Paragraph(f"<b>{k}</b>", look.cell), Paragraph(escape(v), look.cell)] for k, v in facts]
        table = Table(rows, colWidths=[self.width * 0.22, self.width * 0.78], hAlign="LEFT")
        table.setStyle(TableStyle([("LINEBELOW", (0, 0), (-1, -1), 0.4, GREY), ("VALIGN", (0, 0), (-1, -1), "TOP")]))
        lead = [Spacer(1, 60 * mm)] if self.contents else []
        return [*lead, Paragraph(escape(meta["title"]), look.title), Spacer(1, 10), table, Spacer(1, 14)]

    def _blocks(self, blocks: tuple[Block, ...], width: float) -> list[Flowable]:
        story: list[Flowable] = []
        for block in blocks:
            story += getattr(self, f"_{block.kind}", self._boxed)(block, width)
        return story

    def _heading(self, block: Block, width: float) -> list[Flowable]:
        return [CondPageBreak(95), Paragraph(markup(block.text), self.look.headings[block.level - 1])]

    def _para(self, block: Block, width: float) -> list[Flowable]:
        return [Paragraph(markup(block.text), self.look.body)]

    def _list(self, block: Block, width: float) -> list[Flowable]:
        made: list[Flowable] = []
        for item in block.items:
            indent = 20 + 18 * item.depth
            style = self.look.body.clone("item", leftIndent=indent, bulletIndent=indent - 16, spaceAfter=3.5)
            bullet = f"{item.number}." if item.number else "\u2022"
            made.append(Paragraph(markup(item.text), style, bulletText=bullet))
        return [*made, Spacer(1, 4)]

    def _table(self, block: Block, width: float) -> list[Flowable]:
        rows: list[list[Paragraph]] = []
        for n, row in enumerate(block.rows):
            style = self.look.cell if n else self.look.head_cell
            rows.append([Paragraph(markup(c), style) for c in row])
        table = Table(rows, colWidths=[width * w for w in shares(block)], repeatRows=1, hAlign="LEFT")
        table.setStyle(
            TableStyle(
                [
                    ("GRID", (0, 0), (-1, -1), 0.4, colors.HexColor("#9aa5b1")),
                    ("BACKGROUND", (0, 0), (-1, 0), PALE),
                    ("VALIGN", (0, 0), (-1, -1), "TOP"),
                    ("LEFTPADDING", (0, 0), (-1, -1), 4),
                    ("RIGHTPADDING", (0, 0), (-1, -1), 4),
                    ("LINEBELOW", (0, 0), (-1, 0), 1, NAVY),
                ]
            )
        )
        caption = [CondPageBreak(80), Paragraph(markup(block.text), self.look.caption)] if block.text else []
        return [*caption, table, Spacer(1, 9)]

    def _flow(self, block: Block, width: float) -> list[Flowable]:
        drawn = ChartFlowable(chart(block.lines))
        return [drawn, Paragraph(markup(block.text), self.look.caption), Spacer(1, 6)]

    def _landscape(self, block: Block, width: float) -> list[Flowable]:
        inner = self._blocks(block.children, self.paper[1] - 2 * MARGIN)
        return [NextPageTemplate("landscape"), PageBreak(), *inner, NextPageTemplate("portrait"), PageBreak()]

    def _columns(self, block: Block, width: float) -> list[Flowable]:
        inner = self._blocks(block.children, (width - 18) / 2)
        return [BalancedColumns(inner, nCols=2, needed=90, innerPadding=18), Spacer(1, 6)]

    def _hidden(self, block: Block, width: float) -> list[Flowable]:
        style = self.look.body.clone("hidden", textColor=colors.white, fontSize=1, leading=1.2)
        return [Paragraph(markup(child.text), style) for child in block.children]

    def _pagebreak(self, block: Block, width: float) -> list[Flowable]:
        return [PageBreak()]

    def _comment(self, block: Block, width: float) -> list[Flowable]:
        return []

    def _stamp(self, block: Block, width: float) -> list[Flowable]:
        return [Mark(block.text, False, self.options.get("seed", 1))]

    def _hand(self, block: Block, width: float) -> list[Flowable]:
        return [Mark(block.text, True, self.options.get("seed", 1))]

    def _boxed(self, block: Block, width: float) -> list[Flowable]:
        return [box(self._blocks(block.children, width - 20), escape(block.text), self.look, width)]
