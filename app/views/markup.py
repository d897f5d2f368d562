"""Our own small markup: every foreign text goes through `escape`, every piece through st.html."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from html import escape
from pathlib import Path

import streamlit as st

from app.source_page import CELL

ASSETS = Path(__file__).with_name("assets")


def asset(*names: str) -> str:
    """The text of our own asset files, joined."""
    return "\n".join((ASSETS / name).read_text(encoding="utf-8") for name in names)


def show_styles() -> None:
    """Put the style sheet on the page."""
    st.html(ASSETS / "page.css")


def show_callout(title: str, lines: Iterable[str] = (), *, kind: str = "", command: str = "") -> None:
    """A boxed message; `kind` is "", "warn" or "bad", `command` is shown ready to be copied."""
    body = "".join(f"<p>{escape(line)}</p>" for line in lines if line)
    code = f"<p><code>{escape(command)}</code></p>" if command else ""
    st.html(f'<div class="pa-callout pa-{escape(kind)}" role="note"><h2>{escape(title)}</h2>{body}{code}</div>')


def show_grid(head: Sequence[str], rows: Iterable[Sequence[str]], *, numeric: Sequence[int] = (), label: str) -> None:
    """A table; a line break in a cell begins its small print. `numeric` columns are set to the right."""
    kinds = ["pa-num" if column in numeric else "" for column in range(len(head))]
    top = "".join(f'<th scope="col" class="{k}">{escape(text)}</th>' for k, text in zip(kinds, head, strict=True))
    lines = ("".join(f'<td class="{k}">{_cell(t)}</td>' for k, t in zip(kinds, row, strict=True)) for row in rows)
    body = "".join(f"<tr>{line}</tr>" for line in lines)
    st.html(
        f'<div class="pa-grid" role="region" tabindex="0" aria-label="{escape(label)}">'
        f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _cell(text: str) -> str:
    first, *rest = text.split("\n")
    return escape(first) + "".join(f"<small>{escape(line)}</small>" for line in rest if line)


def say_date(day: date | None) -> str:
    """23 Nov 2025, or "" for None."""
    return f"{day.day} {day:%b %Y}" if day else ""


def say_age(moment: datetime, now: datetime | None = None) -> str:
    """How long ago: "just now", "5 min ago", "3 h ago", "2 days ago"."""
    seconds = ((now or datetime.now(UTC)) - moment).total_seconds()
    if seconds < 90:
        return "just now"
    if seconds < 5400:
        return f"{round(seconds / 60)} min ago"
    if seconds < 129_600:
        return f"{round(seconds / 3600)} h ago"
    return f"{round(seconds / 86_400)} days ago"


def say_count(number: int, noun: str) -> str:
    """1 page, 2 pages."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def say_quote(text: str) -> str:
    """A quote as it reads on a card: the cells of a table row apart from each other, without what stores them."""
    return " · ".join(cell for part in text.split(CELL) if (cell := part.strip(" |")))


def shorten(text: str, limit: int = 280) -> str:
    """The text on one line, cut at a word with an ellipsis."""
    line = " ".join(text.split())
    return line if len(line) <= limit else line[:limit].rsplit(" ", 1)[0] + "…"
