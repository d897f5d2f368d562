"""Markdown files, also as PDF converters and wikis write them: page marks, definition lists, bold headings."""

import re
from pathlib import Path

from ingest.document import Document, Page
from ingest.parse.outline import Outline
from ingest.parse.text import read_text
from ingest.parse.tree import PAGE_TAG, TreeWalker

_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?\n)(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_PAGE = r"(?:page|p\.|pg\.?)\s*:?\s*0*(\d{1,5})(?:\s*(?:of|/)\s*\d+)?"
_PAGE_MARK = re.compile(
    rf"^[ \t]*(?:\#{{1,6}}[ \t]*)?(?:[-=*_\u2013\u2014 ]*{_PAGE}[-=*_\u2013\u2014 ]*|\[{_PAGE}\]"
    rf"|<!--\s*(?:{_PAGE}|(?:page[-_ ]?break|pagenumber)\D*(\d{{1,5}})?)[^>]*-->|\{{(\d{{1,5}})\}}-{{4,}})[ \t]*$",
    re.IGNORECASE | re.MULTILINE,
)


def parse_markdown(path: Path) -> Document:
    """A Markdown file as blocks; page marks become page numbers, never headings."""
    import lxml.html  # noqa: PLC0415  # heavy, and only this branch needs it
    from markdown_it import MarkdownIt  # noqa: PLC0415  # as above
    from mdit_py_plugins.deflist import deflist_plugin  # noqa: PLC0415  # as above

    source = read_text(path)
    front = _FRONT_MATTER.match(source)
    body = source[front.end() :] if front else source
    renderer = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).use(deflist_plugin)
    html = renderer.render(_mark_pages(body))
    walker = TreeWalker(Outline(), markdown=True)
    walker.walk(lxml.html.fromstring(f"<div>{html}</div>"))
    blocks = tuple(walker.outline.blocks)
    title = _front_title(front[1] if front else "") or next((b.text for b in blocks if b.kind == "heading"), path.stem)
    pages = tuple(Page(number) for number in sorted(set(walker.pages)))
    return Document(title, blocks, pages)


def _mark_pages(source: str) -> str:
    def element(match: re.Match[str]) -> str:
        number = next((int(g) for g in match.groups() if g), 0)
        return f'\n\n<{PAGE_TAG} n="{number}"></{PAGE_TAG}>\n\n'

    return _PAGE_MARK.sub(element, source)


def _front_title(front: str) -> str:
    match = re.search(r"^title:[ \t]*(.+)$", front, re.MULTILINE | re.IGNORECASE)
    return match[1].strip().strip("\"'") if match else ""
