"""Source -> DOCX: styles, real numbering, nested tables, text boxes, comments and tracked-change leftovers."""

import io
from datetime import UTC, datetime
from typing import Any

import docx
from docx.document import Document
from docx.enum.section import WD_ORIENT, WD_SECTION
from docx.enum.text import WD_BREAK
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Emu, Mm, Pt, RGBColor
from docx.table import _Cell
from docx.text.paragraph import Paragraph
from docx_parts import CHANGED, set_number, text_box, tracked_change
from inline import nested, runs
from printing import day, shares
from source import Block, Source
from stable import stable_zip

NOW = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)


def write(source: Source) -> bytes:
    """The file's bytes, the same on every run."""
    writer = _Writer(source)
    out = io.BytesIO()
    writer.build().save(out)
    return stable_zip(out.getvalue())


class _Writer:
    def __init__(self, source: Source) -> None:
        self.source, self.meta = source, source.meta
        self.document: Document = docx.Document()
        self.at: Any = self.document
        self.changes = 0
        self.boxes = 0

    def build(self) -> Document:
        self._page()
        self._styles()
        self._properties()
        self._front()
        self._blocks(self.source.blocks)
        return self.document

    def _page(self) -> None:
        section = self.document.sections[0]
        letter = self.meta["look"].get("paper") == "letter"
        section.page_width, section.page_height = (Mm(215.9), Mm(279.4)) if letter else (Mm(210), Mm(297))
        section.left_margin = section.right_margin = Mm(22)
        head = section.header.paragraphs[0]
        head.text = f"Larkmoor Bank | Payments Operations\t\t{self.meta['id']} v{self.meta['version']}"
        foot = section.footer.paragraphs[0]
        foot.text = f"Effective {day(self.meta['effective_from'])}\tInternal\tPage "
        field = parse_xml(f'<w:fldSimple {nsdecls("w")} w:instr=" PAGE "><w:r><w:t>1</w:t></w:r></w:fldSimple>')
        foot._p.append(field)

    def _styles(self) -> None:
        styles = self.document.styles
        styles["Normal"].font.name, styles["Normal"].font.size = "Calibri", Pt(10.5)
        styles["Normal"].paragraph_format.space_after = Pt(6)
        for n in (1, 2, 3):
            styles[f"Heading {n}"].font.color.rgb = RGBColor(0x16, 0x32, 0x4F)
            styles[f"Heading {n}"].font.name = "Calibri"
        styles["Caption"].paragraph_format.keep_with_next = True
        for name in ("List Number", "List Number 2", "List Bullet", "List Bullet 2"):
            styles[name].paragraph_format.space_after = Pt(3)

    def _properties(self) -> None:
        core = self.document.core_properties
        core.title, core.author = self.meta["title"], self.meta["owner"]
        core.subject, core.comments = f"{self.meta['id']} v{self.meta['version']}", ""
        core.created = core.modified = NOW
        core.last_modified_by, core.revision = "Records Office", 7

    def _front(self) -> None:
        meta = self.meta
        self.document.add_paragraph(meta["title"], style="Title")
        approved = f"{meta['approver']}, {day(meta['approved_on'])}"
        rows = [("Document", meta["id"]), ("Version", meta["version"]), ("Effective from", day(meta["effective_from"]))]
        rows += [("Owner", meta["owner"]), ("Approved by", approved), ("Replaces", meta["supersedes"] or "-")]
        table = self.document.add_table(len(rows), 2, style="Light Grid Accent 1")
        for n, (key, value) in enumerate(rows):
            table.cell(n, 0).text, table.cell(n, 1).text = key, value
        self.document.add_paragraph()

    def _blocks(self, blocks: tuple[Block, ...]) -> None:
        for block in blocks:
            getattr(self, f"_{block.kind}", self._boxed)(block)

    def _heading(self, block: Block) -> None:
        self._fill(self.at.add_paragraph(style=f"Heading {block.level}"), block.text)

    def _para(self, block: Block) -> None:
        self._fill(self.at.add_paragraph(), block.text)

    def _list(self, block: Block) -> None:
        numbers: dict[int, int] = {}
        depth = 0
        for item in block.items:
            if item.depth > depth:
                numbers.pop(item.depth, None)
            depth = item.depth
            style = f"List {'Number' if item.number else 'Bullet'}{' 2' if item.depth else ''}"
            paragraph = self.at.add_paragraph(style=style)
            self._fill(paragraph, item.text)
            if item.number:
                set_number(self.document, paragraph, item, numbers)

    def _table(self, block: Block) -> None:
        if block.text:
            self._fill(self.at.add_paragraph(style="Caption"), block.text)
        table = self._grid(self.at, len(block.rows), len(block.rows[0]))
        _set_widths(table, [int(self._width() * share) for share in shares(block)])
        for n, row in enumerate(block.rows):
            for cell, text in zip(table.rows[n].cells, row, strict=True):
                self._cell(cell, text, n == 0)
        repeat = OxmlElement("w:tblHeader")
        table.rows[0]._tr.get_or_add_trPr().append(repeat)
        self.at.add_paragraph()

    def _grid(self, at: Any, rows: int, columns: int) -> Any:
        table = at.add_table(rows, columns)
        table.style = self.document.styles["Table Grid"]
        table.autofit = False
        return table

    def _cell(self, cell: _Cell, text: str, head: bool) -> None:
        own, rows = nested(text)
        paragraph = cell.paragraphs[0]
        paragraph.paragraph_format.space_after = Pt(1)
        self._fill(paragraph, own, bold=head, size=9)
        if head:
            shade = parse_xml(f'<w:shd {nsdecls("w")} w:val="clear" w:color="auto" w:fill="E8EDF2"/>')
            cell._tc.get_or_add_tcPr().append(shade)
        if rows:
            inner = self._grid(cell, len(rows), len(rows[0]))
            _set_widths(inner, [int(cell.width * 0.94 / len(rows[0]))] * len(rows[0]))
            for n, row in enumerate(rows):
                for small, value in zip(inner.rows[n].cells, row, strict=True):
                    self._fill(small.paragraphs[0], value, bold=n == 0, size=8.5)
            cell.add_paragraph()

    def _width(self) -> int:
        if isinstance(self.at, _Cell):
            return int(self.at.width) - 200000
        section = self.document.sections[-1]
        return int(section.page_width - section.left_margin - section.right_margin)

    def _fill(self, paragraph: Paragraph, text: str, bold: bool = False, size: float = 0) -> None:
        for run in runs(text):
            if run.kind in {"deleted", "inserted"}:
                self.changes += 1
                paragraph._p.append(tracked_change(run.kind, run.text, 900 + self.changes))
                continue
            made = paragraph.add_run(run.text)
            made.bold = True if bold or run.kind in {"bold", "status"} else None
            made.italic = True if run.kind == "italic" else None
            if run.kind == "code":
                made.font.name = "Consolas"
            if run.kind == "br":
                made.add_break()
            if size:
                made.font.size = Pt(size)

    def _comment(self, block: Block) -> None:
        paragraph = self.document.paragraphs[-1]
        if not paragraph.runs:
            paragraph = next(p for p in reversed(self.document.paragraphs) if p.runs)
        made = self.document.add_comment(paragraph.runs, " ".join(block.lines), block.text, block.text[:2].upper())
        made._comment_elm.set(qn("w:date"), CHANGED)

    def _landscape(self, block: Block) -> None:
        self._turn(WD_ORIENT.LANDSCAPE)
        self._blocks(block.children)
        self._turn(WD_ORIENT.PORTRAIT)

    def _turn(self, orientation: Any) -> None:
        section = self.document.add_section(WD_SECTION.NEW_PAGE)
        section.page_width, section.page_height = section.page_height, section.page_width
        section.orientation = orientation

    def _columns(self, block: Block) -> None:
        self._blocks(block.children)

    def _pagebreak(self, block: Block) -> None:
        self.at.add_paragraph().add_run().add_break(WD_BREAK.PAGE)

    def _hidden(self, block: Block) -> None:
        for child in block.children:
            run = self.at.add_paragraph().add_run(child.text)
            run.font.hidden = True

    def _stamp(self, block: Block) -> None:
        """Stamps and handwriting belong to scans."""

    _hand = _stamp

    def _flow(self, block: Block) -> None:
        """One bordered cell a box, the arrow and its label below."""
        texts = dict(line.split("->")[0].split(":", 1) for line in block.lines)
        names = {k.strip(): v.strip(" ()") for k, v in texts.items()}
        self._fill(self.at.add_paragraph(style="Caption"), block.text)
        table = self._grid(self.at, len(block.lines), 2)
        _set_widths(table, [int(self._width() * share) for share in (0.45, 0.55)])
        for row, line in zip(table.rows, block.lines, strict=True):
            key, _, targets = line.partition("->")
            self._fill(row.cells[0].paragraphs[0], names[key.split(":", 1)[0].strip()], bold=True, size=9)
            goes = [_target(t.strip(), names) for t in targets.split(",") if t.strip()]
            self._fill(row.cells[1].paragraphs[0], "<br>".join(goes), size=9)
        self.at.add_paragraph()

    def _textbox(self, block: Block) -> None:
        self.boxes += 1
        lines = ([f"**{block.text}**"] if block.text else []) + [child.text for child in block.children]
        self.document.add_paragraph()._p.append(text_box(lines, self.boxes))

    def _boxed(self, block: Block) -> None:
        """Notes and warnings: a shaded table of one cell."""
        table = self._grid(self.at, 1, 1)
        cell = table.cell(0, 0)
        fill = {"warning": "FCE8E6", "tip": "E6F4EA"}.get(block.kind, "E8EDF2")
        shade = parse_xml(f'<w:shd {nsdecls("w")} w:val="clear" w:color="auto" w:fill="{fill}"/>')
        cell._tc.get_or_add_tcPr().append(shade)
        self._fill(cell.paragraphs[0], block.text, bold=True)
        outer, self.at = self.at, cell
        self._blocks(block.children)
        self.at = outer
        self.at.add_paragraph()


def _target(target: str, names: dict[str, str]) -> str:
    key, _, label = target.partition(" [")
    return f'{label.rstrip("]").capitalize() + ": " if label else ""}go to "{names[key]}"'


def _set_widths(table: Any, widths: list[int]) -> None:
    """Word goes by the cells, other programs by the grid: set both, in English Metric Units."""
    for column, width in zip(table.columns, widths, strict=True):
        column.width = Emu(width)
        for cell in column.cells:
            cell.width = Emu(width)
