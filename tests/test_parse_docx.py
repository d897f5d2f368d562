"""Word files: what a reader of the printed document sees, and nothing else."""

import zipfile
from pathlib import Path
from typing import Any

import docx
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from docx.shared import Pt, RGBColor
from pdf_maker import find, kinds

from ingest.errors import ParseError
from ingest.parse import parse_file
from ingest.parse.numbering import format_number

_LEVELS = """
<w:abstractNum {ns} w:abstractNumId="90"><w:multiLevelType w:val="multilevel"/>
  <w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="decimal"/><w:lvlText w:val="%1."/></w:lvl>
  <w:lvl w:ilvl="1"><w:start w:val="1"/><w:numFmt w:val="lowerLetter"/><w:lvlText w:val="%1.%2)"/></w:lvl>
  <w:lvl w:ilvl="2"><w:start w:val="1"/><w:numFmt w:val="lowerRoman"/><w:lvlText w:val="(%3)"/></w:lvl>
</w:abstractNum>"""
_LIST = '<w:num {ns} w:numId="{id}"><w:abstractNumId w:val="90"/>{extra}</w:num>'
_RESTART = '<w:lvlOverride w:ilvl="0"><w:startOverride w:val="1"/></w:lvlOverride>'


def numbered(document: Any) -> None:
    """Adds a multilevel list, numbers 90 and (restarting) 91."""
    root = document.part.numbering_part.element
    ns = nsdecls("w")
    root.insert(0, parse_xml(_LEVELS.format(ns=ns)))
    root.append(parse_xml(_LIST.format(ns=ns, id=90, extra="")))
    root.append(parse_xml(_LIST.format(ns=ns, id=91, extra=_RESTART)))


def item(document: Any, text: str, depth: int, list_id: int = 90) -> None:
    paragraph = document.add_paragraph(text)
    xml = f'<w:numPr {nsdecls("w")}><w:ilvl w:val="{depth}"/><w:numId w:val="{list_id}"/></w:numPr>'
    paragraph._p.get_or_add_pPr().append(parse_xml(xml))


def save(document: Any, tmp_path: Path) -> Path:
    path = tmp_path / "a.docx"
    document.save(str(path))
    return path


def test_lists_carry_the_numbers_that_word_prints(tmp_path: Path) -> None:
    document = docx.Document()
    numbered(document)
    item(document, "Open the item", 0)
    item(document, "closed account", 1)
    item(document, "other reasons", 1)
    item(document, "none of these", 2)
    item(document, "Release", 0)
    item(document, "closed again", 1)
    item(document, "Begin anew", 0, list_id=91)
    steps = [(b.number, b.text) for b in parse_file(save(document, tmp_path)).blocks]
    assert steps == [
        ("1.", "1. Open the item"),
        ("1.a)", "1.a) closed account"),
        ("1.b)", "1.b) other reasons"),
        ("(i)", "(i) none of these"),
        ("2.", "2. Release"),
        ("2.a)", "2.a) closed again"),
        ("1.", "1. Begin anew"),
    ]


@pytest.mark.parametrize(
    ("count", "form", "shown"),
    [
        (28, "lowerLetter", "bb"),
        (4, "upperRoman", "IV"),
        (7, "decimalZero", "07"),
        (9, "none", ""),
        (3, "chicago", "3"),
    ],
)
def test_number_formats(count: int, form: str, shown: str) -> None:
    assert format_number(count, form) == shown


def test_headings_and_title_give_the_path(tmp_path: Path) -> None:
    document = docx.Document()
    document.add_heading("Wire repair", 0)
    document.add_heading("1 Purpose", 1)
    document.add_paragraph("Says what is done.")
    document.add_heading("1.1 Scope", 2)
    document.add_paragraph().add_run("Mind the cut-off").bold = True
    document.add_paragraph("At 17:30 ET the rail closes.")
    parsed = parse_file(save(document, tmp_path))
    assert parsed.title == "Wire repair" and parsed.pages == ()
    path = find(parsed, "17:30").heading_path
    assert path == ("Wire repair", "1 Purpose", "1.1 Scope", "Mind the cut-off")
    assert find(parsed, "1.1 Scope").level == 3


def test_deleted_text_goes_inserted_text_stays(tmp_path: Path) -> None:
    document = docx.Document()
    paragraph = document.add_paragraph("The limit is ")
    for tag, text_tag, text in (("del", "delText", "100,000"), ("ins", "t", "50,000")):
        xml = f"<w:{tag} {nsdecls('w')} w:id='1' w:author='x'><w:r><w:{text_tag}>{text}</w:{text_tag}></w:r></w:{tag}>"
        paragraph._p.append(parse_xml(xml))
    paragraph.add_run(" dollars.")
    table = document.add_table(2, 2)
    table.cell(0, 0).text, table.cell(0, 1).text, table.cell(1, 0).text = "Code", "Use", "gone"
    table.rows[1]._tr.get_or_add_trPr().append(parse_xml(f"<w:del {nsdecls('w')} w:id='2' w:author='x'/>"))
    assert kinds(parse_file(save(document, tmp_path))) == [
        ("paragraph", "The limit is 50,000 dollars."),
        ("table", "Code | Use"),
    ]


def test_hidden_text_and_comments_are_dropped_and_named(tmp_path: Path) -> None:
    document = docx.Document()
    paragraph = document.add_paragraph("Seen. ")
    paragraph.add_run("vanished").font.hidden = True
    white = paragraph.add_run("white on white")
    white.font.color.rgb = RGBColor(255, 255, 255)
    paragraph.add_run("one point").font.size = Pt(1)
    document.add_comment(paragraph.runs[0], text="Is this still so?", author="x", initials="x")
    parsed = parse_file(save(document, tmp_path))
    assert kinds(parsed) == [("paragraph", "Seen.")]
    assert parsed.warnings == ("hidden text dropped in 3 places", "1 comments not indexed")


def test_tables_merged_cells_nested_tables_and_white_headers(tmp_path: Path) -> None:
    document = docx.Document()
    table = document.add_table(3, 3)
    for j, text in enumerate(["Rail", "Case", "Rule"]):
        run = table.cell(0, j).paragraphs[0].add_run(text)
        run.font.color.rgb = RGBColor(255, 255, 255)
    table.cell(1, 0).merge(table.cell(2, 0)).text = "Fedwire"
    table.cell(1, 1).text, table.cell(1, 2).text = "late", "call the lead"
    table.cell(2, 1).text = "limits"
    inner = table.cell(2, 2).add_table(2, 2)
    for i, (who, limit) in enumerate([("Analyst", "none"), ("Lead", "25 m")]):
        inner.cell(i, 0).text, inner.cell(i, 1).text = who, limit
    parsed = parse_file(save(document, tmp_path))
    assert parsed.blocks[0].rows == (
        ("Rail", "Case", "Rule"),
        ("Fedwire", "late", "call the lead"),
        ("Fedwire", "limits", "Analyst: none; Lead: 25 m"),
    )


def test_boxes_and_notes_are_text_headers_and_contents_are_not(tmp_path: Path) -> None:
    document = docx.Document()
    document.sections[0].header.paragraphs[0].text = "Larkmoor Bank"
    styles = document.styles
    toc = styles.add_style("toc 1", 1)
    document.add_paragraph("1 Purpose\t3", style=toc)
    document.add_heading("1 Purpose", 1)
    paragraph = document.add_paragraph("Body text.")
    box = (
        f"<w:r {nsdecls('w')} xmlns:v='urn:schemas-microsoft-com:vml'><w:pict><v:shape><v:textbox><w:txbxContent>"
        "<w:p><w:r><w:t>Two persons, always.</w:t></w:r></w:p></w:txbxContent></v:textbox></v:shape></w:pict></w:r>"
    )
    paragraph._p.append(parse_xml(box))
    assert [text for _, text in kinds(parse_file(save(document, tmp_path)))] == [
        "1 Purpose",
        "Body text.",
        "Two persons, always.",
    ]


def test_a_box_of_one_cell_keeps_its_heading_to_itself(tmp_path: Path) -> None:
    document = docx.Document()
    document.add_heading("2 Steps", 1)
    cell = document.add_table(1, 1).cell(0, 0)
    cell.paragraphs[0].add_run("Remember").bold = True
    cell.add_paragraph("Speed is never a reason.")
    document.add_paragraph("The next step follows.")
    parsed = parse_file(save(document, tmp_path))
    assert find(parsed, "Speed").heading_path == ("2 Steps", "Remember")
    assert find(parsed, "The next step").heading_path == ("2 Steps",)


def test_damaged_files_are_named_so(tmp_path: Path) -> None:
    document = docx.Document()
    document.add_paragraph("x")
    whole = save(document, tmp_path).read_bytes()
    (tmp_path / "cut.docx").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ParseError, match="damaged Office file"):
        parse_file(tmp_path / "cut.docx")
    broken = tmp_path / "xml.docx"
    _replace_part(tmp_path / "a.docx", broken, "word/document.xml", b"<w:document><w:body>")
    with pytest.raises(ParseError, match="damaged Word file"):
        parse_file(broken)


def _replace_part(source: Path, target: Path, name: str, content: bytes) -> None:
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for entry in old.infolist():
            new.writestr(entry, content if entry.filename == name else old.read(entry))
