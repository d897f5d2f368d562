"""The text of Word paragraphs as a reader sees it: deleted and hidden runs left out, inserted ones kept."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ingest.parse.numbering import W
from ingest.parse.wordstyles import Style, Styles, is_on

_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_MATH_TEXT = "{http://schemas.openxmlformats.org/officeDocument/2006/math}t"
_SKIPPED = frozenset(
    f"{W}{tag}"
    for tag in ("del", "moveFrom", "pPr", "rPr", "instrText", "delText", "delInstrText", "txbxContent", "sdtPr")
) | {f"{_MC}Fallback"}
_SYMBOLS = {"F0B7": "\u2022", "F0A7": "\u25aa", "F0D8": "\u27a2", "F0FC": "\u2713", "F0E0": "\u2192", "F0A8": "\u2610"}
_LEAST_HALF_POINTS = 4


@dataclass(slots=True)
class TextReader:
    """Reads runs; remembers what was hidden and the footnotes referred to."""

    styles: Styles
    hidden: int = 0
    notes: list[str] = field(default_factory=list)

    def text(self, paragraph: Any, chain: list[Style], *, shaded: bool = False) -> str:
        """The text of a paragraph; `shaded` says that it stands on a coloured ground, where white shows."""
        inherited = [style.element.find(f"{W}rPr") for style in chain]
        return "".join(self._parts(paragraph, inherited, shaded or _is_shaded(paragraph.find(f"{W}pPr"))))

    def is_bold(self, paragraph: Any, chain: list[Style]) -> bool:
        """Whether every run with letters in the paragraph is bold."""
        inherited = [style.element.find(f"{W}rPr") for style in chain]
        runs = [run for run in paragraph.iter(f"{W}r") if any(c.isalpha() for c in _plain(run))]
        return bool(runs) and all(is_on(self._properties(run, inherited), "b") for run in runs)

    def _parts(self, element: Any, inherited: list[Any], shaded: bool) -> Iterator[str]:
        for child in element:
            if child.tag == f"{W}r":
                yield from self._run(child, inherited, shaded)
            elif child.tag == _MATH_TEXT:
                yield child.text or ""
            elif isinstance(child.tag, str) and child.tag not in _SKIPPED:
                yield from self._parts(child, inherited, shaded)

    def _run(self, run: Any, inherited: list[Any], shaded: bool) -> Iterator[str]:
        properties = self._properties(run, inherited)
        if _is_hidden(properties, shaded):
            self.hidden += bool(_plain(run).strip())
            return
        yield from self._run_parts(run)

    def _run_parts(self, run: Any) -> Iterator[str]:
        for child in run:
            tag = child.tag.removeprefix(W) if isinstance(child.tag, str) else ""
            if tag == "t":
                yield child.text or ""
            elif tag in ("tab", "br", "cr", "ptab"):
                yield " "
            elif tag == "noBreakHyphen":
                yield "-"
            elif tag == "sym":
                yield _SYMBOLS.get(child.get(f"{W}char", "").upper(), "")
            elif tag in ("footnoteReference", "endnoteReference"):
                self.notes.append(f"{tag[:-9]}:{child.get(f'{W}id', '')}")

    def _properties(self, run: Any, inherited: list[Any]) -> list[Any]:
        own = [run.find(f"{W}rPr"), *(style.element.find(f"{W}rPr") for style in self.styles.run_chain(run))]
        return [element for element in own + inherited if element is not None]


def _plain(run: Any) -> str:
    return "".join(t.text or "" for t in run.iterchildren(f"{W}t"))


def _is_hidden(properties: list[Any], shaded: bool) -> bool:
    if is_on(properties, "vanish"):
        return True
    size = next((e.find(f"{W}sz") for e in properties if e.find(f"{W}sz") is not None), None)
    if size is not None and size.get(f"{W}val", "").isdigit() and int(size.get(f"{W}val")) < _LEAST_HALF_POINTS:
        return True
    color = next((e.find(f"{W}color") for e in properties if e.find(f"{W}color") is not None), None)
    white = color is not None and color.get(f"{W}val", "").upper() == "FFFFFF"
    grounded = any(_is_shaded(e) or e.find(f"{W}highlight") is not None for e in properties)
    return white and not shaded and not grounded


def _is_shaded(properties: Any) -> bool:
    shading = None if properties is None else properties.find(f"{W}shd")
    fill = "" if shading is None else shading.get(f"{W}fill", "").upper()
    return fill not in ("", "AUTO", "FFFFFF") or (shading is not None and shading.get(f"{W}themeFill") is not None)
