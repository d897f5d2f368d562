"""Lines and tables in reading order -> blocks: headings, paragraphs over line and page breaks, steps, lists, tables."""

import re
from dataclasses import dataclass, field, replace

from ingest.document import BlockKind, Span
from ingest.parse.figures import Figure, Item, join_figures, neighbours
from ingest.parse.grid import Table
from ingest.parse.joining import Joiner
from ingest.parse.layout import Line
from ingest.parse.opentable import OpenTable
from ingest.parse.outline import Outline
from ingest.parse.styles import Styles
from ingest.parse.wording import BULLET, ends_sentence, is_caption, step_number

_NOTE = re.compile(r"^(?:\[?\d{1,3}\]?|[*\u2020\u2021]+)\s+\S")


@dataclass(slots=True)
class Composer:
    """Collects the lines of one block until a line comes that doesn't continue it."""

    outline: Outline
    joiner: Joiner
    styles: Styles
    _run: list[Line] = field(default_factory=list)
    _kind: BlockKind = "paragraph"
    _table: OpenTable | None = None
    _notes: list[list[Line]] = field(default_factory=list)
    _bookmark: int = 0

    def add_page(self, items: list[Item]) -> None:
        """Takes the items of the next page in reading order."""
        items, notes = self._split_notes(join_figures(items, self.styles))
        for i, item in enumerate(items):
            if isinstance(item, Table):
                self._add_table(item)
            elif isinstance(item, Figure):
                self._add_figure(item)
            else:
                caption = is_caption(item.text)
                self._add_line(item, not caption and self.styles.is_heading(item, neighbours(items, i)))
        if notes:
            self._notes.append(notes)

    def finish(self) -> None:
        """Adds what is still open."""
        self._flush()
        self._flush_table()

    def _add_line(self, line: Line, is_heading: bool) -> None:
        self._flush_table()
        kind = "heading" if is_heading else _kind_of(line.text)
        if self._run and self._continues(line, kind):
            self._run.append(line)
            return
        self._flush()
        self._run, self._kind = [line], kind

    def _continues(self, line: Line, kind: BlockKind) -> bool:
        last = self._run[-1]
        together = line.page == last.page and line.left == last.left and line.y0 > last.y0
        if self._kind == "heading":
            return together and self._continues_heading(line, last, kind)
        unlike = 0.35 if self.styles.scanned else 0.15
        if kind == "heading" or abs(line.size - last.size) > unlike * max(line.size, last.size):
            return False
        if kind in ("step", "list", "caption") and not self._wraps_marker(line, last, kind):
            return False
        return self._continues_below(line, last) if together else self._continues_over(line, last)

    def _continues_heading(self, line: Line, last: Line, kind: BlockKind) -> bool:
        if kind == "paragraph":
            wraps = last.right - last.x1 < line.words[0].x1 - line.words[0].x0 + 0.5 * line.size
            if not wraps or len(self._run) > 2 or ends_sentence(last.text):
                return False
        elif kind != "heading":
            return False
        numbered = bool(self.styles.key(line)[3])
        rough = self.styles.scanned
        alike = abs(line.size - last.size) < (0.3 if rough else 0.08) * line.size and (rough or line.bold == last.bold)
        marked = self.styles.bookmark_level(last.text, last.page) or self.styles.bookmark_level(line.text, line.page)
        close = line.y0 - last.y1 < 0.7 * line.size
        return alike and close and not numbered and not marked and len(self._run) < 4

    def _wraps_marker(self, line: Line, last: Line, kind: BlockKind) -> bool:
        """Whether what looks like a step number is the middle of a sentence that wraps ("as in\\n4.2 above")."""
        if kind == "list" or ends_sentence(last.text) or self._kind == "heading":
            return False
        full = last.x1 > last.right - 0.15 * (last.right - last.left)
        return full and line.y0 - last.y1 < self.styles.gap + 0.2 * line.size and line.x0 <= last.x0 + 1

    def _continues_below(self, line: Line, last: Line) -> bool:
        size = line.size
        if line.y0 - last.y1 > self.styles.gap + 0.45 * size:
            return False
        ended = ends_sentence(last.text)
        left = min(row.x0 for row in self._run)
        if line.x0 > left + 0.8 * size and ended and self._kind == "paragraph":
            return False
        if line.x0 < left - 0.8 * size and (self._kind != "paragraph" or len(self._run) > 1):
            return False
        room = last.right - last.x1
        first = line.words[0]
        fits = room > first.x1 - first.x0 + 0.6 * size
        around_picture = abs(line.x1 - last.x1) < 1.5 * size and len(line.words) > 3
        return not fits or not (ended or (room > 0.4 * (last.right - last.left) and not around_picture))

    def _continues_over(self, line: Line, last: Line) -> bool:
        """Whether a sentence goes on in the next column or on the next page."""
        if line.text[:1].islower() and not re.search(r"[.!?][\"\u201d)]?$", last.text):
            return True
        full = last.x1 - last.x0 > 0.6 * (last.right - last.left)
        return full and not ends_sentence(last.text)

    def _flush(self) -> None:
        run, kind = self._run, self._kind
        self._run = []
        if run:
            self._emit(run, kind)
        notes, self._notes = self._notes, []
        for lines in notes:
            for note in _split_at_numbers(lines):
                self._emit(note, "paragraph")

    def _emit(self, run: list[Line], kind: BlockKind) -> None:
        words = [line.words for line in run]
        bullet = BULLET.match(run[0].text)
        if kind == "list" and bullet and len(words[0]) > 1:
            words = [words[0][1:], *words[1:]]
        text, spans = self.joiner.join(words)
        self.outline.page = run[0].page
        if kind == "heading" and len(run) <= 4:
            self._emit_heading(run[0], text, spans)
        elif kind == "step":
            self.outline.add("step", text, number=step_number(text), spans=spans)
        else:
            self.outline.add("paragraph" if kind == "heading" else kind, text, spans=spans)

    def _emit_heading(self, line: Line, text: str, spans: tuple[Span, ...]) -> None:
        found = self.styles.bookmark(line.text, line.page)
        level = self.styles.level(line, self._bookmark)
        if found:
            self._bookmark = found.level
            lead = found.number + " "
            if found.number and not text.startswith(found.number):
                text = lead + text
                spans = tuple(replace(s, start=s.start + len(lead), end=s.end + len(lead)) for s in spans)
        self.outline.heading(text, level, spans)

    def _add_table(self, table: Table) -> None:
        self._flush()
        if self._table is None or not self._table.take(table):
            self._flush_table()
            self._table = OpenTable(table)
            self.outline.page = table.page

    def _add_figure(self, figure: Figure) -> None:
        self._flush()
        self._flush_table()
        self.outline.page = figure.page
        text, spans = self.joiner.join_labels(figure.labels)
        self.outline.add("paragraph", text, spans=spans)

    def _flush_table(self) -> None:
        if self._table is None:
            return
        text, cells, spans = self.joiner.join_rows(self._table.rows)
        self._table = None
        page = min((s.page for s in spans), default=self.outline.page)
        self.outline.add("table", text, rows=cells, spans=spans, page=page)

    def _split_notes(self, items: list[Item]) -> tuple[list[Item], list[Line]]:
        """Takes the footnotes off the end of a page, so that a paragraph can go on over the page break."""
        cut = len(items)
        for i in range(len(items) - 1, -1, -1):
            item = items[i]
            if not isinstance(item, Line) or item.size > 0.92 * self.styles.body:
                break
            if _NOTE.match(item.text):
                cut = i
        notes = [item for item in items[cut:] if isinstance(item, Line)]
        return (items[:cut], notes) if cut and notes else (items, [])


def _kind_of(text: str) -> BlockKind:
    if is_caption(text):
        return "caption"
    if BULLET.match(text):
        return "list"
    return "step" if step_number(text) else "paragraph"


def _split_at_numbers(lines: list[Line]) -> list[list[Line]]:
    notes: list[list[Line]] = []
    for line in lines:
        if not notes or _NOTE.match(line.text):
            notes.append([line])
        else:
            notes[-1].append(line)
    return notes
