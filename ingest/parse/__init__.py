"""Any supported file -> Document: the format is told from the content, the suffix is only a hint."""

from pathlib import Path

from ingest.document import Document
from ingest.errors import ParseError

# Part of the freshness key: raise it whenever the same file gives other blocks.
PARSER_VERSION = "6"
SUFFIXES = frozenset({".pdf", ".docx", ".html", ".htm", ".md", ".markdown", ".csv", ".tsv", ".xlsx", ".txt"})


def parse_file(path: Path, *, ocr: str = "rapidocr") -> Document:
    """Reads one file into blocks; raises ParseError with a reason that a records officer understands.

    `ocr` names the engine for pages without a text layer: "rapidocr", "tesseract" or "none".
    """
    from ingest.parse.sniff import sniff_format  # noqa: PLC0415  # keeps the package light to import

    document = _parse(sniff_format(path), path, ocr)
    if not document.blocks:
        reason = "; ".join(document.warnings) or "it is blank, or holds pictures without readable words"
        advice = "open it: if it should hold text, restore it from its source, otherwise take it out of the store"
        raise ParseError(f"no text was found in it: {reason}", hint=advice)
    return document


def _parse(kind: str, path: Path, ocr: str) -> Document:
    """Imports the parser of the format only, because each brings a library of its own."""
    match kind:
        case "pdf":
            from ingest.parse.pdf import parse_pdf  # noqa: PLC0415  # see above

            return parse_pdf(path, ocr=ocr)
        case "docx":
            from ingest.parse.docx import parse_docx  # noqa: PLC0415  # see above

            return parse_docx(path)
        case "html":
            from ingest.parse.html import parse_html  # noqa: PLC0415  # see above

            return parse_html(path)
        case "markdown":
            from ingest.parse.markdown import parse_markdown  # noqa: PLC0415  # see above

            return parse_markdown(path)
        case "csv" | "xlsx":
            from ingest.parse.table import parse_csv, parse_xlsx  # noqa: PLC0415  # see above

            return parse_csv(path) if kind == "csv" else parse_xlsx(path)
    from ingest.parse.text import parse_text  # noqa: PLC0415  # see above

    return parse_text(path)
