"""Markdown files, also as PDF converters and wikis write them: page marks, definition lists, bold headings."""

import re
from pathlib import Path

from ingest.document import Block, Document, Page
from ingest.parse.html import read_tree
from ingest.parse.mdpages import drop_running, mark_pages
from ingest.parse.outline import Outline
from ingest.parse.text import read_text
from ingest.parse.tree import MAX_DEPTH, TreeWalker
from ingest.parse.wording import clean, smuggles

_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?\n)(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_TEMPLATE_TAG = re.compile(r"^[ \t]*\{[%{].*[%}]\}[ \t]*$", re.MULTILINE)
# "**Note.**This": CommonMark sees no end of bold type there, the writer did.
_GLUED_BOLD = re.compile(r"(\*\*[^\s*][^*\n]*[.:;!?\"\u201d)\]]\*\*)(?=\w)")
_MAX_CHARACTERS = 20_000_000


def parse_markdown(path: Path) -> Document:
    """A Markdown file as blocks; page marks become page numbers, never headings."""
    from markdown_it import MarkdownIt  # noqa: PLC0415  # only this branch needs it
    from mdit_py_plugins.deflist import deflist_plugin  # noqa: PLC0415  # as above

    source = read_text(path)[:_MAX_CHARACTERS]
    front = _FRONT_MATTER.match(source)
    body = _TEMPLATE_TAG.sub("", source[front.end() :] if front else source)
    body = _GLUED_BOLD.sub(r"\1 ", body)
    renderer = (
        MarkdownIt("commonmark", {"html": True, "maxNesting": MAX_DEPTH})
        .enable(["table", "strikethrough"])
        .use(deflist_plugin)
    )
    html = renderer.render(mark_pages(body))
    root = read_tree(f"<html><body><div>{html}</div></body></html>".encode()).find(".//div")
    running = drop_running(root)
    walker = TreeWalker(Outline(), markdown=True, levels_vary=running.levels_vary)
    walker.walk(root)
    blocks = tuple(walker.outline.blocks)
    pages = tuple(Page(number, running.labels.get(number, "")) for number in sorted(set(walker.pages)))
    warnings = ("hidden characters dropped",) if smuggles(body) else ()
    return Document(_title(front[1] if front else "", blocks) or path.stem, blocks, pages, warnings)


def _title(front: str, blocks: tuple[Block, ...]) -> str:
    """The front matter's title, else the top heading with the most text below it that isn't a file name."""
    if match := re.search(r"^title:[ \t]*(.+)$", front, re.MULTILINE | re.IGNORECASE):
        return clean(match[1].strip().strip("\"'"))
    sizes: dict[str, int] = {}
    for block in blocks:
        if block.heading_path:
            sizes[block.heading_path[0]] = sizes.get(block.heading_path[0], 0) + len(block.text)
    named = {title: size for title, size in sizes.items() if " " in title or not re.search(r"[-_]", title)}
    if len(named) > 3:
        return next(iter(named))
    return max(named, key=lambda title: named[title], default=next(iter(sizes), ""))
