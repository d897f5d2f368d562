"""The numbers that Word prints before headings and list items, computed from numbering.xml as Word does."""

from dataclasses import dataclass, field
from typing import Any

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_ROMAN = ((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"),
          (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Level:
    """One level of a list: first number, format ("decimal", "lowerLetter", "bullet"...), pattern ("%1.%2")."""

    start: int
    form: str
    pattern: str
    legal: bool


@dataclass(slots=True)
class Numbering:
    """The lists of a document and how far each has counted."""

    lists: dict[str, str] = field(default_factory=dict)
    levels: dict[str, dict[int, Level]] = field(default_factory=dict)
    restarts: dict[tuple[str, int], int] = field(default_factory=dict)
    _counts: dict[str, dict[int, int]] = field(default_factory=dict)
    _restarted: set[tuple[str, int]] = field(default_factory=set)

    def next_label(self, list_id: str, depth: int) -> tuple[str, bool]:
        """(printed number, bullet?) of the next item of a list at a depth from 0; ("", False) for no list."""
        kind = self.lists.get(list_id, "")
        level = self.levels.get(kind, {}).get(depth)
        if level is None:
            return "", False
        counts = self._counts.setdefault(kind, {})
        first = self.restarts.get((list_id, depth))
        if first is not None and (list_id, depth) not in self._restarted:
            self._restarted.add((list_id, depth))
            counts[depth] = first
        else:
            counts[depth] = counts[depth] + 1 if depth in counts else level.start
        for deeper in [d for d in counts if d > depth]:
            del counts[deeper]
        if level.form == "bullet":
            return "", True
        return self._fill(kind, level, counts), False

    def _fill(self, kind: str, level: Level, counts: dict[int, int]) -> str:
        label = level.pattern
        for depth, outer in self.levels[kind].items():
            count = counts.get(depth, outer.start)
            form = "decimal" if level.legal else outer.form
            label = label.replace(f"%{depth + 1}", format_number(count, form))
        return label.strip()


def read_numbering(root: Any) -> Numbering:
    """The lists that numbering.xml (its root element, or None) defines."""
    numbering = Numbering()
    if root is None:
        return numbering
    for abstract in root.iterchildren(f"{W}abstractNum"):
        levels = {int(e.get(f"{W}ilvl", "0")): _read_level(e) for e in abstract.iterchildren(f"{W}lvl")}
        numbering.levels[abstract.get(f"{W}abstractNumId", "")] = levels
    for num in root.iterchildren(f"{W}num"):
        _read_list(num, numbering)
    return numbering


def _read_list(num: Any, numbering: Numbering) -> None:
    list_id = num.get(f"{W}numId", "")
    kind = _value(num.find(f"{W}abstractNumId"), "")
    overrides = {int(o.get(f"{W}ilvl", "0")): o for o in num.iterchildren(f"{W}lvlOverride")}
    redefined = {d: o.find(f"{W}lvl") for d, o in overrides.items() if o.find(f"{W}lvl") is not None}
    if redefined:
        own = {**numbering.levels.get(kind, {}), **{d: _read_level(e) for d, e in redefined.items()}}
        kind = f"{kind}/{list_id}"
        numbering.levels[kind] = own
    numbering.lists[list_id] = kind
    for depth, override in overrides.items():
        start = override.find(f"{W}startOverride")
        if start is not None:
            numbering.restarts[list_id, depth] = _integer(start, 1)


def _read_level(element: Any) -> Level:
    return Level(
        _integer(element.find(f"{W}start"), 1),
        _value(element.find(f"{W}numFmt"), "decimal"),
        _value(element.find(f"{W}lvlText"), ""),
        element.find(f"{W}isLgl") is not None,
    )


def format_number(count: int, form: str) -> str:
    """A count as Word prints it in a number format; formats unknown here print as decimals."""
    if form in ("lowerLetter", "upperLetter") and count > 0:
        text = chr(ord("a") + (count - 1) % 26) * ((count - 1) // 26 + 1)
        return text if form == "lowerLetter" else text.upper()
    if form in ("lowerRoman", "upperRoman") and 0 < count < 4000:
        text = ""
        for value, letters in _ROMAN:
            text += letters * (count // value)
            count %= value
        return text if form == "lowerRoman" else text.upper()
    if form == "decimalZero":
        return f"{count:02d}"
    return "" if form == "none" else str(count)


def _value(element: Any, default: str) -> str:
    return default if element is None else element.get(f"{W}val", default)


def _integer(element: Any, default: int) -> int:
    text = _value(element, str(default))
    return int(text) if text.lstrip("-").isdigit() and len(text) < 9 else default
