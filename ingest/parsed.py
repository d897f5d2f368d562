"""The parse cache: a Document as compressed JSON on disk, so that nothing is parsed twice.

Workers write these files and the run reads them: no object of a parser crosses a process border. gzip's checksum
tells a file that was cut short.
"""

import gzip
import hashlib
import json
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

from ingest.document import Block, Document, Page, Span

# Files are parsed under this name, so that a document's own name (which may change) is not in the cache.
NEUTRAL_STEM = "untitled-document"


def cache_key(content_hash: str, suffix: str, parser: str) -> str:
    """Name of a cached document: by content, suffix (a hint of the format) and parser with its settings."""
    return hashlib.sha256(f"{content_hash} {suffix.lower()} {parser}".encode()).hexdigest()


def write_document(document: Document, path: Path) -> None:
    """Write a document; positions are rounded to 1e-5 of the page, as the index stores them."""
    blocks = [
        [
            block.kind,
            block.text,
            block.heading_path,
            block.page,
            block.level,
            block.number,
            [(s.start, s.end, s.page, *(round(v, 5) for v in (s.x0, s.y0, s.x1, s.y1))) for s in block.spans],
            block.rows,
            block.anchor,
        ]
        for block in document.blocks
    ]
    pages = [(page.index, page.label, page.confidence) for page in document.pages]
    content = {"title": document.title, "warnings": document.warnings, "pages": pages, "blocks": blocks}
    # Lone surrogates, which some PDFs hold, can't be stored as UTF-8 further on.
    text = json.dumps(content, ensure_ascii=False).encode("utf-8", "replace")
    path.write_bytes(gzip.compress(text, compresslevel=1, mtime=0))


def read_document(path: Path) -> Document | None:
    """The cached document, or None where there is none or its file is damaged."""
    try:
        content = json.loads(gzip.decompress(path.read_bytes()))
    except (OSError, EOFError, ValueError, zlib.error):
        return None
    return Document(
        title=content["title"],
        blocks=tuple(_block(fields) for fields in content["blocks"]),
        pages=tuple(Page(*fields) for fields in content["pages"]),
        warnings=tuple(content["warnings"]),
    )


def _block(fields: list[Any]) -> Block:
    kind, text, path, page, level, number, spans, rows, anchor = fields
    return Block(
        kind=kind,
        text=text,
        heading_path=tuple(path),
        page=page,
        level=level,
        number=number,
        spans=tuple(Span(*span) for span in spans),
        rows=tuple(tuple(row) for row in rows),
        anchor=anchor,
    )


def with_name(document: Document, stem: str) -> Document:
    """The document with its file's name where the parser found no better title."""
    if document.title != NEUTRAL_STEM:
        return document
    blocks = tuple(
        replace(
            block,
            text=stem if block.kind == "heading" and block.text == NEUTRAL_STEM else block.text,
            heading_path=tuple(stem if name == NEUTRAL_STEM else name for name in block.heading_path),
        )
        for block in document.blocks
    )
    return replace(document, title=stem, blocks=blocks)
