"""Printing helpers: dates, inline markup for reportlab, column widths, contents entries and page labels."""

from datetime import date
from xml.sax.saxutils import escape

from inline import nested, plain, runs
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate, Flowable, Paragraph
from source import Block

SIMPLE_TAGS = {"bold": "b", "status": "b", "italic": "i"}


def day(value: date | None) -> str:
    """A date as printed in a document."""
    return f"{value.day} {value:%B %Y}" if value else "-"


def markup(text: str) -> str:
    """Inline markup as reportlab's paragraph XML; nested rows become lines."""
    own, rows = nested(text)
    if rows:
        own = "<br>".join(filter(None, [own, *(": ".join(r) for r in rows)]))
    parts = []
    for run in runs(own):
        safe = escape(run.text)
        if run.kind in SIMPLE_TAGS:
            safe = f"<{SIMPLE_TAGS[run.kind]}>{safe}</{SIMPLE_TAGS[run.kind]}>"
        elif run.kind == "code":
            safe = f'<font face="Courier">{safe}</font>'
        elif run.kind == "br":
            safe = "<br/>"
        elif run.kind == "deleted":
            safe = ""
        parts.append(safe)
    return "".join(parts)


class Template(BaseDocTemplate):
    """Collects contents entries and outline; the body starts at label 1 after `front` pages."""

    front = 0

    def afterFlowable(self, flowable: Flowable) -> None:  # noqa: N802 (reportlab's name)
        if not isinstance(flowable, Paragraph) or flowable.style.name not in {"h1", "h2"}:
            return
        level = int(flowable.style.name[1]) - 1
        text = flowable.getPlainText()
        key = f"s{self.page}-{abs(_key(text))}"
        self.canv.bookmarkPage(key)
        self.canv.addOutlineEntry(text, key, level, closed=False)
        self.notify("TOCEntry", (level, escape(text), self.page - self.front, key))


def _key(text: str) -> int:
    """A stable small number for a bookmark name."""
    return sum(ord(c) * (n + 1) for n, c in enumerate(text))


def shares(block: Block) -> list[float]:
    """Column widths as fractions: as written, else by the square root of the longest text and its longest word."""
    if block.widths:
        return [w / sum(block.widths) for w in block.widths]
    columns = list(zip(*block.rows, strict=True))
    weights = []
    for column in columns:
        texts = [plain(c) for c in column]
        word = max((len(w) for t in texts for w in t.split()), default=1)
        weights.append(max(word * 1.25, max(len(t) for t in texts) ** 0.62 * 2.2))
    return [w / sum(weights) for w in weights]


def labelled_canvas(front: int) -> type[Canvas]:
    """A canvas class that labels the first `front` pages i, ii and the rest 1, 2, 3."""

    class Labelled(Canvas):
        """Writes /PageLabels: roman for the front pages, then 1, 2, 3 ..."""

        def save(self) -> None:
            if front:
                self.addPageLabel(0, style="ROMAN_LOWER", start=1)
                self.addPageLabel(front, style="ARABIC", start=1)
            super().save()

    return Labelled
