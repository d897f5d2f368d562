"""Walks an HTML element tree into blocks; HTML pages and Markdown (rendered to HTML) both come here."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml.html import HtmlElement

from ingest.errors import ParseError
from ingest.parse.htmltable import read_rows
from ingest.parse.numbering import format_number
from ingest.parse.outline import Outline
from ingest.parse.wording import clean, ends_sentence, heading_number, is_caption, is_step_sentence, step_number

MAX_DEPTH = 200
# A rule with this attribute marks the beginning of a page.
PAGE_MARK = "data-page"

_BLOCKS = frozenset(
    "address article aside blockquote body caption center dd details dialog div dl dt fieldset figcaption figure "
    "footer form h1 h2 h3 h4 h5 h6 header hr html legend li main nav ol p pre section summary svg table tbody td "
    "tfoot th thead tr ul".split()
)
_HEADINGS = {f"h{i}": i for i in range(1, 7)}
_DELETED = frozenset({"del", "s", "strike"})
_SKIPPED = frozenset({"script", "style", "template", "noscript", "iframe", "object", "head", "textarea", "select"})
_BOLD = frozenset({"b", "strong"})
# "2040.20", "Section 4", "5030.10": two parts or a word before it make a section number, not a step's.
_SECTION_NUMBER = re.compile(r"^(?:(?:sub)?section\s+)?\d+(?:\.\d+)+[a-z]?\b|^(?:sub)?section\s+\d+", re.IGNORECASE)
_MAX_BOLD_HEADING = 160
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
        if not isinstance(tag, str) or tag in _SKIPPED or tag in _DELETED:
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
            if isinstance(child.tag, str) and (child.tag in _BLOCKS or _holds_blocks(child)):
                self._paragraph("".join(run))
                run = []
                self.walk(child, depth + 1)
            elif isinstance(child.tag, str):
                if child.tag == "a" and not (child.text or len(child)):
                    self._anchor(child)
                run.extend(_inline_child(child))
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
        if any(isinstance(child.tag, str) and child.tag in _BLOCKS for child in element):
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
                own.extend(_inline_child(child))
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
        short = all(len(inline_text(dd)) <= _MAX_DEFINITION and not _holds_blocks(dd) for dd in parts if dd.tag == "dd")
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


def inline_text(element: HtmlElement) -> str:
    """The text of an element as a reader sees it, deleted text left out, line breaks as "\\n"."""
    return "".join(_inline_parts(element)).strip()


def bold_lead(element: HtmlElement) -> tuple[str, str]:
    """(heading, rest) of a paragraph that is bold throughout or begins with a bold section title."""
    text = inline_text(element)
    first = next(iter(element), None)
    if first is None or clean(element.text or "") or first.tag not in _BOLD:
        return "", clean(text)
    lead, rest = _split_bold(element)
    numbered = bool(_SECTION_NUMBER.match(lead))
    if not lead.strip() or len(lead) > _MAX_BOLD_HEADING or clean(lead) == heading_number(lead):
        return "", clean(text)
    if clean(rest) and not numbered and not (rest.startswith("\n") and not ends_sentence(clean(lead))):
        return "", clean(text)
    if not numbered and not clean(rest) and re.search(r"[.!?;,]['\"\u201d\u2019)]?$", clean(lead)):
        return "", clean(text)
    return clean(lead), clean(rest)


def _split_bold(element: HtmlElement) -> tuple[str, str]:
    lead: list[str] = []
    children = list(element)
    for i, child in enumerate(children):
        tail = child.tail or ""
        if child.tag not in _BOLD or "\n" in inline_text(child):
            return "".join(lead), "".join([*_inline_child(child), tail, *_with_tails(children[i + 1 :])])
        lead.append(inline_text(child))
        if clean(tail):
            return "".join(lead), "".join([tail, *_with_tails(children[i + 1 :])])
        lead.append(tail)
    return "".join(lead), ""


def _with_tails(children: list[HtmlElement]) -> Iterator[str]:
    for child in children:
        yield from _inline_child(child)
        yield child.tail or ""


def _inline_parts(element: HtmlElement) -> Iterator[str]:
    yield element.text or ""
    for child in element:
        if isinstance(child.tag, str):
            yield from _inline_child(child)
        yield child.tail or ""


def _inline_child(child: HtmlElement) -> Iterator[str]:
    if child.tag == "br":
        yield "\n"
    elif child.tag == "img":
        yield f" {child.get('alt') or ''} "
    elif child.tag in _DELETED or child.tag in _SKIPPED:
        yield " "
    elif child.tag in ("a", *_BOLD):
        yield from _spaced(child, inline_text(child))
    elif child.tag in _BLOCKS:
        yield from (" ", *_inline_parts(child), " ")
    else:
        yield from _inline_parts(child)


def _spaced(child: HtmlElement, text: str) -> Iterator[str]:
    """Link or bold text with the blanks that converters drop around it ("in the[Yellow Book]", "**Note.**This")."""
    before = child.getprevious()
    text_before = (before.tail if before is not None else child.getparent().text) or ""
    own = "".join(_inline_parts(child))
    if child.tag == "a" and text_before[-1:].islower() and text[:1].isupper():
        yield " "
    yield from (own[: len(own) - len(own.lstrip())], text, own[len(own.rstrip()) :] if text else "")
    if text[-1:] in ".:;" and (child.tail or "")[:1].isalpha() and child.tag != "a":
        yield " "


def _holds_blocks(element: HtmlElement) -> bool:
    return any(isinstance(e.tag, str) and e.tag in _BLOCKS for e in element.iterdescendants())


def _local_name(element: HtmlElement) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def _integer(text: str | None, default: int) -> int:
    return int(text) if text and re.fullmatch(r"-?\d{1,6}", text) else default


def _ordinal(count: int, style: str) -> str:
    forms = {"a": "lowerLetter", "A": "upperLetter", "i": "lowerRoman", "I": "upperRoman"}
    return format_number(count, forms.get(style, "decimal"))
