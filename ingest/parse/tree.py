"""Walks an HTML element tree into blocks; HTML pages and Markdown (rendered to HTML) both come here."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml.html import HtmlElement

from ingest.errors import ParseError
from ingest.parse.outline import Outline
from ingest.parse.wording import clean, heading_number, step_number

MAX_DEPTH = 200
PAGE_TAG = "page-mark"

_BLOCKS = frozenset(
    "address article aside blockquote body caption center dd details dialog div dl dt fieldset figcaption figure "
    "footer form h1 h2 h3 h4 h5 h6 header hr html legend li main nav ol p pre section summary table tbody td tfoot "
    "th thead tr ul".split()
) | {PAGE_TAG}
_HEADINGS = {f"h{i}": i for i in range(1, 7)}
_DELETED = frozenset({"del", "s", "strike"})
_SKIPPED = frozenset(
    {"script", "style", "template", "noscript", "svg", "iframe", "object", "head", "textarea", "select"}
)
_BOLD = frozenset({"b", "strong"})
_ENDS_SENTENCE = re.compile(r"[.!?;,]['\"\u201d\u2019)]?$")
# "2040.20—Waivers", "5030.10 -SF 1193": a number of two parts or of three digits and more is a section's, not a step's.
_SECTION_NUMBER = re.compile(r"^(?:(?:sub)?section\s+)?\d+(?:\.\d+)+[a-z]?\b|^(?:sub)?section\s+\d+", re.IGNORECASE)
_MAX_BOLD_HEADING = 160


@dataclass(slots=True)
class TreeWalker:
    """Turns elements into blocks of `outline`; `markdown` makes every definition-list term a heading."""

    outline: Outline
    markdown: bool = False
    deleted: int = 0
    pages: list[int] = field(default_factory=list)

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
            self.outline.heading(clean(self.inline(element)), _HEADINGS[tag])
        elif handler is not None:
            handler(element, depth)
        else:
            self._container(element, depth)

    def inline(self, element: HtmlElement) -> str:
        """The text of an element as a reader sees it, deleted text left out, line breaks as "\\n"."""
        return "".join(self._inline_parts(element)).strip()

    def _anchor(self, element: HtmlElement) -> None:
        found = element.get("id") or (element.get("name") if element.tag == "a" else None)
        if found and (element.tag in _HEADINGS or element.tag in ("section", "article", "a", "dt")):
            self.outline.anchor = found
        elif element.tag in _HEADINGS:
            inner = element.xpath(".//*[@id]/@id | .//a[@name]/@name")
            self.outline.anchor = inner[0] if inner else self.outline.anchor

    def _inline_parts(self, element: HtmlElement) -> Iterator[str]:
        yield element.text or ""
        for child in element:
            if isinstance(child.tag, str):
                yield from self._inline_child(child)
            yield child.tail or ""

    def _inline_child(self, child: HtmlElement) -> Iterator[str]:
        if child.tag == "br":
            yield "\n"
        elif child.tag == "img":
            yield f" {child.get('alt') or ''} "
        elif child.tag in _DELETED:
            self.deleted += 1
        elif child.tag == "a":
            yield from _spaced_link(child, self.inline(child))
        elif child.tag in _BLOCKS:
            yield from (" ", *self._inline_parts(child), " ")
        elif child.tag not in _SKIPPED:
            yield from self._inline_parts(child)

    def _container(self, element: HtmlElement, depth: int) -> None:
        """Runs of text and inline elements become paragraphs; block elements are walked."""
        run: list[str] = [element.text or ""]
        for child in element:
            if isinstance(child.tag, str) and (child.tag in _BLOCKS or _holds_blocks(child)):
                self._paragraph("".join(run))
                run = []
                self.walk(child, depth + 1)
            elif isinstance(child.tag, str):
                self._note_anchor(child)
                run.extend(self._inline_child(child))
            run.append(child.tail or "")
        self._paragraph("".join(run))

    def _note_anchor(self, child: HtmlElement) -> None:
        if child.tag == "a" and not (child.text or len(child)):
            self._anchor(child)

    def _paragraph(self, text: str) -> None:
        self.outline.add("paragraph", clean(text))

    def _on_p(self, element: HtmlElement, depth: int) -> None:
        if any(isinstance(child.tag, str) and child.tag in _BLOCKS for child in element):
            self._container(element, depth)
            return
        heading, rest = self._bold_lead(element)
        self.outline.minor_heading(heading)
        number = step_number(rest)
        self.outline.add("step" if number else "paragraph", rest, number=number)

    def _bold_lead(self, element: HtmlElement) -> tuple[str, str]:
        """(heading, rest) of a paragraph that is bold throughout or begins with a bold section title."""
        text = self.inline(element)
        bold = next(iter(element), None)
        if bold is None or clean(element.text or "") or bold.tag not in _BOLD:
            return "", clean(text)
        lead, rest = self._split_bold(element)
        if not lead or len(lead) > _MAX_BOLD_HEADING or clean(lead) == heading_number(lead):
            return "", clean(text)
        titled = bool(_SECTION_NUMBER.match(lead)) or rest.startswith("\n")
        if clean(rest) and not titled:
            return "", clean(text)
        if not _SECTION_NUMBER.match(lead) and (_ENDS_SENTENCE.search(lead) or "\n" in text and not rest):
            return "", clean(text)
        return clean(lead), clean(rest)

    def _split_bold(self, element: HtmlElement) -> tuple[str, str]:
        lead: list[str] = []
        children = list(element)
        for i, child in enumerate(children):
            if child.tag not in _BOLD:
                rest = [*self._inline_child(child), child.tail or ""]
                return "".join(lead), "".join(rest) + self._tail_text(children[i + 1 :])
            lead.append(self.inline(child))
            if clean(child.tail or ""):
                return "".join(lead), (child.tail or "") + self._tail_text(children[i + 1 :])
            lead.append(child.tail or "")
        return "".join(lead), ""

    def _tail_text(self, children: list[HtmlElement]) -> str:
        return "".join("".join([*self._inline_child(child), child.tail or ""]) for child in children)

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
            if isinstance(child.tag, str) and child.tag in ("ul", "ol", "table", "pre", "dl", PAGE_TAG):
                nested.append(child)
            elif isinstance(child.tag, str):
                own.extend(self._inline_child(child))
            own.append(child.tail or "")
        text = clean("".join(own))
        if text:
            self.outline.add("step" if number else "list", f"{number} {text}".strip(), number=number)
        for child in nested:
            self.walk(child, depth + 1)

    def _on_dl(self, element: HtmlElement, depth: int) -> None:
        for child in element:
            if isinstance(child.tag, str) and child.tag == "dt":
                self.outline.minor_heading(clean(self.inline(child)))
            elif isinstance(child.tag, str):
                self.walk(child, depth + 1)

    def _on_table(self, element: HtmlElement, depth: int) -> None:
        rows = self._rows(element)
        if rows:
            self.outline.table(rows)

    def _rows(self, element: HtmlElement) -> list[list[str]]:
        rows: list[list[str]] = []
        for tr in element.iter("tr"):
            rows.append([clean(self.inline(cell)) for cell in tr if cell.tag in ("td", "th")])
        return rows

    def _on_figcaption(self, element: HtmlElement, depth: int) -> None:
        self.outline.add("caption", clean(self.inline(element)))

    _on_caption = _on_figcaption

    def _on_page_mark(self, element: HtmlElement, depth: int) -> None:
        self.outline.page = int(element.get("n") or 1)
        self.pages.append(self.outline.page)


def _holds_blocks(element: HtmlElement) -> bool:
    return any(isinstance(e.tag, str) and e.tag in _BLOCKS for e in element.iterdescendants())


def _spaced_link(link: HtmlElement, text: str) -> Iterator[str]:
    """Link text, with the blank that converters drop before it ("in the[Yellow Book]")."""
    before = link.getprevious()
    text_before = (before.tail if before is not None else link.getparent().text) or ""
    if text_before[-1:].islower() and text[:1].isupper():
        yield " "
    yield text


def _integer(text: str | None, default: int) -> int:
    return int(text) if text and re.fullmatch(r"-?\d{1,6}", text) else default


def _ordinal(count: int, style: str) -> str:
    if style in ("a", "A") and 1 <= count <= 26:
        return chr(ord(style) + count - 1)
    if style in ("i", "I") and 1 <= count < 40:
        tens, ones = divmod(count, 10)
        roman = "x" * tens + ("", "i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix")[ones]
        return roman if style == "i" else roman.upper()
    return str(count)
