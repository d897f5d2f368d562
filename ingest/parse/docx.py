"""Word files: the parts of the package, from which the body is read."""

import zipfile
from pathlib import Path
from typing import Any

from ingest.document import Document
from ingest.errors import ParseError
from ingest.parse.numbering import W, read_numbering
from ingest.parse.outline import Outline
from ingest.parse.wording import clean
from ingest.parse.wordstyles import Styles
from ingest.parse.wordwalker import WordWalker


def parse_docx(path: Path) -> Document:
    """A Word file as blocks, without pages: Word lays pages out only when it prints."""
    import docx  # noqa: PLC0415  # heavy, and only this branch needs it
    from lxml import etree  # noqa: PLC0415  # as above

    try:
        source = docx.Document(str(path))
        parts = {str(part.partname): part for part in source.part.package.iter_parts()}
        body = source.element.body
        walker = WordWalker(
            Styles(_root(parts, "/word/styles.xml")), read_numbering(_root(parts, "/word/numbering.xml"))
        )
    except (KeyError, ValueError, OSError, AttributeError, zipfile.BadZipFile, etree.XMLSyntaxError) as error:
        raise ParseError("damaged Word file", hint="open it in Word and save it again") from error
    for kind in ("footnote", "endnote"):
        root = _root(parts, f"/word/{kind}s.xml")
        for note in () if root is None else root.iterchildren(f"{W}{kind}"):
            walker.footnotes[f"{kind}:{note.get(f'{W}id', '')}"] = note
    walker.walk(body)
    comments = _root(parts, "/word/comments.xml")
    count = 0 if comments is None else len(list(comments.iterchildren(f"{W}comment")))
    blocks = tuple(walker.outline.blocks)
    title = walker.title or clean(source.core_properties.title or "") or _first_heading(walker.outline)
    return Document(title or path.stem, blocks, warnings=tuple(walker.warnings(count)))


def _root(parts: dict[str, Any], name: str) -> Any:
    from lxml import etree  # noqa: PLC0415  # as above

    part = parts.get(name)
    if part is None:
        return None
    element = getattr(part, "element", None)
    return element if element is not None else etree.fromstring(part.blob, etree.XMLParser(resolve_entities=False))


def _first_heading(outline: Outline) -> str:
    return next((block.text for block in outline.blocks if block.kind == "heading"), "")
