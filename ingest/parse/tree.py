"""Walks an HTML element tree into blocks; HTML pages and Markdown (rendered to HTML) both come here."""

import re
from dataclasses import dataclass, field

from lxml.html import HtmlElement

from ingest.errors import ParseError
from ingest.parse.htmltable import read_rows
from ingest.parse.inline import (
    BLOCK_TAGS,
    DELETED_TAGS,
    SKIPPED_TAGS,
    bold_lead,
    holds_blocks,
    inline_child,
    inline_text,
)
from ingest.parse.numbering import format_number
from ingest.parse.outline import Outline
from ingest.parse.wording import clean, is_caption, is_step_sentence, step_number

MAX_DEPTH = 200
# A rule with this attribute marks the beginning of a page.
PAGE_MARK = "data-page"

_HEADINGS = {f"h{i}": i for i in range(1, 7)}
_MAX_DEFINITION = 300


@dataclass(slots=True)
class TreeWalker:
    """Turns elements into blocks of `outline`; `markdown` makes every definition-list term a heading.

    With `levels_vary` only headings of one page nest in each other.
    """

    outline: Outline
    markdown: bool = False
    levels_vary: bool = False
    pages: list[int] = field(default_factory=list)
    _page_headed: bool = True

    def walk(self, element: HtmlElement, depth: int = 0) -> None:
        """Adds the blocks of one element and of all below it."""
        if depth > MAX_DEPTH:
            raise ParseError(f"elements nested more than {MAX_DEPTH} deep", hint="export the page again")
        tag = element.tag
        if not isinstance(tag, str) or tag in SKIPPED_TAGS or tag in DELETED_TAGS:
            return
        self._anchor(element)
        handler = getattr(self, f"_on_{tag.replace('-', '_')}", None)
        if tag in _HEADINGS:
            self._heading(clean(inline_text(element)), _HEADINGS[tag])
        elif handler is not None:
            handler(element, depth)
        else:
            self._container(element, depth)

    def _heading(self, text: str, level: int) -> None:
        if self.markdown and is_step_sentence(text):
            self.outline.add("step", text, number=step_number(text))
            return
        if is_caption(text):
            self.outline.add("caption", text)
            return
        if self.levels_vary and not self._page_headed:
            self.outline.close()
        self._page_headed = True
        self.outline.heading(text, level)

    def _anchor(self, element: HtmlElement) -> None:
        found = element.get("id") or (element.get("name") if element.tag == "a" else None)
        if found and (element.tag in _HEADINGS or element.tag in ("section", "article", "a", "dt")):
            self.outline.anchor = found
        elif element.tag in _HEADINGS:
            inner = element.xpath(".//*[@id]/@id | .//a[@name]/@name")
            self.outline.anchor = inner[0] if inner else self.outline.anchor

    def _container(self, element: HtmlElement, depth: int) -> None:
        """Runs of text and inline elements become paragraphs; block elements are walked."""
        run: list[str] = [element.text or ""]
        for child in element:
            if isinstance(child.tag, str) and (child.tag in BLOCK_TAGS or holds_blocks(child)):
                self._paragraph("".join(run))
                run = []
                self.walk(child, depth + 1)
            elif isinstance(child.tag, str):
                if child.tag == "a" and not (child.text or len(child)):
                    self._anchor(child)
                run.extend(inline_child(child))
            run.append(child.tail or "")
        self._paragraph("".join(run))

    def _paragraph(self, raw: str) -> None:
        text = clean(raw)
        if is_caption(text):
            self.outline.add("caption", text)
        else:
            number = step_number(text)
            self.outline.add("step" if number else "paragraph", text, number=number)

    def _on_p(self, element: HtmlElement, depth: int) -> None:
        if any(isinstance(child.tag, str) and child.tag in BLOCK_TAGS for child in element):
            self._container(element, depth)
            return
        heading, rest = bold_lead(element)
        self.outline.minor_heading(heading)
        self._paragraph(rest)

    def _on_pre(self, element: HtmlElement, depth: int) -> None:
        self.outline.add("paragraph", clean(inline_text(element)))

    def _on_ul(self, element: HtmlElement, depth: int) -> None:
        for item in element:
            if isinstance(item.tag, str):
                self._item(item, depth, "")

    def _on_ol(self, element: HtmlElement, depth: int) -> None:
        count = _integer(element.get("start"), 1)
        for item in element:
            if not isinstance(item.tag, str):
                continue
            if item.tag != "li":
                self.walk(item, depth + 1)
                continue
            count = _integer(item.get("value"), count)
            self._item(item, depth, f"{_ordinal(count, element.get('type') or '1')}.")
            count += 1

    def _item(self, item: HtmlElement, depth: int, number: str) -> None:
        """A list item: its own words as one block, nested lists and tables as blocks of their own."""
        own: list[str] = [item.text or ""]
        nested: list[HtmlElement] = []
        for child in item:
            if isinstance(child.tag, str) and (nested or child.tag in ("ul", "ol", "table", "pre", "dl", "svg", "hr")):
                nested.append(child)
            elif isinstance(child.tag, str):
                own.extend(inline_child(child))
            own.append(child.tail or "")
        text = clean("".join(own))
        if text:
            printed = number or step_number(text)
            shown = f"{number} {text}".strip()
            self.outline.add("step" if printed else "list", shown, number=printed)
        for child in nested:
            self.walk(child, depth + 1)

    def _on_dl(self, element: HtmlElement, depth: int) -> None:
        """Terms head their definitions; a glossary of short ones in HTML is a list of "term: definition"."""
        parts = [child for child in element.iter("dt", "dd") if next(child.iterancestors("dl")) is element]
        short = all(len(inline_text(dd)) <= _MAX_DEFINITION and not holds_blocks(dd) for dd in parts if dd.tag == "dd")
        if short and not self.markdown and parts:
            self._glossary(parts)
            return
        for part in parts:
            if part.tag == "dt":
                self._anchor(part)
                self.outline.minor_heading(clean(inline_text(part)))
            else:
                self._container(part, depth + 1)

    def _glossary(self, parts: list[HtmlElement]) -> None:
        terms: list[str] = []
        for i, part in enumerate(parts):
            text = clean(inline_text(part))
            if part.tag == "dt":
                terms = [*terms, text] if i and parts[i - 1].tag == "dt" else [text]
            elif text:
                self.outline.add("list", f"{', '.join(terms)}: {text}" if terms else text)

    def _on_table(self, element: HtmlElement, depth: int) -> None:
        rows, header = read_rows(element, lambda cell: clean(inline_text(cell)))
        if element.get("role") == "presentation" or max(map(len, rows), default=0) < 2:
            for cell in element.iter("td", "th"):
                if next(cell.iterancestors("table")) is element:
                    self._container(cell, depth + 1)
            return
        caption = element.find("caption")
        if caption is not None:
            self.outline.add("caption", clean(inline_text(caption)))
        self.outline.table(rows, header)

    def _on_figcaption(self, element: HtmlElement, depth: int) -> None:
        self.outline.add("caption", clean(inline_text(element)))

    def _on_svg(self, element: HtmlElement, depth: int) -> None:
        """The labels of a drawing, such as a flow chart, as one paragraph."""
        labels = [clean(" ".join(text.itertext())) for text in element.iter() if _local_name(text) == "text"]
        self.outline.add("paragraph", " / ".join(filter(None, labels)))

    def _on_hr(self, element: HtmlElement, depth: int) -> None:
        if self.markdown and (number := element.get(PAGE_MARK)):
            self.outline.page = int(number)
            self.pages.append(self.outline.page)
            self._page_headed = False


def _local_name(element: HtmlElement) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def _integer(text: str | None, default: int) -> int:
    return int(text) if text and re.fullmatch(r"-?\d{1,6}", text) else default


def _ordinal(count: int, style: str) -> str:
    forms = {"a": "lowerLetter", "A": "upperLetter", "i": "lowerRoman", "I": "upperRoman"}
    return format_number(count, forms.get(style, "decimal"))
