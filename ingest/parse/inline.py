"""The inline text of HTML elements: deleted text left out, bold leads told from the rest, lost blanks put back."""

import re
from collections.abc import Iterator

from lxml.html import HtmlElement

from ingest.parse.wording import clean, ends_sentence, heading_number

BLOCK_TAGS = frozenset(
    "address article aside blockquote body caption center dd details dialog div dl dt fieldset figcaption figure "
    "footer form h1 h2 h3 h4 h5 h6 header hr html legend li main nav ol p pre section summary svg table tbody td "
    "tfoot th thead tr ul".split()
)
DELETED_TAGS = frozenset({"del", "s", "strike"})
SKIPPED_TAGS = frozenset({"script", "style", "template", "noscript", "iframe", "object", "head", "textarea", "select"})
_BOLD = frozenset({"b", "strong"})
# "2040.20", "Section 4", "5030.10": two parts or a word before it make a section number, not a step's.
_SECTION_NUMBER = re.compile(r"^(?:(?:sub)?section\s+)?\d+(?:\.\d+)+[a-z]?\b|^(?:sub)?section\s+\d+", re.IGNORECASE)
_MAX_BOLD_HEADING = 160


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
            return "".join(lead), "".join([*inline_child(child), tail, *_with_tails(children[i + 1 :])])
        lead.append(inline_text(child))
        if clean(tail):
            return "".join(lead), "".join([tail, *_with_tails(children[i + 1 :])])
        lead.append(tail)
    return "".join(lead), ""


def _with_tails(children: list[HtmlElement]) -> Iterator[str]:
    for child in children:
        yield from inline_child(child)
        yield child.tail or ""


def _inline_parts(element: HtmlElement) -> Iterator[str]:
    yield element.text or ""
    for child in element:
        if isinstance(child.tag, str):
            yield from inline_child(child)
        yield child.tail or ""


def inline_child(child: HtmlElement) -> Iterator[str]:
    """The text of one inline element in pieces, without its tail."""
    if child.tag == "br":
        yield "\n"
    elif child.tag == "img":
        yield f" {child.get('alt') or ''} "
    elif child.tag in DELETED_TAGS or child.tag in SKIPPED_TAGS:
        yield " "
    elif child.tag in ("a", *_BOLD):
        yield from _spaced(child, inline_text(child))
    elif child.tag in BLOCK_TAGS:
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


def holds_blocks(element: HtmlElement) -> bool:
    """Whether an element holds block elements at any depth."""
    return any(isinstance(e.tag, str) and e.tag in BLOCK_TAGS for e in element.iterdescendants())
