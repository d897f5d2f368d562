"""Reads a source file: front matter and light Markdown into blocks that every writer understands."""

import re
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import yaml

CORPUS = Path(__file__).resolve().parents[1]
SOURCES = CORPUS / "sources"
LIBRARY = CORPUS / "library"

EXTENSIONS = {"pdf": "pdf", "scan": "pdf", "docx": "docx", "html": "html", "md": "md", "xlsx": "xlsx"}
REGISTER_KEYS = (
    "id title version status effective_from effective_to supersedes owner approver approved_on doc_type "
    "rails regions readers"
).split()
KEYS = (*REGISTER_KEYS, "form", "folder", "traps", "look")
TRAPS = {
    "superseded-pair",
    "future",
    "withdrawn",
    "conflict",
    "restricted",
    "near-duplicate",
    "hidden-text",
    "injection",
    "abbreviations",
    "see-section",
}
NESTS = {"note", "warning", "tip", "landscape", "columns", "textbox", "expand", "attachments", "hidden"}
LINES = {"flow", "comment", "stamp", "hand", "pagebreak"}


class SourceError(Exception):
    """A source file that breaks the rules of STYLE.md."""


@dataclass(frozen=True, slots=True)
class Item:
    """One bullet (number "") or step ("3", "b") at a nesting depth of 0 or 1."""

    depth: int
    number: str
    text: str


@dataclass(frozen=True, slots=True)
class Block:
    """A heading, paragraph, list, table or directive; `text` is raw inline markup, a title or a caption."""

    kind: str
    text: str = ""
    level: int = 0
    items: tuple[Item, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    widths: tuple[float, ...] = ()
    lines: tuple[str, ...] = ()
    children: tuple["Block", ...] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """One document version as written: its register fields, form, traps and blocks."""

    path: Path
    meta: dict[str, Any]
    blocks: tuple[Block, ...]
    file: str = field(default="")

    @property
    def name(self) -> str:
        return f"{self.meta['id']} v{self.meta['version']}"


@dataclass(slots=True)
class _Reader:
    lines: list[str]
    at: int = 0

    def more(self) -> bool:
        return self.at < len(self.lines)

    def peek(self) -> str:
        return self.lines[self.at]

    def take(self) -> str:
        self.at += 1
        return self.lines[self.at - 1]


def load(path: Path) -> Source:
    """Read and check one source file."""
    _, head, body = path.read_text(encoding="utf-8").split("---\n", 2)
    meta = yaml.safe_load(head)
    _check_meta(path, meta)
    blocks = tuple(_parse(_Reader(body.splitlines())))
    _check_numbers(path, blocks)
    stem = f"{meta['id']}-v{meta['version']}".lower()
    return Source(path, meta, blocks, f"{meta['folder']}/{stem}.{EXTENSIONS[meta['form']]}")


def load_all(only: tuple[str, ...] = ()) -> list[Source]:
    """Every source in the order of id and version; `only` keeps those whose id or file stem is named."""
    paths = sorted(p for p in SOURCES.glob("*.md") if p.name != "STYLE.md")
    found = [load(p) for p in paths]
    return [s for s in found if not only or s.meta["id"] in only or s.path.stem in only]


def _check_meta(path: Path, meta: dict[str, Any]) -> None:
    if set(meta) != set(KEYS):
        raise SourceError(f"{path.name}: front matter keys differ: {sorted(set(meta) ^ set(KEYS))}")
    if meta["form"] not in EXTENSIONS:
        raise SourceError(f"{path.name}: unknown form {meta['form']}")
    unknown = {t.split(":")[0] for t in meta["traps"]} - TRAPS
    if unknown:
        raise SourceError(f"{path.name}: unknown traps {sorted(unknown)}")
    if path.stem != f"{meta['id']}-v{meta['version']}":
        raise SourceError(f"{path.name}: the name must be {meta['id']}-v{meta['version']}.md")
    for key in ("effective_from", "effective_to", "approved_on"):
        if not isinstance(meta[key], date | None):
            raise SourceError(f"{path.name}: {key} is not a date")


def _check_numbers(path: Path, blocks: tuple[Block, ...]) -> None:
    """Printed heading numbers must run on: 1, 1.1, 1.2, 2 ..."""
    last: tuple[int, ...] = ()
    for block in headings(blocks):
        match = re.match(r"(\d+(?:\.\d+)*)\s", block.text)
        if not match:
            continue
        now = tuple(int(n) for n in match[1].split("."))
        depth = len(now)
        want = (*last[: depth - 1], (last[depth - 1] if len(last) >= depth else 0) + 1)
        if now != want:
            raise SourceError(f"{path.name}: heading '{block.text}' follows {last}")
        last = now


def headings(blocks: tuple[Block, ...]) -> list[Block]:
    """All headings, those inside directives included, in order."""
    found = []
    for block in blocks:
        if block.kind == "heading":
            found.append(block)
        found.extend(headings(block.children))
    return found


def _parse(reader: _Reader, inside: bool = False) -> list[Block]:
    blocks: list[Block] = []
    widths: tuple[float, ...] = ()
    caption = ""
    while reader.more():
        line = reader.peek().rstrip()
        if not line:
            reader.take()
        elif line == ":::":
            if not inside:
                raise SourceError(f"':::' closes nothing (line {reader.at})")
            reader.take()
            return blocks
        elif line.startswith(":::"):
            blocks.append(_directive(reader))
        elif match := re.match(r"(#{2,4}) (.+)", line):
            reader.take()
            blocks.append(Block("heading", match[2], level=len(match[1]) - 1))
        elif match := re.fullmatch(r"\{w:([\d., ]+)\}", line):
            reader.take()
            widths = tuple(float(w) for w in match[1].split(","))
        elif re.match(r"Table \S+ - ", line):
            caption = reader.take().strip()
        elif line.startswith("|"):
            blocks.append(Block("table", caption, rows=_rows(reader), widths=widths))
            widths, caption = (), ""
        elif re.match(r"(- |\d+\. )", line):
            blocks.append(Block("list", items=_items(reader)))
        else:
            blocks.append(Block("para", _paragraph(reader)))
    if inside:
        raise SourceError("a directive is never closed by ':::'")
    return blocks


def _directive(reader: _Reader) -> Block:
    name, _, title = reader.take().strip()[3:].partition(" ")
    if name in NESTS:
        return Block(name, title, children=tuple(_parse(reader, inside=True)))
    if name in {"stamp", "hand", "pagebreak"}:
        return Block(name, title)
    if name not in LINES:
        raise SourceError(f"unknown directive :::{name}")
    lines = []
    while (line := reader.take().strip()) != ":::":
        lines.append(line)
    return Block(name, title, lines=tuple(line for line in lines if line))


def _rows(reader: _Reader) -> tuple[tuple[str, ...], ...]:
    rows = []
    while reader.more() and reader.peek().startswith("|"):
        inner = reader.take().strip().strip("|")
        cells = tuple(c.strip() for c in re.split(r"(?<!\\)\|", inner))
        if not all(re.fullmatch(r":?-+:?", c) for c in cells):
            rows.append(tuple(c.replace("\\|", "|") for c in cells))
    if len({len(r) for r in rows}) != 1:
        raise SourceError(f"table rows of different length near '{rows[0][0]}'")
    return tuple(rows)


def _items(reader: _Reader) -> tuple[Item, ...]:
    items: list[Item] = []
    while reader.more():
        line = reader.peek()
        match = re.match(r"( *)(?:(-)|(\w+)\.) (.+)", line)
        if match and (match[2] or re.fullmatch(r"\d+|[a-z]", match[3])):
            items.append(Item(1 if match[1] else 0, match[3] or "", match[4].strip()))
        elif items and line.startswith("  ") and line.strip():
            last = items.pop()
            items.append(Item(last.depth, last.number, f"{last.text} {line.strip()}"))
        else:
            break
        reader.take()
    return tuple(items)


def _paragraph(reader: _Reader) -> str:
    lines = []
    while reader.more() and reader.peek().strip():
        if lines and re.match(r"(:::|#|\||- |\d+\. |\{w:)", reader.peek()):
            break
        lines.append(reader.take().strip())
    return " ".join(lines)
