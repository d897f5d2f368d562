"""What python-docx does not offer: lists with a numbering of their own, tracked changes, text boxes."""

import copy
from typing import Any

from docx.document import Document
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.text.paragraph import Paragraph
from inline import plain
from source import Item

CHANGED = "2026-06-01T09:00:00Z"
SPACES = (
    'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
    'xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing" '
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
    'xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape" '
    'xmlns:v="urn:schemas-microsoft-com:vml"'
)
SHAPE = "http://schemas.microsoft.com/office/word/2010/wordprocessingShape"


def set_number(document: Document, paragraph: Paragraph, item: Item, numbers: dict[int, int]) -> None:
    """Give the list a numbering of its own that starts where the source says; `numbers` by depth is kept up."""
    if item.depth not in numbers:
        numbers[item.depth] = _new_numbering(document, str(paragraph.style.name), item.number)
    properties = paragraph._p.get_or_add_pPr().get_or_add_numPr()
    properties.get_or_add_ilvl().val = 0
    properties.get_or_add_numId().val = numbers[item.depth]


def _new_numbering(document: Document, style: str, first: str) -> int:
    numbering = document.part.numbering_part.element
    base = document.styles[style].element.pPr.numPr.numId.val
    abstract = next(n for n in numbering.num_lst if n.numId == base).abstractNumId.val
    if not first.isdigit():
        abstract = _lettered(numbering, abstract)
    number = numbering.add_num(abstract)
    start = int(first) if first.isdigit() else ord(first) - ord("a") + 1
    number.add_lvlOverride(ilvl=0).add_startOverride(start)
    return int(number.numId)


def _lettered(numbering: Any, abstract: int) -> int:
    """A copy of the list definition that counts a, b, c."""
    made = str(abstract + 500)
    known = {a.get(qn("w:abstractNumId")): a for a in numbering.findall(qn("w:abstractNum"))}
    if made not in known:
        new = copy.deepcopy(known[str(abstract)])
        new.set(qn("w:abstractNumId"), made)
        for extra in (*new.findall(qn("w:nsid")), *new.findall(f".//{qn('w:pStyle')}")):
            extra.getparent().remove(extra)
        new.find(f".//{qn('w:numFmt')}").set(qn("w:val"), "lowerLetter")
        numbering.insert(0, new)
    return abstract + 500


def tracked_change(kind: str, text: str, number: int) -> Any:
    """A change that nobody accepted: `kind` is deleted or inserted."""
    tag, inner = ("del", "delText") if kind == "deleted" else ("ins", "t")
    who = f'w:id="{number}" w:author="Records Office" w:date="{CHANGED}"'
    body = f'<w:r><w:{inner} xml:space="preserve">{_safe(text)}</w:{inner}></w:r>'
    return parse_xml(f"<w:{tag} {nsdecls('w')} {who}>{body}</w:{tag}>")


def _safe(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")


def text_box(lines: list[str], number: int) -> Any:
    """A run with a text box as Word writes it: a drawing for new readers and the same text again for old ones."""
    body = "".join(_box_paragraph(line) for line in lines)
    choice = f'<mc:Choice Requires="wps">{_drawing(body, number)}</mc:Choice>'
    old = f"<v:textbox><w:txbxContent>{body}</w:txbxContent></v:textbox>"
    fallback = f'<mc:Fallback><w:pict><v:shape style="width:425pt;height:71pt">{old}</v:shape></w:pict></mc:Fallback>'
    whole = f"<mc:AlternateContent>{choice}{fallback}</mc:AlternateContent>"
    return parse_xml(f"<w:r {nsdecls('w')} {SPACES}>{whole}</w:r>")


def _drawing(body: str, number: int) -> str:
    extent = 'cx="5400000" cy="900000"'
    frame = f'<a:xfrm><a:off x="0" y="0"/><a:ext {extent}/></a:xfrm><a:prstGeom prst="rect"><a:avLst/></a:prstGeom>'
    fill = '<a:solidFill><a:srgbClr val="FFF8E1"/></a:solidFill>'
    line = '<a:ln w="9525"><a:solidFill><a:srgbClr val="16324F"/></a:solidFill></a:ln>'
    shape = (
        f'<wps:wsp><wps:cNvSpPr txBox="1"/><wps:spPr>{frame}{fill}{line}</wps:spPr>'
        f"<wps:txbx><w:txbxContent>{body}</w:txbxContent></wps:txbx><wps:bodyPr><a:spAutoFit/></wps:bodyPr></wps:wsp>"
    )
    return (
        f'<w:drawing><wp:inline distT="0" distB="0" distL="0" distR="0"><wp:extent {extent}/>'
        f'<wp:docPr id="{number}" name="Text Box {number}"/><a:graphic><a:graphicData uri="{SHAPE}">{shape}'
        "</a:graphicData></a:graphic></wp:inline></w:drawing>"
    )


def _box_paragraph(text: str) -> str:
    bold = "<w:rPr><w:b/></w:rPr>" if text.startswith("**") else ""
    return f'<w:p><w:r>{bold}<w:t xml:space="preserve">{_safe(plain(text))}</w:t></w:r></w:p>'
