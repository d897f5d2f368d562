"""The format is told from the content; what can't be read is refused with a reason."""

import subprocess
import sys
import zipfile
from pathlib import Path

import docx
import pytest
from pdf_maker import Maker, make_pdf

from ingest.errors import ParseError
from ingest.parse import SUFFIXES, parse_file


def text_pdf(maker: Maker) -> None:
    maker.line("Open the item in the queue.")


def test_a_wrong_suffix_still_works(tmp_path: Path) -> None:
    pdf = make_pdf(tmp_path / "a.docx", text_pdf)
    assert parse_file(pdf).blocks[0].page == 1
    document = docx.Document()
    document.add_paragraph("In Word.")
    document.save(str(tmp_path / "b.pdf"))
    assert parse_file(tmp_path / "b.pdf").blocks[0].text == "In Word."
    page = tmp_path / "c.txt"
    page.write_text("<!-- saved --> <html><body><p>On the web.</p></body></html>")
    assert parse_file(page).blocks[0].text == "On the web."


def test_names_may_hold_any_letters(tmp_path: Path) -> None:
    path = tmp_path / "\u652f\u6255\u3044 \U0001f4b8 \u0645\u062f\u0641\u0648\u0639\u0627\u062a #1?.md"
    path.write_text("Text.")
    assert parse_file(path).blocks[0].text == "Text."


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.pdf", b"<html><body>Please log in</body></html>", r"not a PDF although named \.pdf \(looks like HTML\)"),
        ("a.docx", b"Just words.", r"not a Word file although named \.docx \(looks like plain text\)"),
        ("a.xlsx", b"\x00\x01\x02rest", "looks like something else"),
        ("a.pdf", b"", "the file is empty"),
        ("a.docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500), "password-protected or pre-2007 Office file"),
        ("a.txt", b"words\x00\x01\x02 and bytes", "binary data"),
        ("a.zip", b"PK\x03\x04 but no archive", "damaged Office file"),
    ],
)
def test_what_is_not_a_document_is_refused_with_a_reason(
    tmp_path: Path, name: str, content: bytes, reason: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(ParseError, match=reason):
        parse_file(path)


def test_zip_bombs_and_other_archives_are_refused(tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.docx"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", bytes(120_000_000))
    with pytest.raises(ParseError, match="unpacks to 120 MB"):
        parse_file(bomb)
    plain = tmp_path / "files.zip"
    with zipfile.ZipFile(plain, "w") as archive:
        archive.writestr("a.txt", "words")
    with pytest.raises(ParseError, match="a ZIP archive, not a document"):
        parse_file(plain)


def test_the_package_is_light_to_import() -> None:
    heavy = "{'pypdfium2', 'docx', 'openpyxl', 'rapidocr', 'pdfplumber', 'lxml', 'numpy', 'markdown_it', 'cv2'}"
    code = f"import sys, ingest.parse; print(sorted({heavy} & set(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
    assert ".pdf" in SUFFIXES and ".md" in SUFFIXES
