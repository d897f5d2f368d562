"""Pages in Markdown that was made from a PDF: marks between pages, and headers that run over every page."""

import itertools
import re
from collections import Counter, defaultdict
from dataclasses import dataclass

from lxml.html import HtmlElement

from ingest.parse.furniture import printed_labels
from ingest.parse.inline import inline_text
from ingest.parse.tree import PAGE_MARK
from ingest.parse.wording import clean

_PAGE = r"(?:page|pg\.?)\s*:?\s*#?0*(\d{1,5})(?:\s*(?:of|/)\s*\d+)?"
_RULE = r"[-=*_\u2013\u2014|\s]*"
_MARK = re.compile(
    rf"^[ \t]{{0,3}}(?:#{{1,6}}[ \t]*)?(?:\*\*)?(?:{_RULE}{_PAGE}{_RULE}|\[{_PAGE}\]"
    rf"|<!--\s*(?:{_PAGE}|page[-_ ]?(?:break|number)?\D{{0,12}}(\d{{1,5}})?)[^>\n]*-->"
    rf"|<a\s+(?:id|name)=\"page[-_]?(\d{{1,5}})\"></a>|\{{(\d{{1,5}})\}}-{{4,}})(?:\*\*)?[ \t]*$",
    re.IGNORECASE | re.MULTILINE,
)
_EDGE = 4
_MAX_RUNNING = 90
_LEAST_PAGES = 4


def mark_pages(source: str) -> str:
    """The source with every page mark as an element of its own; a form feed is a mark too.

    Numbers that count from 0 are raised by one. Marks that stand at the foot of their pages are moved to the head.
    """
    source = re.sub(r"\n?\f\n?", "\n\n<!-- page-break -->\n\n", source)
    found = list(_MARK.finditer(source))
    if len(found) < 2:
        return source
    numbers = _page_numbers(found)
    parts: list[str] = []
    at = 0
    if _marks_follow(source, found):
        parts.append(_element(numbers[0]))
        numbers = [*numbers[1:], 0]
    elif numbers[0] != 1 and clean(source[: found[0].start()]) and "page-break" in found[0][0]:
        parts.append(_element(numbers[0] - 1))
    for match, number in zip(found, numbers, strict=True):
        parts += [source[at : match.start()], _element(number) if number else ""]
        at = match.end()
    return "".join([*parts, source[at:]])


def _page_numbers(found: list[re.Match[str]]) -> list[int]:
    """The page that each mark opens; marks without a number count on from the one before."""
    given = [next((int(group) for group in match.groups() if group), None) for match in found]
    raise_by = 1 if 0 in given else 0
    numbers: list[int] = []
    for value in given:
        before = numbers[-1] if numbers else 1
        numbers.append(value + raise_by if value is not None else before + 1)
    climbing = all(b > a for a, b in itertools.pairwise(numbers))
    return numbers if climbing else list(range(numbers[0], numbers[0] + len(numbers)))


def _marks_follow(source: str, found: list[re.Match[str]]) -> bool:
    """Whether marks stand after the text of their page: text before the first, none after the last."""
    before = [line for line in source[: found[0].start()].splitlines() if clean(line) and not line.startswith("#")]
    return bool(before) and not clean(source[found[-1].end() :])


def _element(number: int) -> str:
    return f'\n\n<hr {PAGE_MARK}="{number}">\n\n'


@dataclass(frozen=True, slots=True)
class Running:
    """What the running headers of a paged document told: printed page labels, and whether heading levels mean much.

    Converters that go page by page give one header another level on every page; then only headings of one page
    nest in each other.
    """

    labels: dict[int, str]
    levels_vary: bool


def drop_running(root: HtmlElement) -> Running:
    """Removes headers and footers that run over the pages of the document."""
    pages = _pages(root)
    if len(pages) < _LEAST_PAGES:
        return Running({}, False)
    units = _running_units(pages)
    texts: dict[int, list[str]] = defaultdict(list)
    tags: dict[str, set[str]] = defaultdict(set)
    for index, elements in pages.items():
        merged: list[HtmlElement] = []
        for element in _edge(elements):
            text = clean(inline_text(element))
            left = _without_units(text, units)
            if not any(c.isalpha() for c in left):
                texts[index].append(text)
                tags[_key(text)].add(element.tag)
                element.drop_tree()
            elif left != text:
                merged.append(element)
        shown = {unit for unit in units for text in texts[index] if unit in _key(text)}
        for element in merged:
            _cut_lead(element, [unit for unit in units if unit not in shown])
    return Running(printed_labels(texts), any(len(found) > 1 for found in tags.values()))


def _cut_lead(element: HtmlElement, units: list[str]) -> None:
    """Takes a running header off the heading that a converter merged it with, on a page without it elsewhere."""
    text = clean(inline_text(element))
    for unit in units:
        pattern = r"[\W\d]*" + r"[\W\d]+".join(map(re.escape, unit.split())) + r"[\W\d]+(?=[A-Z])"
        if match := re.match(pattern, text):
            text = text[match.end() :]
    if text != clean(inline_text(element)):
        for child in list(element):
            child.drop_tree()
        element.text = text


def _pages(root: HtmlElement) -> dict[int, list[HtmlElement]]:
    pages: dict[int, list[HtmlElement]] = {}
    current: list[HtmlElement] | None = None
    for child in root:
        if child.tag == "hr" and child.get(PAGE_MARK):
            current = pages.setdefault(int(child.get(PAGE_MARK)), [])
        elif current is not None and isinstance(child.tag, str):
            current.append(child)
    return pages


def _running_units(pages: dict[int, list[HtmlElement]]) -> list[str]:
    """The texts, without numbers, that begin or end at least a tenth of the pages, longest first."""
    counts: Counter[str] = Counter()
    for elements in pages.values():
        counts.update({unit for e in _edge(elements) for unit in _units(e)})
    least = max(_LEAST_PAGES, len(pages) // 10)
    return sorted((unit for unit, count in counts.items() if count >= least and unit), key=len, reverse=True)


def _edge(elements: list[HtmlElement]) -> list[HtmlElement]:
    """The short headings and paragraphs at the head and foot of a page."""
    return [e for e in [*elements[:_EDGE], *elements[_EDGE:][-_EDGE:]] if _is_short(e)]


def _units(element: HtmlElement) -> set[str]:
    return {_key(line) for line in inline_text(element).split("\n")}


def _is_short(element: HtmlElement) -> bool:
    return element.tag in ("h1", "h2", "h3", "h4", "h5", "h6", "p") and len(inline_text(element)) <= _MAX_RUNNING


def _key(text: str) -> str:
    return " ".join(re.sub(r"[\d\u2013\u2014|.:-]+", " ", clean(text)).split())


def _without_units(text: str, units: list[str]) -> str:
    """What is left of the text without running units and numbers; the text itself if it holds none."""
    rest = key = _key(text)
    for unit in units:
        rest = rest.replace(unit, " ")
    return text if rest == key and any(c.isalpha() for c in key) else rest
