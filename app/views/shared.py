"""A recorded answer under its own address (?answer=ID), as it was given, for those who may read what it cites."""

from dataclasses import replace
from datetime import date

import streamlit as st

from app.record import find_answer, outdated
from app.views.conversation import ask, originals, show_exchange
from app.views.markup import show_callout
from app.views.source import show_source
from app.views.state import Exchange, Session
from ingest.errors import AssistantError

PARAMETER = "answer"


def wants_shared() -> bool:
    """Whether the address names a recorded answer."""
    return PARAMETER in st.query_params


def show_shared(session: Session) -> None:
    """The whole page."""
    desk, ledger = session.desk, session.assistant.ledger
    wanted = st.query_params[PARAMETER]
    with st.container(key="desk", horizontal=True):
        talk, source = st.container(key="talk"), st.container(key="source")
    with talk:
        try:
            if ledger is None:
                raise AssistantError("Answers are not recorded here.")
            # Read anew each time: what a reader may see can change while the page is open.
            recorded = find_answer(ledger, wanted, session.index, session.reader)
        except AssistantError as error:
            desk.shared = desk.source = None
            show_callout("This answer can't be shown", [error.message], kind="warn")
            _offer_way_back(None, session)
            return
        if desk.shared is None or desk.shared.answer is None or desk.shared.answer.id != wanted:
            desk.shared, desk.source = Exchange.of(recorded), None
        changes = outdated(recorded.answer, session.index, date.today())
        show_callout(
            "A recorded answer",
            [f"Given on {recorded.asked_at:%d %b %Y, %H:%M} UTC and shown as it was.", *changes],
            kind="warn" if changes else "",
        )
        show_exchange(session, desk.shared, newest=False)
        _offer_way_back(desk.shared, session)
    with source:
        show_source(session, originals(session))


def _offer_way_back(exchange: Exchange | None, session: Session) -> None:
    def go(question: bool) -> None:
        st.query_params.clear()
        session.desk.shared = session.desk.source = None
        if question and exchange:
            session.desk.start_new()
            ask(session, exchange.question, replace(exchange.filters, as_of=None))

    with st.container(key="back", horizontal=True):
        if exchange:
            st.button("Ask this today", icon=":material/replay:", key="shared-ask", on_click=go, args=(True,))
        st.button("To your questions", icon=":material/arrow_back:", key="shared-back", on_click=go, args=(False,))
