"""Any supported file -> Document: the format is told from the content, the suffix is only a hint."""

from pathlib import Path

from ingest.document import Document
from ingest.errors import ParseError

# Part of the freshness key: raise it whenever the same file gives other blocks.
PARSER_VERSION = "1"
SUFFIXES = frozenset({".pdf", ".docx", ".html", ".htm", ".md", ".markdown", ".csv", ".tsv", ".xlsx", ".txt"})


def parse_file(path: Path, *, ocr: str = "rapidocr") -> Document:
    """Reads one file into blocks; raises ParseError with a reason that a records officer understands."""
    from ingest.parse.sniff import sniff_format  # noqa: PLC0415  # keeps the package light to import

    kind = sniff_format(path)
    if kind == "pdf":
        from ingest.parse.pdf import parse_pdf  # noqa: PLC0415  # pdfium is loaded only for PDFs

        return parse_pdf(path, ocr=ocr)
    if kind == "docx":
        from ingest.parse.docx import parse_docx  # noqa: PLC0415  # as above

        return parse_docx(path)
    if kind == "html":
        from ingest.parse.html import parse_html  # noqa: PLC0415  # as above

        return parse_html(path)
    if kind == "markdown":
        from ingest.parse.markdown import parse_markdown  # noqa: PLC0415  # as above

        return parse_markdown(path)
    if kind in ("csv", "xlsx"):
        from ingest.parse.table import parse_csv, parse_xlsx  # noqa: PLC0415  # as above

        return parse_csv(path) if kind == "csv" else parse_xlsx(path)
    if kind == "text":
        from ingest.parse.text import parse_text  # noqa: PLC0415  # as above

        return parse_text(path)
    raise ParseError(f"{path.suffix or 'this'} files are not supported", hint="convert it to PDF, DOCX or Markdown")
