"""Inline markup -> runs, and what a reader sees of a block as plain text."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from source import Block

_TOKEN = re.compile(
    r"\*\*(?P<bold>.+?)\*\*|(?<!\*)\*(?P<italic>[^*]+?)\*|`(?P<code>.+?)`"
    r"|\[(?P<link>[^\]\[]+)\]\((?P<href>[^)]+)\)|\{del:(?P<deleted>.*?)\}|\{ins:(?P<inserted>.*?)\}"
    r"|\{status:(?P<status>.*?)\}|(?P<br><br>)"
)
_KINDS = ("bold", "italic", "code", "link", "deleted", "inserted", "status", "br")


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of text with one style ("" is plain); a link also has its target."""

    kind: str
    text: str
    href: str = ""


def runs(text: str) -> Iterator[Run]:
    """Split raw inline markup into runs; nested cells must be taken out before."""
    at = 0
    for match in _TOKEN.finditer(text):
        if match.start() > at:
            yield Run("", text[at : match.start()])
        kind = next(k for k in _KINDS if match[k] is not None)
        yield Run(kind, "" if kind == "br" else match[kind], match["href"] or "")
        at = match.end()
    if at < len(text):
        yield Run("", text[at:])


def plain(text: str) -> str:
    """The text as read: markup gone, deletions gone, breaks as blanks, nested rows as `cell: cell; cell: cell`."""
    own, rows = nested(text)
    text = f"{own} {'; '.join(': '.join(row) for row in rows)}" if rows else own
    seen = "".join(" " if r.kind == "br" else r.text for r in runs(text) if r.kind != "deleted")
    return " ".join(seen.split())


def nested(cell: str) -> tuple[str, tuple[tuple[str, ...], ...]]:
    """A cell's own text and the rows of the table nested in it (none: empty)."""
    match = re.search(r"\[\[(.+?)\]\]", cell)
    if not match:
        return cell, ()
    rows = tuple(tuple(c.strip() for c in row.split(";")) for row in match[1].split(" / "))
    return cell[: match.start()].strip(), rows


def visible(blocks: tuple[Block, ...]) -> Iterator[str]:
    """Each heading, paragraph, item, table row (cells joined by " | ") and box as plain text; nothing hidden."""
    for block in blocks:
        if block.kind in {"hidden", "comment", "stamp", "hand", "pagebreak"}:
            continue
        if block.kind == "flow":
            yield plain(block.text)
            yield from (re.sub(r"^\w+: *|->.*$", "", line).strip(" ()") for line in block.lines)
            continue
        if block.text:
            yield plain(block.text)
        yield from (plain(item.text) for item in block.items)
        yield from (" | ".join(plain(cell) for cell in row) for row in block.rows)
        yield from visible(block.children)
