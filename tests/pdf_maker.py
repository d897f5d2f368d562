"""Small PDFs made for the parser tests: text, lines and marks at given places."""

from collections.abc import Callable
from pathlib import Path

from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from ingest.document import Block, Document

WIDTH, HEIGHT = A4
LEFT = 72.0
LOREM = (
    "The analyst opens the item and compares the account number with the original order before anything is released "
    "and writes the result of the comparison on the case together with the time and the zone of the time."
)


class Maker:
    """Writes text from the top of the page down; `y` is the distance of the next line from the top."""

    def __init__(self, path: Path, *, size: tuple[float, float] = A4) -> None:
        self.canvas = Canvas(str(path), pagesize=size)
        self.height = size[1]
        self.y = 90.0

    def line(self, text: str, *, x: float = LEFT, size: float = 11, bold: bool = False, gap: float = 4) -> None:
        """One line of text at the current place."""
        self.canvas.setFont("Helvetica-Bold" if bold else "Helvetica", size)
        self.canvas.drawString(x, self.height - self.y, text)
        self.y += size + gap

    def lines(self, text: str, *, x: float = LEFT, width: int = 85) -> None:
        """A paragraph broken into lines of at most `width` characters."""
        row = ""
        for word in text.split():
            if len(row) + len(word) + 1 > width:
                self.line(row, x=x)
                row = ""
            row = f"{row} {word}".strip()
        self.line(row, x=x)
        self.y += 8

    def at(self, text: str, x: float, y: float, *, size: float = 9) -> None:
        """Text at a place of its own, `y` from the top."""
        self.canvas.setFont("Helvetica", size)
        self.canvas.drawString(x, self.height - y, text)

    def grid(self, xs: list[float], rows: list[list[str]], *, height: float = 20) -> None:
        """A ruled table at the current place."""
        top = self.height - self.y
        for i in range(len(rows) + 1):
            self.canvas.line(xs[0], top - i * height, xs[-1], top - i * height)
        for x in xs:
            self.canvas.line(x, top, x, top - len(rows) * height)
        self.canvas.setFont("Helvetica", 10)
        for i, row in enumerate(rows):
            for x, text in zip(xs, row, strict=False):
                self.canvas.drawString(x + 4, top - i * height - 14, text)
        self.y += len(rows) * height + 20

    def page(self) -> None:
        """Ends the page."""
        self.canvas.showPage()
        self.y = 90.0

    def save(self) -> None:
        """Ends the document."""
        self.canvas.showPage()
        self.canvas.save()


def make_pdf(path: Path, draw: Callable[[Maker], None], *, size: tuple[float, float] = A4) -> Path:
    """The PDF that `draw` draws, saved at `path`."""
    maker = Maker(path, size=size)
    draw(maker)
    maker.save()
    return path


def kinds(document: Document) -> list[tuple[str, str]]:
    """(kind, text) of every block."""
    return [(block.kind, block.text) for block in document.blocks]


def find(document: Document, text: str) -> Block:
    """The first block whose text holds `text`."""
    return next(block for block in document.blocks if text in block.text)
