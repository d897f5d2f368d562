"""Running headers, footers and page numbers: recognised by repetition, kept out of the text, read as labels."""

import re
import unicodedata
from collections import Counter, defaultdict
from difflib import SequenceMatcher

from ingest.parse.layout import make_rows
from ingest.parse.words import PageText, Word

_DEPTH = 4
_MARGIN = 0.12
_SAME_HEIGHT = 0.01
_ALIKE = 0.88
_NUMBER = r"(?:[A-Z]{1,2}-\d{1,4}|\d{1,3}-\d{1,4}|\d{1,4}|[ivxlc]{1,7})"
_ONLY_NUMBER = re.compile(
    rf"^[-\u2013\u2014|\s]*(?:page\s*)?({_NUMBER})(?:\s*(?:of|/)\s*\d+)?[-\u2013\u2014|\s]*$", re.IGNORECASE
)
_PAGE_NUMBER = re.compile(rf"\bpage\s*({_NUMBER})(?!\w)", re.IGNORECASE)
_EDGE_NUMBER = re.compile(rf"^({_NUMBER})(?=\s)|(?<=\s)({_NUMBER})$")
_ROMAN = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100}
Key = tuple[str, bool]
EdgeRow = tuple[list[Word], bool, float]


def strip_furniture(pages: list[PageText]) -> None:
    """Removes running headers and footers from the words and sets the printed page labels."""
    edges = {page.index: _edge_rows(page) for page in pages}
    running = _running_keys(edges)
    series = _number_series(edges)
    numbered = _numbered_keys(edges)
    dropped: dict[int, list[list[Word]]] = {}
    for page in pages:
        rows = edges[page.index]
        outer = {key for side in (True, False) for key, o in _numbered(rows, side, page.index) if (key, o) in numbered}
        dropped[page.index] = _furniture_rows(page, rows, running, outer, series)
    if _empties(pages, dropped):
        return
    for page in pages:
        gone = {id(word) for row in dropped[page.index] for word in row}
        page.words = [word for word in page.words if id(word) not in gone]
    texts = {index: [_text(row) for row in rows] for index, rows in dropped.items()}
    for index, label in printed_labels(texts).items():
        pages[index - 1].label = label


def _empties(pages: list[PageText], dropped: dict[int, list[list[Word]]]) -> bool:
    """Whether nothing would be left on most pages with text: then what repeats is the text itself."""
    filled = [page for page in pages if page.words]
    emptied = [page for page in filled if sum(map(len, dropped[page.index])) == len(page.words)]
    return len(emptied) > len(filled) / 2


def _edge_rows(page: PageText) -> list[EdgeRow]:
    """(words, at the top?, height as a share of the page) of the outermost rows, outermost first."""
    rows = make_rows(page.words)
    height = page.read_size[1] or 1
    top = [(row, True, row[0].y0 / height) for row in rows[:_DEPTH]]
    bottom = [(row, False, row[0].y0 / height) for row in reversed(rows[-_DEPTH:])]
    return top + bottom[: max(len(rows) - 1, 0)]


def _running_keys(edges: dict[int, list[EdgeRow]]) -> set[Key]:
    """Texts that stand at the same height near the edge of several pages."""
    places: dict[Key, dict[int, set[int]]] = defaultdict(lambda: defaultdict(set))
    for index, rows in edges.items():
        for row, top, y in rows:
            if _in_margin(y, top) and any(map(str.isalnum, _text(row))):
                places[_key(row), top][round(y / _SAME_HEIGHT)].add(index)
    least = 2 if len(edges) <= 4 else 3
    return {
        key
        for key, heights in places.items()
        if any(len(pages | heights.get(h + 1, set())) >= least for h, pages in list(heights.items()))
    }


def _furniture_rows(
    page: PageText,
    rows: list[EdgeRow],
    running: set[Key],
    outer: set[Key],
    series: set[tuple[str, int]],
) -> list[list[Word]]:
    """The outermost rows that run on other pages too or hold the page number only; the first other row ends them."""
    dropped: list[list[Word]] = []
    open_sides = {True, False}
    for row, top, y in rows:
        if top not in open_sides:
            continue
        key = (_key(row), top)
        match = _ONLY_NUMBER.match(_text(row))
        alone = match is not None and _in_series(match, page.index, y, series)
        runs = key in running or (page.confidence is not None and _nearly(key, running))
        if alone or key in outer or (runs and _in_margin(y, top)):
            dropped.append(row)
        elif not _is_rule(row):
            open_sides.discard(top)
    return dropped


def _nearly(key: Key, running: set[Key]) -> bool:
    """Whether OCR may have misread a letter or two of a running line."""
    others = (other for other, top in running if top == key[1])
    return any(SequenceMatcher(None, key[0], other).ratio() > _ALIKE for other in others)


def _in_margin(y: float, top: bool) -> bool:
    return y < _MARGIN if top else y > 1 - _MARGIN


def _number_series(edges: dict[int, list[EdgeRow]]) -> set[tuple[str, int]]:
    """The distances between printed number and index that at least two pages share."""
    votes: Counter[tuple[str, int]] = Counter()
    for index, rows in edges.items():
        found = (_ONLY_NUMBER.match(_text(row)) for row, _, _ in rows)
        votes.update({_offset(match[1], index) for match in found if match})
    return {key for key, count in votes.items() if count >= 2}


def _numbered_keys(edges: dict[int, list[EdgeRow]]) -> set[tuple[Key, tuple[str, int]]]:
    """(text, distance of its number to the index) of the outermost rows that count with the pages, at any height."""
    votes: Counter[tuple[Key, tuple[str, int]]] = Counter()
    for index, rows in edges.items():
        votes.update({(key, offset) for side in (True, False) for key, offset in _numbered(rows, side, index)})
    return {key for key, count in votes.items() if count >= max(3, len(edges) // 4)}


def _numbered(rows: list[EdgeRow], side: bool, index: int) -> list[tuple[Key, tuple[str, int]]]:
    row = next((row for row, top, _ in rows if top == side), [])
    return [((_key(row), side), _offset(token, index)) for token in _tokens(_text(row))]


def _in_series(match: re.Match[str], index: int, y: float, series: set[tuple[str, int]]) -> bool:
    labelled = match[0].lower().startswith("page")
    in_margin = y < 0.06 or y > 0.9
    return _offset(match[1], index) in series or (in_margin and (labelled or match[1] == str(index)))


def _offset(token: str, index: int) -> tuple[str, int]:
    prefix, value = _value(token)
    return prefix, value - index


def printed_labels(texts: dict[int, list[str]]) -> dict[int, str]:
    """The labels whose numbers run with the pages: several pages share one distance between number and index."""
    candidates: dict[int, list[tuple[str, tuple[str, int]]]] = defaultdict(list)
    votes: Counter[tuple[str, int]] = Counter()
    for index, rows in texts.items():
        for token in {t for text in rows for t in _tokens(text)}:
            candidates[index].append((token, _offset(token, index)))
            votes[_offset(token, index)] += 1
    labels: dict[int, str] = {}
    for index, found in candidates.items():
        token, series = max(found, key=lambda c: votes[c[1]])
        if votes[series] >= 2 or len(texts) == 1:
            labels[index] = token
    return labels


def _tokens(text: str) -> list[str]:
    if match := _PAGE_NUMBER.search(text) or _ONLY_NUMBER.match(text):
        return [match[1]]
    return [match[1] or match[2] for match in _EDGE_NUMBER.finditer(text)]


def _value(token: str) -> tuple[str, int]:
    """("A-", 28) of "A-28": the part that stays and the number that counts."""
    prefix, _, last = token.rpartition("-")
    if last.isdigit():
        return prefix, int(last)
    values = [_ROMAN[c] for c in last.lower()]
    return "roman", sum(-v if values[i + 1 : i + 2] > [v] else v for i, v in enumerate(values))


def _key(row: list[Word]) -> str:
    """What a running line has in common on all pages: no numbers, and nothing that OCR reads now so, now so."""
    text = re.sub(r"\d+|(?<=page )[ivxlc]+\b", "#", _text(row).lower())
    plain = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return re.sub(r"[^\w#]+", "", plain)


def _text(row: list[Word]) -> str:
    return " ".join(word.text for word in row)


def _is_rule(row: list[Word]) -> bool:
    return not any(c.isalnum() for word in row for c in word.text)
