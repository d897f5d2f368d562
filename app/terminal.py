"""An answer on a terminal; nothing of it is read as markup."""

from rich.console import Console
from rich.text import Text

from app.answer import Answer, Citation, Statement
from app.llm import Usage
from app.wording import CLOSEST


def print_answer(answer: Answer, console: Console) -> None:
    """Statements with numbered citations, then the sources with their quotes. Nothing is read as markup."""
    numbers: dict[Citation, int] = {}
    if answer.abstained:
        console.print(Text(answer.reason, style="yellow"))
    if answer.escalation:
        console.print(_line(answer.escalation, numbers))
    if answer.uncertain:
        console.print(Text(" ".join(CLOSEST), style="yellow"))
    for statement in answer.statements:
        console.print(_line(statement, numbers))
    for note in (*answer.notes, *(_withheld(answer))):
        console.print(Text(note, style="yellow"))
    for citation, number in numbers.items():
        console.print(_source(citation, number))
    composer = answer.model if answer.composed_by == "model" else "verbatim passages"
    seconds = answer.timings.get("total", 0)
    spent = f", {_spent(answer.usage)}" if answer.usage else ""
    console.print(Text(f"{composer}, index {answer.index}, {seconds:.2f} s{spent}, {answer.id}", style="dim"))


def _spent(usage: Usage) -> str:
    cost = "" if usage.cost is None else f", ${usage.cost:.6f}"
    return f"{usage.input_tokens} tokens read ({usage.cached_tokens} cached), {usage.output_tokens} written{cost}"


def _line(statement: Statement, numbers: dict[Citation, int]) -> Text:
    marks = "".join(f"[{numbers.setdefault(c, len(numbers) + 1)}]" for c in statement.citations)
    return Text(f"- {statement.text} {marks}")


def _withheld(answer: Answer) -> list[str]:
    count = len(answer.withheld)
    return [f"{count} statement{'s' * (count > 1)} of the model withheld: not proved by a passage."] if count else []


def _source(citation: Citation, number: int) -> Text:
    printed = f" (printed {citation.page_label})" if citation.page_label not in ("", str(citation.page)) else ""
    page = f", page {citation.page}{printed}" if citation.page else ""
    version = f" v{citation.version}" if citation.version else ""
    where = f"[{number}] {citation.doc_id}{version} {citation.title}, {citation.section}{page}"
    return Text.assemble((where, "bold"), f'\n    "{citation.quote}"')
