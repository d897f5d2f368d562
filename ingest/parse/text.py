"""Plain text: paragraphs, numbered steps, and lines that look like headings."""

import re
from pathlib import Path

from ingest.document import Document
from ingest.errors import ParseError
from ingest.parse.outline import Outline
from ingest.parse.wording import BULLET, clean, heading_number, step_number

_HEADING_LINE = re.compile(r"^[^a-z]*[A-Z][^a-z]*$|^(?:\d+(?:\.\d+)*\.?|Section \d+\S*)\s+[A-Z][^.!?;]{2,80}$")


def read_text(path: Path) -> str:
    """The file's text, whatever its encoding; a file that is no text is refused."""
    data = path.read_bytes()
    for encoding in ("utf-16", "utf-8-sig") if data[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig",):
        try:
            return data.decode(encoding).replace("\r\n", "\n").replace("\r", "\n")
        except UnicodeDecodeError:
            continue
    if b"\0" in data:
        raise ParseError("not a text file (it holds binary data)", hint="give the file the suffix of its format")
    return data.decode("cp1252", errors="replace").replace("\r\n", "\n")


def parse_text(path: Path) -> Document:
    """A text file as blocks: blank lines separate paragraphs, each numbered or bulleted line begins a block."""
    outline = Outline()
    for paragraph in re.split(r"\n\s*\n", read_text(path)):
        lines = [line for line in paragraph.split("\n") if line.strip()]
        _add(outline, [clean(line) for line in lines])
    blocks = tuple(outline.blocks)
    title = next((b.text for b in blocks if b.kind == "heading"), path.stem)
    return Document(title, blocks)


def _add(outline: Outline, lines: list[str]) -> None:
    if len(lines) == 1 and len(lines[0]) <= 100 and _HEADING_LINE.match(lines[0]):
        number = heading_number(lines[0])
        outline.heading(lines[0], number.count(".") + 2 if number else 1)
        return
    run: list[str] = []
    for line in lines:
        if run and (step_number(line) or BULLET.match(line)):
            _add_run(outline, run)
            run = []
        run.append(line)
    _add_run(outline, run)


def _add_run(outline: Outline, run: list[str]) -> None:
    text = " ".join(run)
    if number := step_number(text):
        outline.add("step", text, number=number)
    elif match := BULLET.match(text):
        outline.add("list", text[match.end() :])
    else:
        outline.add("paragraph", text)
