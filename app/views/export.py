"""An answer as text for the clipboard and as Markdown for a case file."""

import re
from datetime import datetime

from app.answer import Answer, Filters, Statement
from app.views.references import Numbering, say_reference

# Everything that Markdown, or HTML inside it, could read as markup.
_MARKUP = re.compile(r"([\\`*_{}\[\]<>#|!&~$])")
_LINE_START = re.compile(r"^(\s*)([-+=]|\d+[.)])(?=\s)", re.MULTILINE)


def as_text(answer: Answer) -> str:
    """Statements with [n] marks, then the references with their quotes."""
    numbering = Numbering.of(answer.statements)
    lines = [_marked(statement, numbering) for statement in answer.statements] or [answer.reason]
    lines += [f"Escalate: {_marked(answer.escalation, numbering)}"] if answer.escalation else []
    references = [
        f"[{n}] {say_reference(citation)}: “{citation.quote}”" for n, citation in enumerate(numbering.citations, 1)
    ]
    return "\n".join([*lines, "", *references]).strip() + "\n"


def as_markdown(answer: Answer, *, filters: Filters, asked_at: datetime) -> str:
    """The whole answer as evidence: question, what was searched, statements, quotes, index and model."""
    numbering = Numbering.of(answer.statements)
    lines = [f"# {escape_markdown(answer.question)}", ""]
    lines += [_item(statement, numbering) for statement in answer.statements] or [escape_markdown(answer.reason)]
    if answer.escalation:
        lines += ["", f"**Escalate:** {escape_markdown(_marked(answer.escalation, numbering))}"]
    lines += ["", *(f"> Note: {escape_markdown(note)}" for note in answer.notes)]
    if numbering.citations:
        lines += ["", "## Sources", ""]
    for n, citation in enumerate(numbering.citations, 1):
        lines += [f"{n}. {escape_markdown(say_reference(citation))}", ""]
        lines += [f"   > {escape_markdown(line)}" for line in citation.quote.splitlines()] + [""]
    lines += [
        "## Record",
        "",
        *(f"- {name}: {escape_markdown(value)}" for name, value in _facts(answer, filters, asked_at)),
    ]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)) + "\n"


def escape_markdown(text: str) -> str:
    """The text on one line, so that no Markdown reader makes markup of it."""
    flat = _MARKUP.sub(r"\\\1", " ".join(text.split()))
    # A bare address would become a link by itself.
    flat = re.sub(r"(?i)\b(https?|ftp|mailto|www)(?=[:.])", lambda found: found[0] + "\u200b", flat)
    return _LINE_START.sub(lambda found: f"{found[1]}{found[2][:-1]}\\{found[2][-1]}", flat)


def file_name(answer: Answer) -> str:
    """A file name from the question, letters and digits only."""
    words = re.findall(r"[A-Za-z0-9]+(?:\.[A-Za-z0-9]+)*", answer.question)[:8]
    return ("-".join(words).lower()[:60].strip(".-") or "answer") + ".md"


def _item(statement: Statement, numbering: Numbering) -> str:
    text = escape_markdown(_marked(statement, numbering))
    return f"- [ ] {text}" if statement.kind == "step" else f"- {text}" if statement.kind == "row" else f"{text}\n"


def _marked(statement: Statement, numbering: Numbering) -> str:
    return statement.text + "".join(f" [{n}]" for n in numbering.marks(statement))


def _facts(answer: Answer, filters: Filters, asked_at: datetime) -> list[tuple[str, str]]:
    limits = [("Rail", filters.rails), ("Region", filters.regions), ("Document type", filters.doc_types)]
    facts = [
        ("Asked", f"{asked_at:%Y-%m-%d %H:%M %Z}"),
        ("Procedures in force on", str(filters.as_of or asked_at.date())),
        *((name, ", ".join(values)) for name, values in limits if values),
        ("Index", answer.index),
        ("Model", answer.model if answer.composed_by == "model" else "none, verbatim passages"),
        ("Answer id", answer.id),
    ]
    return [(name, value) for name, value in facts if value]
