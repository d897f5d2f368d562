"""Source -> the bytes of the document in its form."""

import write_docx
import write_html
import write_md
import write_pdf
import write_scan
import write_xlsx
from source import Source

WRITERS = {
    "pdf": write_pdf.write,
    "scan": write_scan.write,
    "docx": write_docx.write,
    "html": write_html.write,
    "md": write_md.write,
    "xlsx": write_xlsx.write,
}


def render(source: Source) -> bytes:
    """The bytes of one document, the same on every run."""
    return WRITERS[source.meta["form"]](source)
