"""The source beside the answer: its page with the quote boxed, or its section with the quote marked."""

import base64
from dataclasses import replace
from pathlib import Path
from typing import Any

import streamlit as st

from app.answer import Citation
from app.originals import find_original
from app.source_page import page_count, quote_boxes, render_page, section_lines
from app.views.components import Action, show
from app.views.downloads import offer_download
from app.views.references import say_document, say_effective
from app.views.state import Desk, OpenSource, Session
from ingest.chunk import Chunk
from ingest.errors import ParseError
from ingest.index import Index, IndexedDocument

PAGE_WIDTH = 1500  # pixels: sharp up to twice the usual width of the panel
GONE = "This passage is no longer in the library. What you see is the text that was cited."


def show_source(session: Session, folder: Path | None) -> None:
    """Show what lies open, if anything does; `folder` holds the original documents."""
    desk, index = session.desk, session.index
    opened = desk.source
    if opened is None:
        return
    original = original_of(opened.citation, index, folder)
    data = view_source(opened, index, original)
    show("source", data, key="source-view", on_action=lambda action: _act(desk, action))
    if original is not None:
        with st.container(key="source_tools"):
            offer_download(session, "Open original", original.name, original.read_bytes, key="original")


def _act(desk: Desk, action: Action) -> None:
    if action.get("type") == "close":
        desk.source = None
    elif action.get("type") == "page" and desk.source and isinstance(action.get("page"), int):
        desk.source = replace(desk.source, page=action["page"])


def original_of(citation: Citation, index: Index, folder: Path | None) -> Path | None:
    """The file that a citation was taken from, as long as it is still the same."""
    known = index.row(citation.chunk_id) is not None
    return find_original(folder, index.document_of_chunk(citation.chunk_id)) if known else None


def view_source(opened: OpenSource, index: Index, original: Path | None) -> dict[str, Any]:
    """What the component shows: `kind` "page" with image and boxes, or "text" with lines and marked runs."""
    citation = opened.citation
    chunk = index.chunk(citation.chunk_id)
    document = index.document_of_chunk(chunk.id) if chunk else None
    view: dict[str, Any] = {
        "key": f"{opened.exchange}:{citation.chunk_id}:{citation.start}:{citation.end}",
        "head": _head(citation, document),
        "quotePages": [],
        "boxes": [],
    }
    if chunk is None or document is None:
        view["head"]["warnings"].append(GONE)
        return {**view, "kind": "text", "lines": [_plain(citation.quote)]}
    if original is not None and original.suffix.lower() == ".pdf" and chunk.spans:
        try:
            return view | _page(opened, chunk, document, original)
        except ParseError as error:
            view["head"]["warnings"].append(error.message)
    elif chunk.spans:
        view["head"]["warnings"].append("The original file is not at hand here, so this is its text.")
    lines = section_lines(index.section(chunk.section_id), chunk.id, citation.start, citation.end)
    return view | {
        "kind": "text",
        "lines": [
            {"kind": line.kind, "cells": [[{"text": r.text, "marked": r.marked} for r in cell] for cell in line.cells]}
            for line in lines
        ],
    }


def _page(opened: OpenSource, chunk: Chunk, document: IndexedDocument, original: Path) -> dict[str, Any]:
    boxes = quote_boxes(chunk, opened.citation.start, opened.citation.end)
    quoted = sorted({box.page for box in boxes})
    pages = page_count(original)
    page = min(max(1, opened.page or (quoted[0] if quoted else chunk.page or 1)), pages)
    image, width, height = render_page(original, document.content_hash, page, PAGE_WIDTH)
    names = ("x0", "y0", "x1", "y1", "text")
    return {
        "kind": "page",
        "page": page,
        "pages": pages,
        "label": document.page_label(page),
        "quotePages": quoted,
        "image": "data:image/webp;base64," + base64.b64encode(image).decode(),
        "width": width,
        "height": height,
        "boxes": [{name: getattr(box, name) for name in names} for box in boxes if box.page == page],
    }


def _head(citation: Citation, document: IndexedDocument | None) -> dict[str, Any]:
    facts = [say_document(citation.doc_id, citation.version), say_effective(citation), citation.owner]
    stale = "A newer file of this document could not be read; this is the last good version."
    return {
        "title": citation.title,
        "facts": [fact for fact in facts if fact],
        "section": citation.section,
        "warnings": [stale] if document and document.stale else [],
    }


def _plain(text: str) -> dict[str, Any]:
    return {"kind": "paragraph", "cells": [[{"text": text, "marked": True}]]}
