"""Evidence -> an answer in a model's words, verified line by line."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from app.llm import LLM, Finish, Usage
from app.prompt import build_messages
from app.prove import prove, words_of_line
from app.question import Question
from app.statement import Statement
from app.structured import SCHEMA, read_lines
from app.unit import Unit
from ingest.index import Index

ENOUGH_REPEATS = 2  # lines said before, after which a small model will say nothing else


@dataclass(frozen=True, slots=True)
class Draft:
    """Words of the model as they come, not verified yet; shown as such and replaced by what follows."""

    text: str


@dataclass(frozen=True, slots=True)
class Verified:
    """A finished statement of the model that passed (`problem` empty) or failed verification."""

    statement: Statement


def compose_with_model(
    llm: LLM, question: Question, units: Sequence[Unit], index: Index, *, structured: bool = False
) -> Iterator[Draft | Verified | Usage]:
    """The model's lines, each verified as soon as it is complete; raises LLMError if the model fails.

    `structured` binds the model to a JSON schema.
    """
    line, said = "", _Said()
    messages = build_messages(question.text, units, structured=structured)
    pieces = read_lines(llm.stream(messages, schema=SCHEMA)) if structured else llm.stream(messages)
    for piece in pieces:
        if isinstance(piece, Finish):
            yield piece.usage
            break
        line += piece
        *finished, line = line.split("\n")
        for text in finished:
            if said.anew(text):
                yield from map(Verified, prove(text, question, units, index))
        if said.repeats >= ENOUGH_REPEATS:
            return
        if line:
            yield Draft(line)
    if said.anew(line):
        yield from map(Verified, prove(line, question, units, index))


class _Said:
    """What a model has said: no line is shown twice, and one that goes round in circles is left."""

    def __init__(self) -> None:
        self._lines: set[str] = set()
        self.repeats = 0

    def anew(self, line: str) -> bool:
        """Whether the line was not said before; empty ones don't count."""
        text = words_of_line(line)
        new = text not in self._lines
        self.repeats += bool(text) and not new
        self._lines.add(text)
        return new
