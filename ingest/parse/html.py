"""HTML pages as wikis and web sites export them: the main content with its anchors, nothing of the page around it."""

import re
from pathlib import Path

from lxml.html import HtmlElement

from ingest.document import Document
from ingest.errors import ParseError
from ingest.parse.outline import Outline
from ingest.parse.tree import TreeWalker
from ingest.parse.wording import clean

_CHROME_TAGS = ("nav", "script", "style", "noscript", "template", "form", "button", "iframe", "head")
_CHROME_ROLES = ("navigation", "banner", "contentinfo", "search", "complementary")
_CHROME = re.compile(
    r"(?:^|[\s_-])(?:nav|navbar|navigation|menu|sidebar|breadcrumbs?|cookies?|footer|toc|pagination|skip|share|"
    r"advert\w*|banner|masthead|page-?metadata|likes?|comments?)(?:$|[\s_-])",
    re.IGNORECASE,
)
_HIDDEN_STYLE = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0(?:\.0+)?(?:px|pt|em|rem|%)?\s*(?:;|$|!)|opacity\s*:\s*0(?:\.0+)?\s*(?:;|$)",
    re.IGNORECASE,
)


def parse_html(path: Path) -> Document:
    """An HTML page as blocks with anchors; hidden elements are dropped and counted in the warnings."""
    import lxml.html  # noqa: PLC0415  # heavy, and only this branch needs it

    data = path.read_bytes()
    try:
        root = lxml.html.document_fromstring(data)
    except (lxml.etree.ParserError, ValueError) as error:
        raise ParseError(f"damaged HTML page: {error}", hint="export the page again") from error
    page_title = clean(root.findtext(".//title") or "")
    hidden = _drop(root, _is_hidden)
    main = _main(root)
    _drop(main, _is_chrome)
    walker = TreeWalker(Outline())
    walker.walk(main)
    blocks = tuple(walker.outline.blocks)
    first = next((b.text for b in blocks if b.kind == "heading" and b.level == 1), "")
    warnings = (f"hidden text dropped in {hidden} places",) if hidden else ()
    return Document(first or page_title or path.stem, blocks, warnings=warnings)


def _main(root: HtmlElement) -> HtmlElement:
    for query in ("//main", "//*[@role='main']", "//*[@id='main-content']", "//article"):
        found = root.xpath(query)
        if len(found) == 1 and clean(found[0].text_content()):
            return found[0]
    body = root.find("body")
    return root if body is None else body


def _drop(root: HtmlElement, unwanted: object) -> int:
    count = 0
    for element in list(root.iterdescendants()):
        if isinstance(element.tag, str) and unwanted(element) and element.getparent() is not None:  # type: ignore[operator]  # a predicate
            count += bool(clean(element.text_content()))
            element.drop_tree()
    return count


def _is_hidden(element: HtmlElement) -> bool:
    return (
        "hidden" in element.attrib
        or element.get("aria-hidden") == "true"
        or bool(_HIDDEN_STYLE.search(element.get("style") or ""))
    )


def _is_chrome(element: HtmlElement) -> bool:
    if element.tag in _CHROME_TAGS or element.get("role") in _CHROME_ROLES:
        return True
    if element.tag in ("header", "footer", "aside"):
        return element.find(".//h1") is None
    names = f"{element.get('class') or ''} {element.get('id') or ''}"
    return element.tag in ("div", "ul", "ol", "section", "span", "p") and bool(_CHROME.search(names))
