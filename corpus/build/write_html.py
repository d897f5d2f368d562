"""Source -> HTML as a team wiki exports it: navigation noise, breadcrumb, macros, anchors, attachments, footer."""

import re
from collections.abc import Callable
from datetime import timedelta
from html import escape
from pathlib import Path
from string import Template

from flow import BOX_WIDTH, LINE, SIZE, Node, chart
from inline import nested, plain, runs
from printing import day
from source import Block, Source, headings

TAGS = {"bold": "strong", "italic": "em", "code": "code", "inserted": "span"}
MACROS = {"note": "information", "warning": "warning", "tip": "tip", "textbox": "note"}
PAGE = Template((Path(__file__).parent / "wiki.html").read_text(encoding="utf-8"))


def write(source: Source) -> bytes:
    """One exported page."""
    meta = source.meta
    crumbs = ["Payments Operations", "Procedures", *meta["folder"].split("/")]
    made = max(meta["approved_on"], meta["effective_from"]) + timedelta(days=9)
    page = PAGE.substitute(
        title=escape(meta["title"]),
        trail="".join(f'<li><span><a href="index.html">{escape(c.title())}</a></span></li>' for c in crumbs),
        owner=escape(meta["owner"]),
        approver=escape(meta["approver"]),
        approved_on=day(meta["approved_on"]),
        version=escape(f"{meta['id']} version {meta['version']}, effective {day(meta['effective_from'])}"),
        replaces=escape(meta["supersedes"] or "-"),
        labels=" ".join(f"<li>{escape(r)}</li>" for r in meta["rails"] or ["all-rails"]),
        contents=_contents(source),
        body="\n".join(_blocks(source.blocks)),
        made=day(made),
    )
    return page.encode()


def _contents(source: Source) -> str:
    entries = "".join(
        f'<li><a href="#{anchor(b.text)}">{_inline(b.text)}</a></li>' for b in headings(source.blocks) if b.level < 3
    )
    return f'<div class="toc-macro rbtoc"><ul class="toc-indentation">{entries}</ul></div>'


def anchor(text: str) -> str:
    """The id that a heading gets."""
    return re.sub(r"[^A-Za-z0-9.]+", "", plain(text).title())


def _inline(text: str) -> str:
    own, rows = nested(text)
    parts = []
    for run in runs(own):
        safe = escape(run.text, quote=False)
        if run.kind == "link":
            href = run.href if "://" in run.href else f"{run.href.lower()}.html"
            safe = f'<a href="{escape(href)}">{safe}</a>'
        elif run.kind == "status":
            safe = f'<span class="status-macro aui-lozenge">{safe}</span>'
        elif run.kind == "br":
            safe = "<br/>"
        elif run.kind == "deleted":
            safe = ""
        elif run.kind in TAGS:
            safe = f"<{TAGS[run.kind]}>{safe}</{TAGS[run.kind]}>"
        parts.append(safe)
    return "".join(parts) + (_rows(rows) if rows else "")


def _blocks(blocks: tuple[Block, ...]) -> list[str]:
    return [_block(block) for block in blocks if block.kind not in {"comment", "stamp", "hand", "pagebreak"}]


def _block(block: Block) -> str:
    return WRITERS.get(block.kind, _macro)(block)


def _heading(block: Block) -> str:
    level = block.level + 1
    return f'<h{level} id="{anchor(block.text)}">{_inline(block.text)}</h{level}>'


def _para(block: Block) -> str:
    return f"<p>{_inline(block.text)}</p>"


def _table(block: Block) -> str:
    caption = f"<p><em>{_inline(block.text)}</em></p>" if block.text else ""
    return f'{caption}<div class="table-wrap">{_rows(block.rows)}</div>'


def _inner(block: Block) -> str:
    return "".join(_blocks(block.children))


def _hidden(block: Block) -> str:
    return f'<div style="display:none">{_inner(block)}</div>'


def _expand(block: Block) -> str:
    head = f'<div class="expand-control"><span class="expand-control-text">{_inline(block.text)}</span></div>'
    return f'<div class="expand-container">{head}<div class="expand-content">{_inner(block)}</div></div>'


def _attachments(block: Block) -> str:
    head = '<h2 id="attachments">Attachments:</h2>'
    return f'<div class="pageSection group">{head}<div class="greybox">{_inner(block)}</div></div>'


def _macro(block: Block) -> str:
    kind = f"confluence-information-macro confluence-information-macro-{MACROS[block.kind]}"
    title = f'<p class="title">{_inline(block.text)}</p>' if block.text else ""
    return f'<div class="{kind}">{title}<div class="confluence-information-macro-body">{_inner(block)}</div></div>'


def _list(block: Block) -> str:
    out, depth = "", 0
    tags: list[str] = []
    for item in block.items:
        tag = "ol" if item.number else "ul"
        while tags and item.depth < depth:
            out += f"</li></{tags.pop()}>"
            depth -= 1
        if not tags or item.depth > depth:
            letters = ' type="a"' if item.number and not item.number.isdigit() else ""
            start = f' start="{item.number}"' if item.number.isdigit() and item.number != "1" else ""
            out += f"<{tag}{letters}{start}>"
            tags.append(tag)
        else:
            out += "</li>"
        depth = item.depth
        out += f"<li>{_inline(item.text)}"
    return out + "".join(f"</li></{tag}>" for tag in reversed(tags))


def _rows(rows: tuple[tuple[str, ...], ...]) -> str:
    head = "".join(f'<th class="confluenceTh">{_inline(c)}</th>' for c in rows[0])
    lines = [f"<tr>{head}</tr>"]
    lines += [
        "<tr>" + "".join(f'<td class="confluenceTd">{_inline(c)}</td>' for c in row) + "</tr>" for row in rows[1:]
    ]
    return f'<table class="confluenceTable"><tbody>{"".join(lines)}</tbody></table>'


def _shape(node: Node) -> str:
    look = 'fill="#e8edf2" stroke="#16324f"'
    x, y, right, bottom = node.x, node.y, node.x + BOX_WIDTH, node.y + node.height
    if node.shape == "decision":
        points = f"{(x + right) / 2:.0f},{y:.0f} {right:.0f},{(y + bottom) / 2:.0f} "
        points += f"{(x + right) / 2:.0f},{bottom:.0f} {x:.0f},{(y + bottom) / 2:.0f}"
        return f'<polygon points="{points}" {look}/>'
    size = f'width="{BOX_WIDTH:.0f}" height="{node.height:.0f}" rx="{12 if node.shape == "end" else 2}"'
    return f'<rect x="{x:.0f}" y="{y:.0f}" {size} {look}/>'


def _svg(block: Block) -> str:
    drawn = chart(block.lines)
    shapes = []
    for edge in drawn.edges:
        points = " ".join(f"{x:.0f},{y:.0f}" for x, y in edge.points)
        shapes.append(f'<polyline points="{points}" fill="none" stroke="#16324f" marker-end="url(#tip)"/>')
        x, y = edge.label_at
        shapes.append(f'<text x="{x:.0f}" y="{y:.0f}" font-size="8" font-style="italic">{escape(edge.label)}</text>')
    for node in drawn.nodes:
        shapes.append(_shape(node))
        top = node.y + (node.height - LINE * len(node.lines)) / 2 + SIZE
        spans = "".join(
            f'<tspan x="{node.x + BOX_WIDTH / 2:.0f}" y="{top + n * LINE:.0f}">{escape(line)} </tspan>'
            for n, line in enumerate(node.lines)
        )
        shapes.append(f'<text text-anchor="middle" font-size="{SIZE:.0f}" font-family="Arial">{spans}</text>')
    look = 'markerWidth="6" markerHeight="6" refX="5" refY="3" orient="auto"'
    tip = f'<marker id="tip" {look}><path d="M0,0L6,3L0,6z"/></marker>'
    view = f'viewBox="-2 -2 {drawn.width + 4:.0f} {drawn.height + 4:.0f}" width="{drawn.width * 1.3:.0f}"'
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" {view}><defs>{tip}</defs>{"".join(shapes)}</svg>'
    return f'<div class="drawio-macro">{svg}</div><p><em>{_inline(block.text)}</em></p>'


WRITERS: dict[str, Callable[[Block], str]] = {
    "heading": _heading,
    "para": _para,
    "list": _list,
    "table": _table,
    "flow": _svg,
    "hidden": _hidden,
    "expand": _expand,
    "attachments": _attachments,
    "landscape": _inner,
    "columns": _inner,
}
