"""Assistant.ask and Assistant.stream: retrieve, abstain or compose, verify, record."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal


@dataclass(frozen=True, slots=True)
class Filters:
    """What a question is limited to; empty means no limit. Names are the register's, in lower case."""

    as_of: date | None = None  # None is today
    rails: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    doc_types: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Turn:
    """One earlier question or answer of the conversation."""

    role: Literal["user", "assistant"]
    text: str


@dataclass(frozen=True, slots=True)
class Hit:
    """One retrieved passage. `doc` is the path below the ingested folder, `page` a 1-based index or None."""

    doc: str
    doc_id: str
    version: str
    title: str
    section: str
    page: int | None
    page_label: str
    text: str
    score: float
    chunk_id: str


@dataclass(frozen=True, slots=True)
class Citation:
    """A verbatim quote: characters `start` to `end` of the chunk's stored text are exactly `quote`."""

    doc: str
    doc_id: str
    version: str
    title: str
    section: str
    page: int | None
    page_label: str
    quote: str
    chunk_id: str
    start: int
    end: int
    effective_from: date | None = None
    owner: str = ""


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence or step of an answer with the quotes that prove it.

    `problem` is empty for a verified statement; otherwise it says why the statement was withheld ("17:00 is not
    in the quote").
    """

    text: str
    citations: tuple[Citation, ...]
    kind: Literal["statement", "step", "row"] = "statement"
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the reader gets. `abstained` answers have no statements; `reason` then says what was searched.

    `composed_by` is "extractive" (verbatim passages) or "model". `notes` are sentences to show beside the answer
    (a better match in a version not in force, the model failed...). `escalation` names whom to ask, if a
    procedure says it. `timings` are seconds by stage.
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
    timings: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Evidence:
    """First event of a stream: the passages found and the extractive answer, before any model has spoken."""

    answer: Answer


@dataclass(frozen=True, slots=True)
class Draft:
    """Words of the model as they come, not verified yet; shown as such and replaced by what follows."""

    text: str


@dataclass(frozen=True, slots=True)
class Verified:
    """A finished statement of the model that passed (`problem` empty) or failed verification."""

    statement: Statement


@dataclass(frozen=True, slots=True)
class Done:
    """Last event: the whole answer, as recorded."""

    answer: Answer


Event = Evidence | Draft | Verified | Done


class Assistant:
    """The one way to get an answer: the chat, the terminal and the evaluation all call it."""

    def ask(self, question: str, *, history: Sequence[Turn] = (), filters: Filters | None = None) -> Answer:
        """The last event of `stream`."""
        raise NotImplementedError

    def stream(
        self, question: str, *, history: Sequence[Turn] = (), filters: Filters | None = None
    ) -> Iterator[Event]:
        """Evidence, then drafts and verified statements while a model composes, then Done."""
        raise NotImplementedError
