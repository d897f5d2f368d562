"""What one browser session holds: its conversations, the filters, and the source that lies open."""

from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import uuid4

import streamlit as st

from app.answer import Answer, Citation, Filters, Turn
from app.job import Job


@dataclass(slots=True)
class Exchange:
    """One question and its answer, or the job that is making it."""

    question: str
    filters: Filters
    asked_at: datetime
    asked_on: date
    job: Job
    id: str = field(default_factory=lambda: uuid4().hex[:12])
    rated: str = ""

    @property
    def answer(self) -> Answer | None:
        """The final answer, or None while there is none."""
        return self.job.progress.answer


@dataclass(slots=True)
class Conversation:
    """Exchanges in order; its name is its first question."""

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
    """The citation that lies open, `number` as the exchange shows it (0: a passage without number)."""

    exchange: str
    number: int
    citation: Citation
    page: int | None


@dataclass(slots=True)
class Desk:
    """Everything of one session."""

    current: Conversation = field(default_factory=Conversation)
    earlier: list[Conversation] = field(default_factory=list)
    source: OpenSource | None = None
    edited: str = ""

    def start_new(self) -> None:
        """Put the conversation away and begin an empty one."""
        if self.current.exchanges:
            self.earlier.insert(0, self.current)
        self.current, self.source = Conversation(), None

    def take_up(self, conversation_id: str) -> None:
        """Go on with an earlier conversation."""
        found = next((c for c in self.earlier if c.id == conversation_id), None)
        if found:
            self.earlier.remove(found)
            self.start_new()
            self.current = found

    def find(self, exchange_id: str) -> Exchange | None:
        """The exchange of the current conversation with this id."""
        return next((e for e in self.current.exchanges if e.id == exchange_id), None)


def get_desk() -> Desk:
    """This session's desk."""
    if "desk" not in st.session_state:
        st.session_state["desk"] = Desk()
    desk: Desk = st.session_state["desk"]
    return desk
