"""The two ways to word an answer: the chosen passages word for word, and a model's lines, each of them verified."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from app.abstain import why_not
from app.clarify import choices
from app.compose import Draft, Verified
from app.confidence import confidence, unlikely
from app.escalation import find_escalation, owner_to_ask
from app.evidence import Selection
from app.llm import UnfinishedError, Usage
from app.notes import better_out_of_force, disagreement, left_out, refusal, which_is_meant
from app.premise import corrections
from app.question import Question
from app.retrieve import Filters, Hit, Retrieval
from app.statement import Statement, cite, extract
from app.threshold import compare
from ingest.errors import LLMError
from ingest.index import Index

CLOSEST = ("The closest passages, word for word.", "They may not answer this.")
"""What is said over an uncertain answer, wherever it is read."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the reader gets. `abstained` answers have no statements; `reason` then says what was searched.

    `composed_by` is "extractive" (verbatim passages) or "model". `notes` are sentences to show beside the answer
    (a better match in a version not in force, the model failed...). `escalation` names whom to ask, if a
    procedure says it. `choices` are what the question may mean, where it is not clear. `confidence` is how sure
    it is that the first passage answers, 0 to 1. `timings` are seconds by stage, `usage` the model's tokens and
    their cost.
    """

    id: str
    question: str
    abstained: bool
    reason: str
    text: str
    statements: tuple[Statement, ...]
    hits: tuple[Hit, ...]
    index: str
    model: str
    composed_by: Literal["extractive", "model"] = "extractive"
    withheld: tuple[Statement, ...] = ()
    notes: tuple[str, ...] = ()
    escalation: Statement | None = None
    choices: tuple[str, ...] = ()
    confidence: float | None = None
    timings: Mapping[str, float] = field(default_factory=dict)
    usage: Usage | None = None

    @property
    def uncertain(self) -> bool:
        """Whether it is passages whose first one is more likely than not beside the point: the reader must judge."""
        return unlikely(self.confidence) and not self.abstained and self.composed_by == "extractive"


@dataclass(frozen=True, slots=True)
class Evidence:
    """First event of a stream: the passages found and the extractive answer, before any model has spoken."""

    answer: Answer


@dataclass(frozen=True, slots=True)
class Done:
    """Last event: the whole answer, as recorded."""

    answer: Answer


Event = Evidence | Draft | Verified | Done


def answer_verbatim(
    asked: Question, retrieval: Retrieval, selection: Selection, index: Index, filters: Filters
) -> Answer:
    """The chosen units as statements, with the notes that belong beside them; a refusal where nothing answers."""
    problem = why_not(asked, selection, retrieval.known, filters.rails)
    sure = None if problem else confidence(selection)
    quoted = () if problem else extract(selection.chosen, index)
    if unlikely(sure):  # what may be beside the point is to be read, not to be ticked off
        quoted = tuple(replace(one, kind="statement") if one.kind == "step" else one for one in quoted)
    statements = () if problem else (*checks(asked, selection, index), *quoted)
    meanings = () if problem else choices(asked, selection)
    escalation = find_escalation(selection) if problem else None
    return Answer(
        id="",
        question=asked.asked,
        abstained=bool(problem),
        reason=refusal(problem, retrieval, filters) if problem else "",
        text="\n".join(statement.text for statement in statements),
        statements=statements,
        hits=selection.hits,
        index=index.generation,
        model="none",
        notes=(
            *which_is_meant(meanings),
            *disagreement(statements),
            *(left_out(selection.chosen, index) if statements else ()),
            *better_out_of_force(retrieval),
            *(owner_to_ask(selection, index) if problem else ()),
        ),
        choices=meanings,
        confidence=sure,
        escalation=next(iter(extract([escalation], index)), None) if escalation else None,
    )


def checks(asked: Question, selection: Selection, index: Index) -> Iterator[Statement]:
    """What the question supposes, corrected, and its amount beside a stated line; each with the unit it rests on."""
    for text, unit in (*corrections(asked, selection, index), *compare(asked, selection.chosen)):
        yield Statement(text, (cite(unit, index),), "check")


def word_answer(
    answer: Answer, model: str, events: Iterator[Draft | Verified | Usage]
) -> Iterator[Draft | Verified | Answer]:
    """The checks, the model's events, then `answer` with its verified statements; verbatim as it was, if it fails."""
    statements: list[Statement] = []
    answer = replace(answer, model=model)
    said = [statement for statement in answer.statements if statement.kind == "check"]  # a model does not know of these
    yield from map(Verified, said)
    try:
        for event in events:
            if isinstance(event, Usage):
                answer = replace(answer, usage=event)
                continue
            if isinstance(event, Verified):
                statements.append(event.statement)
            yield event
    except LLMError as error:
        usage = error.usage if isinstance(error, UnfinishedError) else answer.usage
        note = f"The model could not answer ({error.message}); these are the passages, word for word."
        yield replace(answer, usage=usage, notes=(*answer.notes, note))
        return
    proved = [statement for statement in statements if not statement.problem]
    withheld = tuple(statement for statement in statements if statement.problem)
    if not proved:
        note = "Nothing the model wrote could be proved; these are the passages, word for word."
        yield replace(answer, withheld=withheld, notes=(*answer.notes, note))
        return
    shown = (*said, *proved)
    text = "\n".join(statement.text for statement in shown)
    yield replace(answer, composed_by="model", statements=shown, withheld=withheld, text=text)


def cut_short(answer: Answer, notes: Sequence[str]) -> Answer:
    """The answer as far as it was checked when its reader stopped it, with the `notes` from before the model spoke."""
    return replace(answer, notes=(*notes, "Stopped by its reader before it was finished."))
