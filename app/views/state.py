"""What one browser session holds: its conversations, the filters, and the source that lies open."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from uuid import uuid4

import streamlit as st

from app.access import Reader
from app.answer import Answer, Assistant, Citation, Filters, Turn
from app.history import Note, open_history
from app.identity import Identity
from app.job import Job, Progress
from app.record import Recorded
from app.service import Service
from app.suggest import Suggestion
from ingest.errors import AssistantError
from ingest.index import Index


@dataclass(frozen=True, slots=True)
class Download:
    """A file that waits for the browser to fetch it; `key` tells one from the next."""

    key: str
    name: str
    mime: str
    content: bytes = field(repr=False)


@dataclass(slots=True)
class Exchange:
    """One question and its answer: the job that makes it, the answer as it was `recorded`, or why there is none."""

    question: str
    filters: Filters
    asked_at: datetime
    asked_on: date
    job: Job | None = None
    recorded: Answer | None = None
    problem: str = ""
    id: str = field(default_factory=lambda: uuid4().hex[:12])
    rated: str = ""
    download: Download | None = None
    offered: list[Suggestion] | None = None

    @classmethod
    def of(cls, record: Recorded) -> "Exchange":
        """A recorded answer, to be shown as it was."""
        at = record.asked_at
        return cls(record.answer.question, record.filters, at, at.astimezone().date(), recorded=record.answer)

    @property
    def progress(self) -> Progress:
        """How it stands now."""
        return self.job.progress if self.job else Progress(answer=self.recorded, error=self.problem)

    @property
    def answer(self) -> Answer | None:
        """The final answer, or None while there is none."""
        return self.progress.answer


@dataclass(slots=True)
class Conversation:
    """Exchanges in order; `name` is what its reader called it."""

    id: str = field(default_factory=lambda: uuid4().hex[:12])
    exchanges: list[Exchange] = field(default_factory=list)

    def turns(self) -> tuple[Turn, ...]:
        """Earlier questions and answers, for the assistant."""
        return tuple(
            turn
            for exchange in self.exchanges
            if exchange.answer is not None
            for turn in (Turn("user", exchange.question), Turn("assistant", exchange.answer.text))
        )


@dataclass(frozen=True, slots=True)
class OpenSource:
    """The citation that lies open, and what opened it.

    `exchange` is the id of an exchange, or the name of another part of the page; `number` is the citation's there
    (0: a passage without number).
    """

    exchange: str
    number: int
    citation: Citation
    page: int | None


@dataclass(slots=True)
class Desk:
    """Everything of one session. `kept` are conversations of this session that are not the current one."""

    current: Conversation = field(default_factory=Conversation)
    kept: list[Conversation] = field(default_factory=list)
    source: OpenSource | None = None
    shared: Exchange | None = None

    def start_new(self) -> None:
        """Put the conversation away and begin an empty one."""
        if self.current.exchanges:
            self.kept.insert(0, self.current)
        self.current, self.source = Conversation(), None

    def take_up(self, conversation: Conversation) -> None:
        """Go on with an earlier conversation."""
        self.start_new()
        self.kept = [kept for kept in self.kept if kept.id != conversation.id]
        self.current = conversation

    def keep_source_of(self, *openers: str) -> None:
        """Close what another page opened."""
        if self.source and self.source.exchange not in openers:
            self.source = None

    def find(self, conversation_id: str) -> Conversation | None:
        """A conversation of this session."""
        return next((c for c in (self.current, *self.kept) if c.id == conversation_id), None)

    def forget(self, conversation_id: str) -> None:
        """Drop a conversation; the current one gives way to an empty one."""
        if self.current.id == conversation_id:
            self.current, self.source = Conversation(), None
        self.kept = [kept for kept in self.kept if kept.id != conversation_id]


@dataclass(frozen=True, slots=True)
class Session:
    """Who is at the page, and what answers them; every use of `reader` ends with their sign-in (SignInError)."""

    service: Service
    assistant: Assistant
    desk: Desk
    identity: Identity

    @property
    def reader(self) -> Reader:
        """The person, who may do and read what their sign-in says."""
        return self.identity.check()

    @property
    def index(self) -> Index:
        """The index that is served now."""
        return self.assistant.library.index

    def ask(self, question: str, filters: Filters) -> None:
        """Put a question in line, as the next of the current conversation."""
        conversation, reader = self.desk.current, self.reader
        exchange = Exchange(question, filters, datetime.now(UTC), date.today())
        exchange.job = self.service.ask(
            question,
            history=conversation.turns(),
            filters=filters,
            reader=reader,
            note=self._note(conversation, exchange, reader),
        )
        conversation.exchanges.append(exchange)

    def _note(self, conversation: Conversation, exchange: Exchange, reader: Reader) -> Note | None:
        ledger = self.assistant.ledger
        if ledger is None:
            return None
        owner, asked = ledger.pseudonym(reader.name), exchange.asked_at
        try:
            history = open_history(self.service.settings.state)
        except AssistantError:  # the list of conversations says so
            return None
        return Note(history, owner, conversation.id, exchange.id, exchange.question, asked)


def get_desk() -> Desk:
    """This session's desk."""
    if "desk" not in st.session_state:
        st.session_state["desk"] = Desk()
    desk: Desk = st.session_state["desk"]
    return desk
