"""Word's paragraph and character styles: what a paragraph inherits from the styles it is based on."""

import re
from dataclasses import dataclass
from typing import Any

from ingest.parse.numbering import W

_MAX_CHAIN = 12


@dataclass(frozen=True, slots=True)
class Style:
    """What one style sets itself: its English name, the style it is based on, its XML element."""

    name: str
    based_on: str
    element: Any


class Styles:
    """The styles of a document; unknown ids inherit nothing."""

    def __init__(self, root: Any) -> None:
        self._styles: dict[str, Style] = {}
        self._default = ""
        for element in () if root is None else root.iterchildren(f"{W}style"):
            style_id = element.get(f"{W}styleId", "")
            name = str(_attribute(element.find(f"{W}name"), "")).lower()
            self._styles[style_id] = Style(name, str(_attribute(element.find(f"{W}basedOn"), "")), element)
            if element.get(f"{W}type") == "paragraph" and element.get(f"{W}default") in ("1", "true"):
                self._default = style_id

    def chain(self, paragraph: Any) -> list[Style]:
        """The paragraph's style and those it is based on, nearest first."""
        wanted = str(_attribute(paragraph.find(f"{W}pPr/{W}pStyle"), self._default))
        return self._follow(wanted)

    def run_chain(self, run: Any) -> list[Style]:
        """The same for the character style of a run."""
        found = run.find(f"{W}rPr/{W}rStyle")
        return [] if found is None else self._follow(str(_attribute(found, "")))

    def _follow(self, style_id: str) -> list[Style]:
        found: list[Style] = []
        while style_id in self._styles and len(found) < _MAX_CHAIN:
            found.append(self._styles[style_id])
            style_id = found[-1].based_on
        return found


def heading_level(paragraph: Any, chain: list[Style]) -> int | None:
    """0 for a title, 1 to 9 for headings by style or outline level, None for other paragraphs."""
    for style in chain:
        if match := re.fullmatch(r"heading (\d)", style.name):
            return int(match[1])
        if style.name == "title":
            return 0
    for element in [paragraph, *(style.element for style in chain)]:
        outline = element.find(f"{W}pPr/{W}outlineLvl")
        if outline is not None:
            level = str(_attribute(outline, "9"))
            return int(level) + 1 if level in "012345678" else None
    return None


def list_place(paragraph: Any, chain: list[Style]) -> tuple[str, int] | None:
    """(list id, depth) of a numbered or bulleted paragraph, set on itself or by a style; None for others."""
    list_id, depth = "", None
    for element in [paragraph, *(style.element for style in chain)]:
        properties = element.find(f"{W}pPr/{W}numPr")
        if properties is None:
            continue
        if depth is None and properties.find(f"{W}ilvl") is not None:
            depth = int(_attribute(properties.find(f"{W}ilvl"), "0"))
        if properties.find(f"{W}numId") is not None:
            list_id = str(_attribute(properties.find(f"{W}numId"), ""))
            break
    return (list_id, depth or 0) if list_id not in ("", "0") else None


def is_on(properties: list[Any], tag: str) -> bool:
    """Whether a switch such as bold or vanish is on in the nearest of some property elements that sets it."""
    for element in properties:
        found = element.find(f"{W}{tag}") if element is not None else None
        if found is not None:
            return _attribute(found, "1") not in ("0", "false", "off", "none")
    return False


def _attribute(element: Any, default: str) -> Any:
    return default if element is None else element.get(f"{W}val", default)
