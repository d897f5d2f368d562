"""Collects blocks in reading order and keeps the heading path above each of them."""

from dataclasses import dataclass, field

from ingest.document import Block, BlockKind, Span
from ingest.parse.wording import heading_number


@dataclass(slots=True)
class Outline:
    """The blocks so far and the stack of open headings; `page` and `anchor` apply to the next block."""

    blocks: list[Block] = field(default_factory=list)
    page: int | None = None
    anchor: str = ""
    _stack: list[tuple[float, str]] = field(default_factory=list)

    def heading(self, text: str, level: float, spans: tuple[Span, ...] = ()) -> None:
        """Adds a heading; every open heading of its level or deeper is closed."""
        if not text:
            return
        while self._stack and self._stack[-1][0] >= level:
            self._stack.pop()
        self._stack.append((level, text))
        self.blocks.append(
            Block(
                "heading",
                text,
                heading_path=self.path,
                page=self.page,
                level=len(self._stack),
                number=heading_number(text),
                spans=spans,
                anchor=self.anchor,
            )
        )

    def close(self, *, minor: bool = False) -> None:
        """Closes all open headings, or those without a level of their own only."""
        while self._stack and (not minor or self._stack[-1][0] % 1):
            self._stack.pop()

    def minor_heading(self, text: str, spans: tuple[Span, ...] = ()) -> None:
        """Adds a heading without a level of its own, such as a paragraph that is wholly bold.

        It stands below the innermost heading that has a level. Among its like it nests by number: "20.10a" below
        "20.10", and one without a number below one with a number.
        """
        number = heading_number(text)
        while self._stack and self._stack[-1][0] % 1 and not _encloses(heading_number(self._stack[-1][1]), number):
            self._stack.pop()
        self.heading(text, self.depth + 0.01, spans)

    def add(self, kind: BlockKind, text: str, **given: object) -> None:
        """Adds any other block below the open headings; text without content is left out."""
        if text:
            page = given.pop("page", self.page)
            self.blocks.append(
                Block(kind, text, heading_path=self.path, page=page, anchor=self.anchor, **given)  # type: ignore[arg-type]  # the fields of Block by name
            )

    def table(self, rows: list[list[str]], header: int = 1) -> None:
        """Adds a table whose first `header` rows name its columns; empty rows and columns are left out."""
        kept = tidy_rows(merge_header(rows, header))
        if kept:
            self.add("table", "\n".join(" | ".join(row) for row in kept), rows=kept)

    @property
    def path(self) -> tuple[str, ...]:
        """The open headings, outermost first."""
        return tuple(text for _, text in self._stack)

    @property
    def depth(self) -> float:
        """The level of the innermost open heading, 0 when there is none."""
        return self._stack[-1][0] if self._stack else 0


def _encloses(outer: str, inner: str) -> bool:
    outer, inner = outer.rpartition(" ")[2], inner.rpartition(" ")[2]  # "2040" of "Section 2040"
    return bool(outer) and (not inner or (inner != outer and inner.startswith(outer)))


def merge_header(rows: list[list[str]], header: int) -> list[list[str]]:
    """The rows with the first `header` of them merged into one: each column's names from top to bottom."""
    if header < 2 or len(rows) <= header:
        return rows
    width = max(len(row) for row in rows[:header])
    columns = [[row[j] for row in rows[:header] if j < len(row)] for j in range(width)]
    return [[" ".join(dict.fromkeys(filter(None, column))) for column in columns], *rows[header:]]


def tidy_rows(rows: list[list[str]]) -> tuple[tuple[str, ...], ...]:
    """The rows at equal width, without the rows and columns that hold nothing."""
    width = max((len(row) for row in rows), default=0)
    full = [[*row, *[""] * (width - len(row))] for row in rows if any(row)]
    used = [i for i in range(width) if any(row[i] for row in full)]
    return tuple(tuple(row[i] for i in used) for row in full)
