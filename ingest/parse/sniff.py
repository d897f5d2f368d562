"""Tells the format of a file from its first bytes; the suffix only decides between kinds of text."""

import re
import zipfile
from pathlib import Path
from typing import Literal

from ingest.errors import ParseError

Format = Literal["pdf", "docx", "xlsx", "html", "markdown", "csv", "text"]

MAX_UNZIPPED = 500_000_000
MAX_XML = 100_000_000
MAX_ENTRIES = 10_000
MAX_RATIO = 200
_BY_SUFFIX: dict[str, Format] = {
    ".pdf": "pdf", ".docx": "docx", ".xlsx": "xlsx", ".html": "html", ".htm": "html",
    ".md": "markdown", ".markdown": "markdown", ".csv": "csv", ".tsv": "csv", ".txt": "text",
}  # fmt: skip
_NAMES = {"pdf": "PDF", "docx": "Word file", "xlsx": "Excel workbook", "html": "HTML page"}
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_HTML = re.compile(rb"^\s*(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE | re.DOTALL)


def sniff_format(path: Path) -> Format:
    """The format by content; raises ParseError where content and suffix can't be reconciled."""
    with path.open("rb") as file:
        head = file.read(8192)
    named = _BY_SUFFIX.get(path.suffix.lower())
    if not head.strip(b"\0 \t\r\n\xef\xbb\xbf"):
        raise ParseError("the file is empty", hint="restore it from its source")
    if b"%PDF-" in head[:1100]:
        return "pdf"
    if head.startswith(b"PK\x03\x04"):
        return _zipped(path)
    if head.startswith(_OLE):
        raise ParseError("a password-protected or pre-2007 Office file", hint="save it as DOCX without a password")
    if named in ("pdf", "docx", "xlsx"):
        looks = "HTML" if _HTML.match(head) else "plain text" if b"\0" not in head else "something else"
        raise ParseError(
            f"not a {_NAMES[named]} although named {path.suffix} (looks like {looks})",
            hint="give it the suffix of its format",
        )
    if _HTML.match(head):
        return "html"
    return named or "text"


def _zipped(path: Path) -> Format:
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            names = set(archive.namelist())
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise ParseError("damaged Office file", hint="open it in Word or Excel and save it again") from error
    size = sum(entry.file_size for entry in entries)
    packed = sum(entry.compress_size for entry in entries)
    text = sum(entry.file_size for entry in entries if entry.filename.endswith(".xml"))
    large = size > MAX_UNZIPPED or text > MAX_XML
    if len(entries) > MAX_ENTRIES or large or (size > 50_000_000 and size > MAX_RATIO * packed):
        raise ParseError(
            f"unpacks to {size / 1e6:,.0f} MB in {len(entries)} parts, which no real document does",
            hint="check where this file comes from",
        )
    if any(name.startswith("word/") for name in names):
        return "docx"
    if any(name.startswith("xl/") for name in names):
        return "xlsx"
    raise ParseError("a ZIP archive, not a document", hint="unpack it and give each document by itself")
