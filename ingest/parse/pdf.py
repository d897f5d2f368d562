"""PDF files: text layer or OCR page by page, then one layout logic for both."""

from pathlib import Path

from pypdfium2 import PdfDocument

from ingest.document import Block, Document, Page
from ingest.parse.aligned import find_aligned
from ingest.parse.compose import Composer
from ingest.parse.contents import drop_contents
from ingest.parse.drawing import Edge
from ingest.parse.figures import Figure, Item, neighbours
from ingest.parse.furniture import strip_furniture
from ingest.parse.grid import find_grids
from ingest.parse.joining import Joiner
from ingest.parse.layout import Line, order_lines
from ingest.parse.outline import Outline
from ingest.parse.pdfpages import PageReader, open_pdf
from ingest.parse.styles import Styles
from ingest.parse.typography import Bookmark, body_size, bookmark_key, measure
from ingest.parse.wording import clean
from ingest.parse.words import INVISIBLE, PageText, Word

_MAX_BOOKMARKS = 20_000


def parse_pdf(path: Path, *, ocr: str = "rapidocr") -> Document:
    """A PDF as blocks with pages and word positions; pages without a text layer are read by OCR."""
    document = open_pdf(path)
    try:
        reader = PageReader(document, ocr)
        pages = reader.read_all()
        bookmarks = _bookmarks(document)
        title = clean(str(document.get_metadata_value("Title") or ""))
    finally:
        document.close()
    front = bookmark_key(" ".join(w.text for page in pages[:3] for w in page.words))
    strip_furniture(pages)
    drop_contents(pages)
    outline = Outline()
    _compose(outline, pages, reader.edges, bookmarks)
    blocks = tuple(outline.blocks)
    return Document(
        _title(title, front, blocks, path.stem),
        blocks,
        tuple(Page(p.index, p.label, p.confidence) for p in pages),
        tuple(reader.warnings()),
    )


def _compose(outline: Outline, pages: list[PageText], edges: dict[int, list[Edge]], bookmarks: list[Bookmark]) -> None:
    scanned = sum(map(_is_recognised, pages)) > len(pages) / 2
    largest = body_size(w for page in pages for w in page.words) * (1.3 if scanned else 1.12)
    items = {page.index: _items(page, edges.pop(page.index, []), largest) for page in pages}
    lines = [item for found in items.values() for item in found if isinstance(item, Line)]
    body, gap, bold = measure(lines)
    styles = Styles(body, gap, bold, scanned, {k: b for b in reversed(bookmarks) for k in b.match_keys()})
    styles.rank(
        [
            item
            for found in items.values()
            for i, item in enumerate(found)
            if isinstance(item, Line) and styles.is_heading(item, neighbours(found, i))
        ]
    )
    composer = Composer(outline, Joiner(pages), styles)
    for page in pages:
        composer.add_page(items.pop(page.index))
        page.words = []
    composer.finish()


def _is_recognised(page: PageText) -> bool:
    """Whether OCR gave the words, here or in a program that laid them invisibly over the scan."""
    return page.confidence is not None or sum(word.mode == INVISIBLE for word in page.words) > len(page.words) / 2


def _items(page: PageText, edges: list[Edge], largest: float) -> list[Item]:
    """The tables and lines of a page in reading order, stamps last; a table holds its place by a stand-in word."""
    stamped = [word for word in page.words if word.stamped]
    words = [word for word in page.words if not word.stamped]
    tables = find_grids(edges, words, page.index)
    tabled = {id(word) for table in tables for row in table.rows for cell in row for word in cell}
    stand_ins = [Word("\0", page.index, *table.box) for table in tables]
    table_of = {id(word): table for word, table in zip(stand_ins, tables, strict=True)}
    items: list[Item] = []
    run: list[Line] = []
    for line in order_lines([*(word for word in words if id(word) not in tabled), *stand_ins]):
        found = [table_of[id(word)] for word in line.words if id(word) in table_of]
        if found:
            items.extend(find_aligned(run, largest))
            items += found
            run = []
        else:
            run.append(line)
    items.extend(find_aligned(run, largest))
    return [*items, Figure(page.index, [stamped])] if stamped else items


def _bookmarks(document: PdfDocument) -> list[Bookmark]:
    found: list[Bookmark] = []
    for entry in document.get_toc(max_depth=8):
        dest = entry.get_dest()
        index = dest.get_index() if dest else None
        title = clean(entry.get_title() or "")
        if index is not None and title and len(found) < _MAX_BOOKMARKS:
            found.append(Bookmark(title, entry.level + 1, index + 1))
    return found


def _title(metadata: str, front: str, blocks: tuple[Block, ...], stem: str) -> str:
    """The metadata's title if the first pages print it, else the largest words on the first page, else the name."""
    if metadata and bookmark_key(metadata) and bookmark_key(metadata) in front:
        return metadata
    for page in (1, 2):
        headings = [block for block in blocks if block.kind == "heading" and block.page == page and block.spans]
        if headings:
            heights = [max(span.y1 - span.y0 for span in block.spans) for block in headings]
            return next(b.text for b, height in zip(headings, heights, strict=True) if height > 0.85 * max(heights))
    return metadata if " " in metadata else stem
