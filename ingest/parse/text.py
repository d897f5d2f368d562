"""Plain text: paragraphs, numbered steps, and lines that look like headings."""

import re
from pathlib import Path

from ingest.document import Document
from ingest.errors import ParseError
from ingest.parse.outline import Outline
from ingest.parse.wording import BULLET, clean, ends_sentence, heading_number, number_depth, smuggles, step_number

_MAX_BYTES = 50_000_000
_MAX_HEADING = 100
_LONG_LINE = 200  # a line of more characters is a paragraph that nobody broke
_UNDERLINE = re.compile(r"^[=~*#-]{3,}$")
_WORD_NUMBER = re.compile(r"^(?:Section|Chapter|Appendix|Annex|Part)\s", re.IGNORECASE)


def read_text(path: Path) -> str:
    """The file's text, whatever its encoding, with "\\n" line ends; a file that is no text is refused."""
    if path.stat().st_size > _MAX_BYTES:
        raise ParseError(f"a text file of more than {_MAX_BYTES // 1_000_000} MB", hint="split the file")
    data = path.read_bytes()
    text = _decode(data)
    if "\0" in text:
        raise ParseError("not a text file (it holds binary data)", hint="give the file the suffix of its format")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _decode(data: bytes) -> str:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def parse_text(path: Path) -> Document:
    """A text file as blocks: blank lines separate paragraphs, each numbered or bulleted line begins a block."""
    source = read_text(path)
    outline = Outline()
    paragraphs = [_lines(part) for part in re.split(r"\n[ \t]*\n|\f", source)]
    paragraphs = [lines for lines in paragraphs if lines]
    for i, lines in enumerate(paragraphs):
        following = paragraphs[i + 1][0] if i + 1 < len(paragraphs) else ""
        _add(outline, lines, following)
    blocks = tuple(outline.blocks)
    title = next((block.text for block in blocks if block.kind == "heading"), path.stem)
    warnings = ("hidden characters dropped",) if smuggles(source) else ()
    return Document(title, blocks, warnings=warnings)


def _lines(part: str) -> list[str]:
    return [line for line in (clean(raw) for raw in part.split("\n")) if line]


def _add(outline: Outline, lines: list[str], following: str) -> None:
    underlined = len(lines) > 1 and bool(_UNDERLINE.match(lines[1])) and len(lines[0]) <= _MAX_HEADING
    if underlined or _is_heading(lines, following):
        number = heading_number(lines[0])
        outline.heading(lines[0], number_depth(number) + 1 if number else 1)
        lines = lines[2 if underlined else 1 :]
    run: list[str] = []
    for line in lines:
        if run and (step_number(line) or BULLET.match(line) or len(run[-1]) > _LONG_LINE):
            _add_run(outline, run)
            run = []
        if not _UNDERLINE.match(line):
            run.append(line)
    _add_run(outline, run)


def _is_heading(lines: list[str], following: str) -> bool:
    """Whether the first line heads what follows: capitals, or a section number that no sibling follows at once."""
    first = lines[0]
    if len(first) > _MAX_HEADING or ends_sentence(first) or BULLET.match(first):
        return False
    if first.isupper() and sum(c.isalpha() for c in first) > 3:
        return True
    number = heading_number(first)
    if not number or not first[len(number) :].lstrip(" .):\u2013\u2014-")[:1].isupper():
        return False
    text_below = lines[1] if len(lines) > 1 else following
    wraps = len(lines) > 1 and text_below[:1].islower()
    deep = number_depth(number) > 1 or bool(_WORD_NUMBER.match(first))
    return not wraps and (deep or (len(lines) == 1 and bool(text_below) and not _is_next(number, text_below)))


def _is_next(number: str, text: str) -> bool:
    """Whether a text begins with the number after this one: the two are steps."""
    following = re.match(r"\W*(\d+)", step_number(text))
    own = re.search(r"\d+$", number)
    return following is not None and own is not None and int(following[1]) == int(own[0]) + 1


def _add_run(outline: Outline, run: list[str]) -> None:
    text = " ".join(run)
    match = BULLET.match(text)
    if number := step_number(text):
        outline.add("step", text, number=number)
    elif match:
        outline.add("list", text[match.end() :])
    else:
        outline.add("paragraph", text)
