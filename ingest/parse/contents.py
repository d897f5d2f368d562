"""Tables of contents: recognised by their heading, dot leaders and climbing page numbers, and kept out."""

import itertools
import re

from ingest.parse.layout import make_rows
from ingest.parse.wording import has_leaders
from ingest.parse.words import PageText, Word

_HEADING = re.compile(
    r"^(?:table\s+of\s+)?contents$|^index$|^(?:table|list)\s+of\s+(?:contents|tables|figures|listings|exhibits)$",
    re.IGNORECASE,
)
_ENTRY = re.compile(r"\S.*?\s[.\u2026\s]*((?:[A-Z]-)?\d{1,4}|[ivxl]{1,6})$")
_LEAST = 3


def drop_contents(pages: list[PageText]) -> None:
    """Removes the entries and headings of tables of contents from the words of the pages."""
    carried = False
    for page in pages:
        rows = make_rows(page.words)
        start = next((i for i, row in enumerate(rows) if _HEADING.match(_text(row))), None)
        if start is None:
            start = 0 if carried or _led(rows) >= _LEAST else None
        if start is None:
            continue
        end = _last_entry(rows, start, len(pages))
        carried = end == len(rows)
        gone = {id(word) for row in rows[start:end] for word in row}
        page.words = [word for word in page.words if id(word) not in gone]


def _led(rows: list[list[Word]]) -> int:
    return sum(has_leaders(_text(row)) for row in rows)


def _last_entry(rows: list[list[Word]], start: int, count: int) -> int:
    """One past the last row that belongs to the contents; `start` when these are none."""
    numbers: list[int] = []
    end, misses = start, 0
    for i in range(start, len(rows)):
        text = _text(rows[i])
        match = _ENTRY.match(text)
        if _HEADING.match(text):
            continue
        if match or has_leaders(text):
            if match and match[1].isdigit():
                numbers.append(int(match[1]))
            end, misses = i + 1, 0
        else:
            misses += 1
            if misses > 2:
                break
    climbs = sum(b >= a for a, b in itertools.pairwise(numbers))
    led = _led(rows[start:end])
    entries = end - start
    plausible = numbers and max(numbers) <= count + 60 and climbs >= 0.8 * (len(numbers) - 1)
    return end if entries >= 1 and (led >= 0.5 * entries or (plausible and len(numbers) >= _LEAST)) else start


def _text(row: list[Word]) -> str:
    return " ".join(word.text for word in row)
