"""HTML pages as wikis and web sites export them: the main content with its anchors, nothing of the page around it."""

import re
from collections.abc import Callable
from pathlib import Path

from lxml.html import HtmlElement

from ingest.document import Document
from ingest.errors import ParseError
from ingest.parse.inline import inline_text
from ingest.parse.outline import Outline
from ingest.parse.tree import MAX_DEPTH, TreeWalker
from ingest.parse.wording import clean, smuggles

_CHROME_TAGS = frozenset(
    {"nav", "script", "style", "noscript", "template", "form", "button", "iframe", "head", "input"}
)
_CHROME_ROLES = frozenset({"navigation", "banner", "contentinfo", "search", "complementary", "menu"})
_CHROME = re.compile(
    r"(?:^|[\s_-])(?:nav|navbar|navigation|menu|sidebar|side-?bar|breadcrumbs?|cookies?|footer|toc|pagination|skip|"
    r"share|sharing|social|advert\w*|banner|masthead|page-?metadata|page-?section|greybox|labels?-?list|labels|likes?|"
    r"comments?|comment-prompt|related-?pages|feedback|login)(?:$|[\s_-])",
    re.IGNORECASE,
)
_HIDDEN_STYLE = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*[01](?:\.0+)?(?:px|pt|em|rem|%)?\s*(?:;|$|!)"
    r"|opacity\s*:\s*0(?:\.0+)?\s*(?:;|$|!)|(?:text-indent|left|top)\s*:\s*-\d{4,}",
    re.IGNORECASE,
)
_WHITE = re.compile(
    r"(?:^|;)\s*color\s*:\s*(?:#fff(?:fff)?|white|rgb\(\s*255\s*,\s*255\s*,\s*255\s*\))\s*(?:;|$|!)", re.I
)
_RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
_MAIN = ("//main", "//*[@role='main']", "//*[@id='main-content']", "//article")
# Content that opens on a click is content, whatever the style sheet says.
_OPENS = re.compile(r"expand|collaps|accordion|tab-?pane|tabs?-content", re.IGNORECASE)


def parse_html(path: Path) -> Document:
    """An HTML page as blocks with anchors; hidden elements are dropped and counted in the warnings."""
    root = read_tree(path.read_bytes())
    page_title = clean(root.findtext(".//title") or "")
    hidden = _drop(root, _hidden_test(root))
    top = root.find(".//h1")
    title = _own_title(clean(inline_text(top)) if top is not None else page_title, root)
    main = _main(root)
    _drop(main, _is_chrome)
    walker = TreeWalker(Outline())
    if main.find(".//h1") is None:
        walker.outline.heading(title, 1)
    walker.walk(main)
    blocks = tuple(walker.outline.blocks)
    hidden += any(smuggles(text) for text in main.itertext() if isinstance(text, str))
    warnings = (f"hidden text dropped in {hidden} places",) if hidden else ()
    return Document(title or path.stem, blocks, warnings=warnings)


def read_tree(data: bytes) -> HtmlElement:
    """The element tree of an HTML page; raises ParseError for one that is damaged or nested without end."""
    import lxml.html  # noqa: PLC0415  # heavy, and only HTML and Markdown need it
    from lxml import etree  # noqa: PLC0415  # as above

    parser = lxml.html.HTMLParser(encoding=_encoding(data), huge_tree=True)
    try:
        root: HtmlElement = lxml.html.document_fromstring(data, parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError, AssertionError) as error:
        raise ParseError("damaged HTML page: it holds no readable elements", hint="export the page again") from error
    if _is_deep(root):
        raise ParseError(f"elements nested more than {MAX_DEPTH} deep", hint="export the page again")
    return root


def _encoding(data: bytes) -> str | None:
    """UTF-8 where the bytes are that and the page doesn't say otherwise: the parser would take Latin-1."""
    if re.search(rb"charset\s*=", data[:4096], re.IGNORECASE) or data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return None
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return "utf-8"


def _is_deep(root: HtmlElement) -> bool:
    level = [root]
    for _ in range(MAX_DEPTH):
        level = [child for element in level for child in element]
        if not level:
            return False
    return True


def _own_title(title: str, root: HtmlElement) -> str:
    """The title without the name of the wiki space or site that the breadcrumbs give too."""
    head, separator, rest = title.partition(" : ")
    crumbs = {clean(a.text_content()) for a in root.iter("a")}
    return rest if separator and rest and head in crumbs else title


def _main(root: HtmlElement) -> HtmlElement:
    for query in _MAIN:
        found = root.xpath(query)
        if len(found) == 1 and clean(found[0].text_content()):
            return found[0]
    body = root.find("body")
    return root if body is None else body


def _drop(root: HtmlElement, unwanted: Callable[[HtmlElement], bool]) -> int:
    """Removes the elements that the test names; returns how many of them held text."""
    count = 0
    for element in list(root.iterdescendants()):
        if isinstance(element.tag, str) and element.getparent() is not None and unwanted(element):
            count += bool(element.tag not in _CHROME_TAGS and clean(element.text_content()))
            element.drop_tree()
    return count


def _hidden_test(root: HtmlElement) -> Callable[[HtmlElement], bool]:
    """A test for elements that the page's own attributes and style sheet hide."""
    names = _hidden_names(" ".join(style.text or "" for style in root.iter("style")))

    def is_hidden(element: HtmlElement) -> bool:
        if element.tag in _CHROME_TAGS or element.tag in ("html", "body"):
            return False
        style, classes = element.get("style") or "", (element.get("class") or "").split()
        if _OPENS.search(" ".join(classes)) and "font-size" not in style:
            return False
        if "hidden" in element.attrib or element.get("aria-hidden") == "true" or _HIDDEN_STYLE.search(style):
            return True
        own = {f".{name}" for name in classes} | {f"#{element.get('id')}"}
        return bool(own & names) or _is_white(element, style)

    return is_hidden


def _hidden_names(css: str) -> set[str]:
    """The classes (".x") and ids ("#x") that a simple rule of the style sheet hides."""
    names: set[str] = set()
    for selectors, rules in _RULE.findall(re.sub(r"@media\s+print[^{]*\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}", "", css)):
        if _HIDDEN_STYLE.search(rules):
            names |= {s.strip() for s in selectors.split(",") if re.fullmatch(r"\s*[.#][\w-]+\s*", s)}
    return names


def _is_white(element: HtmlElement, style: str) -> bool:
    if not _WHITE.search(style):
        return False
    around = [element, *element.iterancestors()]
    return not any("background" in (e.get("style") or "") or e.get("bgcolor") or e.get("class") for e in around[:4])


def _is_chrome(element: HtmlElement) -> bool:
    if element.tag in _CHROME_TAGS or element.get("role") in _CHROME_ROLES:
        return True
    if element.tag in ("header", "footer", "aside"):
        return element.find(".//h1") is None
    if element.tag not in ("div", "ul", "ol", "section", "span", "p"):
        return False
    names = f"{element.get('class') or ''} {element.get('id') or ''}"
    return bool(_CHROME.search(names)) and element.find(".//h1") is None
