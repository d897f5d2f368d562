"""What every parser returns: a document as blocks of text with page, position and heading path."""

from dataclasses import dataclass, field
from typing import Literal

BlockKind = Literal["heading", "paragraph", "step", "list", "table", "caption"]


@dataclass(frozen=True, slots=True)
class Span:
    """Where the characters `start` to `end` of a text stand on a page.

    `page` is a 1-based index. Coordinates are fractions (0 to 1) of the page's width and height with the
    origin at the top left of the page as displayed (rotation applied). One span is one word.
    """

    start: int
    end: int
    page: int
    x0: float
    y0: float
    x1: float
    y1: float


@dataclass(frozen=True, slots=True)
class Block:
    """One heading, paragraph, numbered step, list item, table or caption, in reading order.

    `text` is verbatim, hyphenation at line ends undone and white space folded to single blanks; a table is one
    line per row, cells joined by " | ", its header first. `heading_path` names the headings above the block,
    outermost first, and for a heading includes itself. `page` is where the block begins (1-based index), or
    None where the format has no pages. `number` is the printed number of a heading, step or list item ("4.2",
    "3)"), which is also part of `text`. `rows` holds the cells of a table. `anchor` is the HTML id to link to.
    """

    kind: BlockKind
    text: str
    heading_path: tuple[str, ...] = ()
    page: int | None = None
    level: int = 0
    number: str = ""
    spans: tuple[Span, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    anchor: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """One page: 1-based index, the label printed on it ("iv", "3-12", or ""), and how its text was had.

    `confidence` is the mean OCR confidence (0 to 1), or None where the page has a text layer.
    """

    index: int
    label: str = ""
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed file. `warnings` are sentences for the records officer (hidden text dropped, weak OCR...)."""

    title: str
    blocks: tuple[Block, ...]
    pages: tuple[Page, ...] = ()
    warnings: tuple[str, ...] = field(default=())
