"""Answers bound to a JSON schema: the schema, and the lines of such an answer as they become complete."""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from app.llm import Finish

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "lines": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "text": {"type": "string"},
                    "passages": {"type": "array", "items": {"type": "integer"}},
                },
                "required": ["text", "passages"],
                "additionalProperties": False,
            },
        }
    },
    "required": ["lines"],
    "additionalProperties": False,
}
_BEGIN = re.compile(r'\s*\{\s*"lines"\s*:\s*\[')
_DECODER = json.JSONDecoder()


def read_lines(pieces: Iterable[str | Finish]) -> Iterator[str | Finish]:
    """A structured answer in the form of a free one: each object's text with its passages' numbers in brackets.

    What is not in the form of the schema yields no line.
    """
    text, begun = "", False
    for piece in pieces:
        if isinstance(piece, Finish):
            yield piece
            continue
        text += piece
        if not begun and (found := _BEGIN.match(text)):
            text, begun = text[found.end() :], True
        while begun and (next_line := _first(text)):
            line, text = next_line
            yield f"{line}\n"


def _first(text: str) -> tuple[str, str] | None:
    """The first object as a line, and what comes after it; None while it is not complete."""
    start = text.find("{")
    if start < 0:
        return None
    try:
        found, end = _DECODER.raw_decode(text, start)
    except ValueError:
        return None
    marks = "".join(f"[{number}]" for number in found.get("passages") or () if isinstance(number, int))
    return f"{' '.join(str(found.get('text', '')).split())} {marks}", text[end:]
