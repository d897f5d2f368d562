"""Which lines of a PDF are headings and how deep: size, weight, numbering, and the bookmarks where there are any."""

import itertools
import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field

from ingest.parse.layout import Line
from ingest.parse.typography import Bookmark, bookmark_key
from ingest.parse.wording import BULLET, has_leaders, heading_number, number_depth, step_number

_ENDS_TEXT = re.compile(r"[.;,:?!][\"'\u201d\u2019)\]]*$")
_ENDS_CLAUSE = re.compile(r"[.;,][\"'\u201d\u2019)\]]*$")
_STARTS_TITLE = re.compile(r"^[\"'(\u201c]*[A-Z0-9]")
_STRONG_NUMBER = re.compile(
    r"^(?:\d+(?:\.\d+)+\.?|(?:Appendix|Annex|Section|Chapter|Part)\s+[A-Z\d][\d.]*|[A-Z]\.|[IVX]+\.)\s"
)
_LABEL = re.compile(
    r"^(?:Objective|Phase|Stage|Scenario|Case|Part|Task|Tier|Option|Procedure|Lesson|Module)\s+(?:\d+|[A-Z]|[IVX]+)\s?[:.\u2013\u2014-]\s"
)
_DIVISIONS = frozenset({"appendix", "annex", "chapter", "part", "schedule", "exhibit"})
_FIRST_ITEM = re.compile(r"^(?:\(?[1a]|\(?i)[.)]$", re.IGNORECASE)
_MINOR = frozenset(
    "a an and as at by for from if in into is it no not of on or per so the to up via vs with within without".split()
)
_MAX_LENGTH = 200
# How much larger than body text a heading is; the heights that OCR gives are rougher.
_LARGE, _LARGE_SCANNED = 1.12, 1.3
# The level of lines in the style of a cover page, which no later heading belongs to.
_ABOVE_NOTHING = 99.0
# Above every bookmark, because these rarely name the document itself.
_TITLE_LEVEL = 0.5
# A front page with more kinds of large type than this is designed: the largest words on it need not be the title.
_MAX_FRONT_STYLES = 3
Look = tuple[float, bool]
StyleKey = tuple[float, bool, bool, str]


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The lines above and below a line in its column, None at the ends of a page and beside tables."""

    above: Line | None
    below: Line | None


@dataclass(slots=True)
class Styles:
    """The body text of a document and its ranks of headings; sizes and gaps in points."""

    body: float
    gap: float
    body_bold: bool = False
    scanned: bool = False
    bookmarks: dict[tuple[str, int], Bookmark] = field(default_factory=dict)
    ranks: dict[StyleKey, int] = field(default_factory=dict)
    _marked: dict[Look, int] = field(default_factory=dict)
    _divisions: dict[str, float] = field(default_factory=dict)
    _cover: set[StyleKey] = field(default_factory=set)
    _title: StyleKey | None = None
    _roman: bool = False

    def is_heading(self, line: Line, near: Neighbours) -> bool:
        """Whether a line stands as a heading."""
        text = line.text
        if not _can_head(text) or line.words[0].stamped:
            return False
        if self.bookmark_level(text, line.page) or (_LABEL.match(text) and self._has_room(line, near)):
            return True
        if _ENDS_CLAUSE.search(text) or len(line.words) > 20 or not _starts_title(text):
            return False
        if line.bold and not self.body_bold and line.size > self.body * 0.8:
            return not text.endswith(":") or bool(heading_number(text))
        large = line.size > self.body * (_LARGE_SCANNED if self.scanned else _LARGE)
        return large or self._is_plain_heading(line, near)

    def _is_plain_heading(self, line: Line, near: Neighbours) -> bool:
        """A heading in body type: a section number, capitals or a title alone, with white space around it."""
        text = line.text
        if line.size < self.body * 0.9 or len(line.words) > 12 or _ENDS_TEXT.search(text):
            return False
        if line.x1 - line.x0 > 0.8 * (line.right - line.left) and line.right - line.left > 200:
            return False
        if not self._has_room(line, near):
            return False
        capitals = text.isupper() and sum(c.isalpha() for c in text) > 5
        numbered = bool(_STRONG_NUMBER.match(text)) and _is_title_case(text)
        wide = self._gap_above(line, near) > 1.3 * self.gap + 0.3 * line.size
        return (wide and (capitals or numbered)) or (numbered and _opens_list(near)) or _stands_alone(line, near)

    def _has_room(self, line: Line, near: Neighbours) -> bool:
        """Whether the line is set off: more white space above and below than between lines of a paragraph."""
        below = near.below.y0 - line.y1 if near.below is not None else 99.0
        return self._gap_above(line, near) > self.gap + 0.3 * line.size and below > self.gap + 0.15 * line.size

    def _gap_above(self, line: Line, near: Neighbours) -> float:
        return line.y0 - near.above.y1 if near.above is not None else 99.0

    def bookmark_level(self, text: str, page: int) -> int:
        """The level of the bookmark with this title that points to the page, 0 when there is none."""
        found = self.bookmark(text, page)
        return found.level if found else 0

    def bookmark(self, text: str, page: int) -> Bookmark | None:
        """The bookmark with this title that points to the page."""
        return self.bookmarks.get((bookmark_key(text), page)) if self.bookmarks else None

    def key(self, line: Line) -> StyleKey:
        """What headings of one rank have in common."""
        number = heading_number(line.text)
        kind = _number_class(number, roman=self._roman) if number else ""
        return (*self._look(line), line.text.isupper(), kind)

    def _look(self, line: Line) -> Look:
        step = self.body * 0.25 if self.scanned else 0.5
        return round(line.size / step) * step, line.bold

    def rank(self, headings: list[Line]) -> None:
        """Ranks the styles of the headings found, the largest first; equal styles by first appearance."""
        self._roman = any(re.match(r"^II[.)]?\s", line.text) for line in headings)
        first: dict[StyleKey, int] = {}
        pages: dict[StyleKey, set[int]] = defaultdict(set)
        levels: dict[Look, Counter[int]] = defaultdict(Counter)
        for i, line in enumerate(headings):
            first.setdefault(self.key(line), i)
            pages[self.key(line)].add(line.page)
            if level := self.bookmark_level(line.text, line.page):
                levels[self._look(line)][level] += 1
        order = sorted(first, key=lambda k: (-k[0], not k[1], not k[2], first[k]))
        self.ranks = {key: i for i, key in enumerate(order)}
        fronts = [key for key in order if pages[key] == {1}]
        if fronts and fronts[0] == order[0] and len(fronts) <= _MAX_FRONT_STYLES:
            self._title = order[0]
        if self._title and not _is_one_block([line for line in headings if self.key(line) == self._title]):
            self._cover.add(self._title)
        if len({line.page for line in headings}) > 2:
            self._cover |= {key for key in order if pages[key] == {1} and key[:2] != order[0][:2]}
        self._marked = {look: count.most_common(1)[0][0] for look, count in levels.items()}

    def level(self, line: Line, last_bookmark: int) -> float:
        """The level of a heading: its bookmark's, else that of its like, else by rank; all appendices have one."""
        word = line.text.split()[0].lower()
        if word not in _DIVISIONS:
            return self._ranked_level(line, last_bookmark)
        return self._divisions.setdefault(word, self._ranked_level(line, last_bookmark))

    def _ranked_level(self, line: Line, last_bookmark: int) -> float:
        if found := self.bookmark_level(line.text, line.page):
            return found
        alike = self._marked.get(self._look(line))
        if alike and line.size > self.body * 1.05:
            return alike
        depth = number_depth(heading_number(line.text))
        key = self.key(line)
        if key in self._cover:
            return _ABOVE_NOTHING
        if key == self._title:
            return _TITLE_LEVEL
        rank = self.ranks.get(key, len(self.ranks))
        if last_bookmark:
            return last_bookmark + 0.05 + rank / 1000
        return 1 + rank + depth / 100 if not depth else 1 + self._base_rank(key) + depth / 100

    def _base_rank(self, key: StyleKey) -> int:
        """The rank of the first level of this kind of numbers, so that 4.2 stands below 4 in any type."""
        kind = key[3][:1]
        return min((rank for other, rank in self.ranks.items() if other[3][:1] == kind), default=self.ranks.get(key, 0))


def _is_one_block(lines: list[Line]) -> bool:
    """Whether lines follow each other closely, as the lines of one title do."""
    return all(b.y0 - a.y1 < b.size for a, b in itertools.pairwise(lines))


def _can_head(text: str) -> bool:
    letters, digits = sum(c.isalpha() for c in text), sum(c.isdigit() for c in text)
    wordy = letters >= max(2, digits) and len(text) <= _MAX_LENGTH
    return wordy and not has_leaders(text) and not BULLET.match(text)


def _opens_list(near: Neighbours) -> bool:
    return near.below is not None and bool(_FIRST_ITEM.match(step_number(near.below.text)))


def _stands_alone(line: Line, near: Neighbours) -> bool:
    """Whether a short title stands between paragraphs: a sentence ends above it and a full line begins below."""
    above, below = near.above, near.below
    if above is None or below is None or not 2 <= len(line.words) <= 9 or not _is_title_case(line.text, first=True):
        return False
    full = below.x1 - below.x0 > 0.75 * (below.right - below.left) and below.text[:1].isupper()
    ended = bool(re.search(r"[.!?][\"\u201d)\]]*$", above.text))
    return full and ended and abs(line.x0 - below.x0) < line.size and not any(c.isdigit() for c in line.text)


def _number_class(number: str, *, roman: bool) -> str:
    last = number.rsplit(maxsplit=1)[-1]
    kind = "d" if last[:1].isdigit() else "r" if roman and re.fullmatch(r"[IVX]+", last) else "a"
    return f"{kind}{number_depth(number)}"


def _starts_title(text: str) -> bool:
    """Whether a text begins as titles do: with a capital, or with a name such as "pacs.004"."""
    return text[:1].isupper() or not text[:1].isalpha() or any(c.isdigit() for c in text.split(maxsplit=1)[0])


def _is_title_case(text: str, *, first: bool = False) -> bool:
    words = [w for w in text.split()[0 if first else 1 :] if w[:1].isalpha() or w[:1] in "\"'("]
    return bool(words) and all(
        _STARTS_TITLE.match(w) or w.lower() in _MINOR or any(c.isdigit() for c in w) for w in words
    )
