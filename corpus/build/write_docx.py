"""Source -> DOCX: styles, real numbering, nested tables, text boxes, comments and tracked-change leftovers."""

import copy
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
from inline import nested, plain, runs
from source import Block, Item, Source
from stable import stable_zip
from write_pdf import day, shares

STAMP = "2026-06-01T09:00:00Z"
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
                self._number(paragraph, item, style, numbers)

    def _number(self, paragraph: Paragraph, item: Item, style: str, numbers: dict[int, int]) -> None:
        """Give the list a numbering of its own that starts where the source says."""
        if item.depth not in numbers:
            numbers[item.depth] = self._new_numbering(style, item.number)
        properties = paragraph._p.get_or_add_pPr().get_or_add_numPr()
        properties.get_or_add_ilvl().val = 0
        properties.get_or_add_numId().val = numbers[item.depth]

    def _new_numbering(self, style: str, first: str) -> int:
        numbering = self.document.part.numbering_part.element
        base = self.document.styles[style].element.pPr.numPr.numId.val
        abstract = next(n for n in numbering.num_lst if n.numId == base).abstractNumId.val
        if not first.isdigit():
            abstract = self._lettered(numbering, abstract)
        number = numbering.add_num(abstract)
        start = int(first) if first.isdigit() else ord(first) - ord("a") + 1
        number.add_lvlOverride(ilvl=0).add_startOverride(start)
        return int(number.numId)

    def _lettered(self, numbering: Any, abstract: int) -> int:
        """A copy of the list definition that counts a, b, c."""
        for old in numbering.findall(qn("w:abstractNum")):
            if old.get(qn("w:abstractNumId")) == str(abstract + 500):
                return abstract + 500
        old = next(a for a in numbering.findall(qn("w:abstractNum")) if a.get(qn("w:abstractNumId")) == str(abstract))
        new = copy.deepcopy(old)
        new.set(qn("w:abstractNumId"), str(abstract + 500))
        for extra in (*new.findall(qn("w:nsid")), *new.findall(f".//{qn('w:pStyle')}")):
            extra.getparent().remove(extra)
        new.find(f".//{qn('w:numFmt')}").set(qn("w:val"), "lowerLetter")
        numbering.insert(0, new)
        return abstract + 500

    def _table(self, block: Block) -> None:
        if block.text:
            self._fill(self.at.add_paragraph(style="Caption"), block.text)
        table = self._grid(self.at, len(block.rows), len(block.rows[0]), self._width())
        for column, share in zip(table.columns, shares(block), strict=True):
            for cell in column.cells:
                cell.width = Emu(int(self._width() * share))
        for n, row in enumerate(block.rows):
            for cell, text in zip(table.rows[n].cells, row, strict=True):
                self._cell(cell, text, n == 0)
        repeat = OxmlElement("w:tblHeader")
        table.rows[0]._tr.get_or_add_trPr().append(repeat)
        self.at.add_paragraph()

    def _grid(self, at: Any, rows: int, columns: int, width: int) -> Any:
        table = at.add_table(rows, columns, width) if isinstance(at, _Cell) else at.add_table(rows, columns)
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
            inner = cell.add_table(len(rows), len(rows[0]))
            inner.style = self.document.styles["Table Grid"]
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
                paragraph._p.append(self._change(run.kind, run.text))
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

    def _change(self, kind: str, text: str) -> Any:
        self.changes += 1
        tag, inner = ("del", "delText") if kind == "deleted" else ("ins", "t")
        who = f'w:id="{900 + self.changes}" w:author="Records Office" w:date="{STAMP}"'
        safe = text.replace("&", "&amp;").replace("<", "&lt;")
        body = f'<w:r><w:{inner} xml:space="preserve">{safe}</w:{inner}></w:r>'
        return parse_xml(f"<w:{tag} {nsdecls('w')} {who}>{body}</w:{tag}>")

    def _comment(self, block: Block) -> None:
        paragraph = self.document.paragraphs[-1]
        if not paragraph.runs:
            paragraph = next(p for p in reversed(self.document.paragraphs) if p.runs)
        made = self.document.add_comment(paragraph.runs, " ".join(block.lines), block.text, block.text[:2].upper())
        made._comment_elm.set(qn("w:date"), STAMP)

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
        table = self._grid(self.at, len(block.lines), 2, self._width())
        for row, line in zip(table.rows, block.lines, strict=True):
            key, _, targets = line.partition("->")
            self._fill(row.cells[0].paragraphs[0], names[key.split(":", 1)[0].strip()], bold=True, size=9)
            goes = [_target(t.strip(), names) for t in targets.split(",") if t.strip()]
            self._fill(row.cells[1].paragraphs[0], "<br>".join(goes), size=9)
        self.at.add_paragraph()

    def _textbox(self, block: Block) -> None:
        self.boxes += 1
        lines = ([f"**{block.text}**"] if block.text else []) + [child.text for child in block.children]
        body = "".join(_box_paragraph(line) for line in lines)
        self.document.add_paragraph()._p.append(parse_xml(_text_box(body, self.boxes)))

    def _boxed(self, block: Block) -> None:
        """Notes and warnings: a shaded table of one cell."""
        table = self._grid(self.at, 1, 1, self._width())
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


def _box_paragraph(text: str) -> str:
    safe = plain(text).replace("&", "&amp;").replace("<", "&lt;")
    bold = "<w:rPr><w:b/></w:rPr>" if text.startswith("**") else ""
    return f'<w:p><w:r>{bold}<w:t xml:space="preserve">{safe}</w:t></w:r></w:p>'


def _text_box(body: str, number: int) -> str:
    """As Word writes it: a drawing for new readers and the same text again for old ones."""
    space = (
        'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
        'xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing" '
        'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
        'xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape" '
        'xmlns:v="urn:schemas-microsoft-com:vml"'
    )
    kind = "http://schemas.microsoft.com/office/word/2010/wordprocessingShape"
    shape = (
        '<wps:wsp><wps:cNvSpPr txBox="1"/><wps:spPr><a:xfrm><a:off x="0" y="0"/><a:ext cx="5400000" cy="900000"/>'
        '</a:xfrm><a:prstGeom prst="rect"><a:avLst/></a:prstGeom><a:solidFill><a:srgbClr val="FFF8E1"/></a:solidFill>'
        '<a:ln w="9525"><a:solidFill><a:srgbClr val="16324F"/></a:solidFill></a:ln></wps:spPr>'
        f"<wps:txbx><w:txbxContent>{body}</w:txbxContent></wps:txbx><wps:bodyPr><a:spAutoFit/></wps:bodyPr></wps:wsp>"
    )
    drawing = (
        '<w:drawing><wp:inline distT="0" distB="0" distL="0" distR="0"><wp:extent cx="5400000" cy="900000"/>'
        f'<wp:docPr id="{number}" name="Text Box {number}"/><a:graphic><a:graphicData uri="{kind}">{shape}'
        "</a:graphicData></a:graphic></wp:inline></w:drawing>"
    )
    old = (
        '<w:pict><v:shape style="width:425pt;height:71pt"><v:textbox><w:txbxContent>'
        f"{body}</w:txbxContent></v:textbox></v:shape></w:pict>"
    )
    return (
        f'<w:r {nsdecls("w")} {space}><mc:AlternateContent><mc:Choice Requires="wps">{drawing}</mc:Choice>'
        f"<mc:Fallback>{old}</mc:Fallback></mc:AlternateContent></w:r>"
    )
