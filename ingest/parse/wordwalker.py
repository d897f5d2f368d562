"""The body of a Word file: styles to headings, lists with the numbers that Word prints, hidden text left out."""

from typing import Any

from ingest.errors import ParseError
from ingest.parse.numbering import Numbering, W
from ingest.parse.outline import Outline
from ingest.parse.wording import clean, ends_sentence, heading_number, is_caption, smuggles, step_number
from ingest.parse.wordstyles import Style, Styles, heading_level, list_place
from ingest.parse.wordtext import TextReader

_MAX_DEPTH = 40
_MAX_BOLD_HEADING = 120
_MAX_REPEATED = 120
_CONTAINERS = frozenset(
    f"{W}{tag}" for tag in ("sdt", "sdtContent", "ins", "moveTo", "customXml", "smartTag", "body", "tc", "txbxContent")
)


class WordWalker:
    """Walks the body of a Word file into blocks."""

    def __init__(self, styles: Styles, numbering: Numbering) -> None:
        self.outline = Outline()
        self.styles = styles
        self.numbering = numbering
        self.reader = TextReader(styles)
        self.footnotes: dict[str, Any] = {}
        self.title = ""
        self.smuggled = False

    def walk(self, element: Any, depth: int = 0) -> None:
        """Adds the blocks of everything inside an element."""
        if depth > _MAX_DEPTH:
            raise ParseError(f"parts nested more than {_MAX_DEPTH} deep", hint="save the file again in Word")
        for child in element:
            if child.tag == f"{W}p":
                self._paragraph(child, depth)
            elif child.tag == f"{W}tbl":
                self._table(child, depth)
            elif child.tag in _CONTAINERS:
                self.walk(child, depth + 1)

    def warnings(self, comments: int) -> list[str]:
        """What was left out."""
        found: list[str] = []
        if self.reader.hidden or self.smuggled:
            found.append(f"hidden text dropped in {max(self.reader.hidden, 1)} places")
        if comments:
            found.append(f"{comments} comments not indexed")
        return found

    def _paragraph(self, paragraph: Any, depth: int) -> None:
        chain = self.styles.chain(paragraph)
        raw = self.reader.text(paragraph, chain)
        self.smuggled = self.smuggled or smuggles(raw)
        text = clean(raw)
        style = chain[0].name if chain else ""
        if not style.startswith(("toc ", "table of figures")) and style != "toc heading":
            self._add(paragraph, chain, text)
        for box in _text_boxes(paragraph):
            self.walk(box, depth + 1)
            self.outline.close(minor=True)
        notes, self.reader.notes = self.reader.notes, []
        for note in notes:
            if note in self.footnotes:
                self.walk(self.footnotes.pop(note), depth + 1)

    def _add(self, paragraph: Any, chain: list[Style], text: str) -> None:
        level = heading_level(paragraph, chain)
        place = list_place(paragraph, chain)
        label, bullet = self.numbering.next_label(*place) if place and text else ("", False)
        text = f"{label} {text}" if label else text
        style = chain[0].name if chain else ""
        if level is not None:
            self.title = self.title or (text if level == 0 else "")
            self.outline.heading(text, level)
        elif style == "caption" or is_caption(text):
            self.outline.add("caption", text)
        elif bullet or style.startswith("list bullet"):
            self.outline.add("list", text)
        elif self._is_bold_heading(paragraph, chain, text):
            self.outline.minor_heading(text)
        elif number := label or step_number(text):
            self.outline.add("step", text, number=number)
        else:
            self.outline.add("paragraph", text)

    def _is_bold_heading(self, paragraph: Any, chain: list[Style], text: str) -> bool:
        if not text or len(text) > _MAX_BOLD_HEADING or not any(c.isalpha() for c in text):
            return False
        if ends_sentence(text) and not heading_number(text):
            return False
        return self.reader.is_bold(paragraph, chain)

    def _table(self, table: Any, depth: int) -> None:
        rows = [row for row in _children(table, "tr") if row.find(f"{W}trPr/{W}del") is None]
        cells = [_children(row, "tc") for row in rows]
        if max((len(row) for row in cells), default=0) < 2 or self._holds_headings(cells):
            for row in cells:
                for cell in row:
                    self.walk(cell, depth + 1)
            self.outline.close(minor=True)  # a box's own heading ends with the box
            return
        shown = [self._row(row, depth) for row in rows]
        for i, row in enumerate(shown):  # a cell merged downwards is printed once and counts for every row
            for j, text in enumerate(row):
                if text is None:
                    above = shown[i - 1][j] if i and j < len(shown[i - 1]) else ""
                    row[j] = above if above and len(above) <= _MAX_REPEATED else ""
        heads = sum(row.find(f"{W}trPr/{W}tblHeader") is not None for row in rows[:4]) or 1
        self.outline.table([[text or "" for text in row] for row in shown], heads)

    def _holds_headings(self, cells: list[list[Any]]) -> bool:
        paragraphs = [p for row in cells for cell in row for p in cell.iterchildren(f"{W}p")]
        return any(heading_level(p, self.styles.chain(p)) is not None for p in paragraphs)

    def _row(self, row: Any, depth: int) -> list[str | None]:
        shown: list[str | None] = []
        for cell in _children(row, "tc"):
            merge = cell.find(f"{W}tcPr/{W}vMerge")
            goes_on = merge is not None and merge.get(f"{W}val") != "restart"
            shown.append(None if goes_on else self._cell(cell, depth + 1))
            span = cell.find(f"{W}tcPr/{W}gridSpan")
            shown.extend([""] * (int(span.get(f"{W}val", "1")) - 1 if span is not None else 0))
        return shown

    def _cell(self, cell: Any, depth: int) -> str:
        """The text of a cell in one line; a table inside it becomes "first: second; ..."."""
        if depth > _MAX_DEPTH:
            raise ParseError(f"tables nested more than {_MAX_DEPTH} deep", hint="save the file again in Word")
        parts: list[str] = []
        for child in cell:
            if child.tag == f"{W}p":
                parts.append(self._cell_paragraph(child))
            elif child.tag == f"{W}tbl":
                rows = [[self._cell(c, depth + 1) for c in _children(r, "tc")] for r in _children(child, "tr")]
                parts.append("; ".join(": ".join(filter(None, row)) for row in rows if any(row)))
            elif child.tag in _CONTAINERS:
                parts.append(self._cell(child, depth + 1))
        return " ".join(filter(None, parts))

    def _cell_paragraph(self, paragraph: Any) -> str:
        chain = self.styles.chain(paragraph)
        raw = self.reader.text(paragraph, chain, shaded=True)
        self.smuggled = self.smuggled or smuggles(raw)
        place = list_place(paragraph, chain)
        text = clean(raw)
        label = self.numbering.next_label(*place)[0] if place and text else ""
        boxes = " ".join(self._cell(box, 1) for box in _text_boxes(paragraph))
        return " ".join(filter(None, [label, text, boxes]))


def _children(element: Any, tag: str) -> list[Any]:
    """The rows of a table or cells of a row, those inside content controls included."""
    found: list[Any] = []
    for child in element:
        if child.tag == f"{W}{tag}":
            found.append(child)
        elif child.tag in (f"{W}sdt", f"{W}sdtContent", f"{W}ins", f"{W}customXml"):
            found += _children(child, tag)
    return found


def _text_boxes(paragraph: Any) -> list[Any]:
    """The text boxes anchored in a paragraph; Word writes each twice, the second time for old programs."""
    fallback = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
    boxes = paragraph.iter(f"{W}txbxContent")
    return [
        box for box in boxes
        if not any(a.tag == fallback for a in box.iterancestors()) and next(box.iterancestors(f"{W}p")) is paragraph
    ]  # fmt: skip
