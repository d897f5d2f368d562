"""Answers as text for the clipboard and as Markdown for a case file."""

import re
from collections.abc import Sequence
from datetime import datetime

from app.answer import Answer, Statement
from app.record import Recorded
from app.views.references import Numbering, say_reference
from app.wording import CLOSEST

# Everything that Markdown, or HTML inside it, could read as markup.
_MARKUP = re.compile(r"([\\`*_{}\[\]<>#|!&~$])")
_LINE_START = re.compile(r"^(\s*)([-+=]|\d+[.)])(?=\s)", re.MULTILINE)


def as_text(answer: Answer) -> str:
    """Statements with [n] marks and what is said beside them, then the references with their quotes."""
    numbering = number(answer)
    lines = [" ".join(CLOSEST)] if answer.uncertain else []
    lines += [marked(statement, numbering) for statement in answer.statements] or [answer.reason]
    lines += [f"Escalate: {marked(answer.escalation, numbering)}"] if answer.escalation else []
    references = [
        f"[{n}] {say_reference(citation)}: “{citation.quote}”" for n, citation in enumerate(numbering.citations, 1)
    ]
    notes = [f"Note: {note}" for note in answer.notes]
    return "\n".join([*lines, *notes, "", *references]).strip() + "\n"


def as_markdown(records: Sequence[Recorded], made_at: datetime) -> str:
    """Answers as evidence: question, what was searched, statements, quotes, index, model and ledger id of each."""
    single = len(records) == 1
    head = [] if single else [f"# {title_of(records)}", ""]
    lines = [line for record in records for line in [*_answer(record, "#" if single else "##"), ""]]
    lines += ["---", "", f"Exported {say_time(made_at)}", ""]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(head + lines)).strip() + "\n"


def _answer(record: Recorded, level: str) -> list[str]:
    answer = record.answer
    numbering = number(answer)
    lines = [f"{level} {escape_markdown(answer.question)}", ""]
    lines += [_item(statement, numbering) for statement in answer.statements] or [escape_markdown(answer.reason)]
    if answer.escalation:
        lines += ["", f"**Escalate:** {escape_markdown(marked(answer.escalation, numbering))}"]
    lines += ["", *(f"> Note: {escape_markdown(note)}" for note in answer.notes)]
    if numbering.citations:
        lines += ["", f"{level}# Sources", ""]
    for n, citation in enumerate(numbering.citations, 1):
        lines += [f"{n}. {escape_markdown(say_reference(citation))}", ""]
        lines += [f"   > {escape_markdown(line)}" for line in citation.quote.splitlines()] + [""]
    lines += [f"{level}# Record", "", *(f"- {name}: {escape_markdown(value)}" for name, value in facts_of(record))]
    return lines


def escape_markdown(text: str) -> str:
    """The text on one line, so that no Markdown reader makes markup of it."""
    flat = _MARKUP.sub(r"\\\1", " ".join(text.split()))
    # A bare address would become a link by itself.
    flat = re.sub(r"(?i)\b(https?|ftp|mailto|www)(?=[:.])", lambda found: found[0] + "\u200b", flat)
    return _LINE_START.sub(lambda found: f"{found[1]}{found[2][:-1]}\\{found[2][-1]}", flat)


def file_name(records: Sequence[Recorded], ending: str) -> str:
    """A file name from the first question, letters and digits only."""
    words = re.findall(r"[A-Za-z0-9]+(?:\.[A-Za-z0-9]+)*", records[0].answer.question)[:8]
    return ("-".join(words).lower()[:60].strip(".-") or "answer") + f".{ending}"


def title_of(records: Sequence[Recorded]) -> str:
    """What an exported file is called inside."""
    return f"Conversation of {records[0].asked_at:%Y-%m-%d}, {len(records)} questions"


def number(answer: Answer) -> Numbering:
    """The numbers of an exported answer's citations."""
    return Numbering.of(answer.statements, [answer.escalation] if answer.escalation else [])


def marked(statement: Statement, numbering: Numbering) -> str:
    """The statement with its [n] marks and, where another document in force says otherwise, which one."""
    differs = f" (differs from {statement.disagrees})" if statement.disagrees else ""
    return statement.text + "".join(f" [{n}]" for n in numbering.marks(statement)) + differs


def say_time(moment: datetime) -> str:
    """2026-11-23 15:00 UTC"""
    return f"{moment:%Y-%m-%d %H:%M} {moment.tzname() or 'UTC'}"


def facts_of(record: Recorded) -> list[tuple[str, str]]:
    """What a case file needs to find the answer again."""
    answer, filters = record.answer, record.filters
    limits = [("Rail", filters.rails), ("Region", filters.regions), ("Document type", filters.doc_types)]
    facts = [
        ("Asked", say_time(record.asked_at)),
        ("Procedures in force on", str(filters.as_of or record.asked_at.date())),
        *((name, ", ".join(values)) for name, values in limits if values),
        ("Index generation", answer.index),
        ("Worded by", _composer(answer)),
        ("Statements withheld", str(len(answer.withheld)) if answer.withheld else ""),
        ("Ledger id", answer.id),
    ]
    return [(name, value) for name, value in facts if value]


def _composer(answer: Answer) -> str:
    if answer.composed_by == "model":
        return answer.model
    return "nobody, " + ("the closest passages: they may not answer" if answer.uncertain else "verbatim passages")


def _item(statement: Statement, numbering: Numbering) -> str:
    text = escape_markdown(marked(statement, numbering))
    return f"- [ ] {text}" if statement.kind == "step" else f"- {text}" if statement.kind == "row" else f"{text}\n"
