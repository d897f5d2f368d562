"""Word files: styles to headings, lists with the numbers that Word prints, deleted and hidden text left out."""

from pathlib import Path
from typing import Any

from ingest.document import Document
from ingest.errors import ParseError
from ingest.parse.outline import Outline
from ingest.parse.wording import clean, step_number


def parse_docx(path: Path) -> Document:
    """A Word file as blocks, without pages: Word lays pages out only when it prints."""
    import docx  # noqa: PLC0415  # heavy, and only this branch needs it

    try:
        source = docx.Document(str(path))
    except (KeyError, ValueError, OSError) as error:
        raise ParseError(f"damaged Word file: {error}", hint="open it in Word and save it again") from error
    outline = Outline()
    for item in source.iter_inner_content():
        if hasattr(item, "rows"):
            outline.table([[clean(cell.text) for cell in row.cells] for row in item.rows])
        else:
            _add_paragraph(outline, item)
    blocks = tuple(outline.blocks)
    title = clean(source.core_properties.title or "") or next((b.text for b in blocks), path.stem)
    return Document(title, blocks)


def _add_paragraph(outline: Outline, paragraph: Any) -> None:
    text = clean(paragraph.text)
    style = str(paragraph.style.name) if paragraph.style is not None else ""
    if style.startswith("Heading ") and style[8:].isdigit():
        outline.heading(text, int(style[8:]))
    elif style == "Title":
        outline.heading(text, 0)
    elif style.startswith("List"):
        outline.add("list", text)
    elif number := step_number(text):
        outline.add("step", text, number=number)
    else:
        outline.add("paragraph", text)
