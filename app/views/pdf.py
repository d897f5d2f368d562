"""Answers as PDF, as evidence for a case file: self-contained, with its own font."""

import re
from collections.abc import Sequence
from datetime import datetime
from functools import cache, partial
from io import BytesIO
from pathlib import Path
from xml.sax.saxutils import escape

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    CondPageBreak,
    Flowable,
    PageBreak,
    Paragraph,
    SimpleDocTemplate,
    Spacer,
    Table,
    TableStyle,
)

from app.answer import Answer, Citation, Statement
from app.record import Recorded
from app.views.export import facts_of, marked, number, say_time, title_of
from app.views.markup import say_date
from app.views.references import Numbering, say_document, say_where

FONTS = Path(__file__).parents[1] / "fonts"
_INK, _SOFT, _LINE, _TINT = (colors.HexColor(value) for value in ("#1a2526", "#4d5b5d", "#c5cfcf", "#f1f5f5"))
_WIDTH = A4[0] - 36 * mm


def as_pdf(records: Sequence[Recorded], made_at: datetime) -> bytes:
    """The answers with question, statements, sources word for word, and what is needed to find each again."""
    single = len(records) == 1
    title = records[0].answer.question if single else title_of(records)
    out = BytesIO()
    document = SimpleDocTemplate(
        out,
        pagesize=A4,
        leftMargin=18 * mm,
        rightMargin=18 * mm,
        topMargin=18 * mm,
        bottomMargin=20 * mm,
        title=_one_line(title)[:200],
        author="Payments procedures assistant",
        lang="en",
    )
    story: list[Flowable] = [] if single else [_text(title, "title"), Spacer(1, 4 * mm)]
    for position, record in enumerate(records):
        story += [*([PageBreak()] if position else []), *_answer(record)]
    document.build(story, canvasmaker=partial(_Numbered, footer=f"Exported {say_time(made_at)}"))
    return out.getvalue()


def _answer(record: Recorded) -> list[Flowable]:
    answer = record.answer
    numbering = number(answer)
    story: list[Flowable] = [_text(answer.question, "title"), _facts(record), Spacer(1, 5 * mm)]
    story += [_statement(statement, numbering) for statement in answer.statements]
    if answer.abstained:
        story.append(_text(answer.reason, "body"))
    if answer.escalation:
        story.append(_text(f"Escalate: {marked(answer.escalation, numbering)}", "body"))
    story += [_text(f"Note: {note}", "note") for note in answer.notes]
    if answer.withheld:
        story.append(_text(f"{len(answer.withheld)} statements of the model were withheld: not proved.", "note"))
    return story + _sources(answer, numbering)


def _statement(statement: Statement, numbering: Numbering) -> Flowable:
    mark = "☐ " if statement.kind == "step" else ""
    return _text(mark + marked(statement, numbering), "step" if mark else "body")


def _sources(answer: Answer, numbering: Numbering) -> list[Flowable]:
    if not numbering.citations:
        return []
    story: list[Flowable] = [CondPageBreak(40 * mm), _text("Sources", "heading")]
    for n, citation in enumerate(numbering.citations, 1):
        # A quote may be longer than a page: nothing here is kept together by force.
        story += [CondPageBreak(25 * mm), _text(f"[{n}] {citation.title}", "source"), _text(_place(citation), "small")]
        story += [_text(line, "quote") for line in citation.quote.splitlines() if line.strip()]
        story.append(Spacer(1, 2 * mm))
    return story


def _place(citation: Citation) -> str:
    effective = f"in force since {say_date(citation.effective_from)}" if citation.effective_from else ""
    owner = f"owner {citation.owner}" if citation.owner else ""
    facts = (say_document(citation.doc_id, citation.version), say_where(citation), effective, owner, citation.doc)
    return " · ".join(fact for fact in facts if fact)


def _facts(record: Recorded) -> Flowable:
    rows = [[_text(name, "small"), _text(value, "fact")] for name, value in facts_of(record)]
    table = Table(rows, colWidths=[42 * mm, _WIDTH - 42 * mm])
    table.setStyle(
        TableStyle(
            [
                ("LINEBELOW", (0, 0), (-1, -2), 0.4, _LINE),
                ("BOX", (0, 0), (-1, -1), 0.6, _LINE),
                ("BACKGROUND", (0, 0), (0, -1), _TINT),
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("TOPPADDING", (0, 0), (-1, -1), 2),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
            ]
        )
    )
    return table


def _text(text: str, style: str) -> Paragraph:
    return Paragraph(escape(_shown(_one_line(text))), _styles()[style])


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _shown(text: str) -> str:
    """The text, with what the font has no sign for written out, so that nothing vanishes from the evidence."""
    known = _font().face.charToGlyph
    return re.sub(r"[^\x20-\x7e]", lambda m: m[0] if ord(m[0]) in known else f"[U+{ord(m[0]):04X}]", text)


@cache
def _font() -> TTFont:
    regular = TTFont("Export", FONTS / "DejaVuSans.ttf")
    pdfmetrics.registerFont(regular)
    pdfmetrics.registerFont(TTFont("Export-Bold", FONTS / "DejaVuSans-Bold.ttf"))
    return regular


@cache
def _styles() -> dict[str, ParagraphStyle]:
    _font()
    body = ParagraphStyle("body", fontName="Export", fontSize=10, leading=14.5, textColor=_INK, spaceAfter=5)
    make = partial(ParagraphStyle, parent=body)
    return {
        "body": body,
        "title": make("title", fontName="Export-Bold", fontSize=14, leading=19, spaceAfter=7),
        "heading": make("heading", fontName="Export-Bold", fontSize=11, spaceBefore=9, spaceAfter=5),
        "step": make("step", leftIndent=15, firstLineIndent=-15),
        "note": make("note", fontSize=9, leading=12.5, leftIndent=8, borderPadding=0, textColor=_SOFT),
        "source": make("source", fontName="Export-Bold", fontSize=9.5, leading=13, spaceAfter=1),
        "small": make("small", fontSize=8.5, leading=12, textColor=_SOFT, spaceAfter=3),
        "fact": make("fact", fontSize=8.5, leading=12, spaceAfter=0),
        "quote": make("quote", fontSize=9, leading=12.5, leftIndent=8, rightIndent=4, backColor=_TINT, borderPadding=3),
    }


class _Numbered(Canvas):  # type: ignore[misc]  # reportlab has no types
    """Writes "page of pages" below each page, which is known only at the end."""

    def __init__(self, *arguments: object, footer: str, **options: object) -> None:
        super().__init__(*arguments, **options)
        self._footer = footer
        self._pages: list[dict[str, object]] = []

    def showPage(self) -> None:  # noqa: N802  # reportlab's name
        """Keep the page until all are there."""
        self._pages.append(dict(self.__dict__))
        self._startPage()

    def save(self) -> None:
        """Write the pages with their footers."""
        for at, page in enumerate(self._pages, 1):
            self.__dict__.update(page)
            self.setFont("Export", 7.5)
            self.setFillColor(_SOFT)
            self.drawString(18 * mm, 11 * mm, self._footer)
            self.drawRightString(A4[0] - 18 * mm, 11 * mm, f"Page {at} of {len(self._pages)}")
            super().showPage()
        super().save()
