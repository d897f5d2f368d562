"""The page where questions are asked: conversation, question box, and the source beside."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from html import escape
from pathlib import Path
from typing import Any

import streamlit as st

from app.access import may_read
from app.answer import Assistant, Citation, Filters
from app.service import Service
from app.suggest import filter_values, suggest_questions
from app.views.answer_card import REASONS, build_card, citation_of, passage_of
from app.views.components import Choice, show, show_choices
from app.views.filters import chosen_filters, show_filters
from app.views.library_facts import manifest_of
from app.views.markup import say_count
from app.views.source import show_source
from app.views.state import Desk, Exchange, OpenSource
from ingest.errors import AssistantError
from ingest.index import Index

FIRST_WORD_SECONDS = 0.6  # within this the passages are there, and the page is drawn once instead of twice
TICK_SECONDS = 0.2
LONGEST_QUESTION = 2000
LONGEST_COMMENT = 1000


def show_conversation(service: Service, assistant: Assistant, desk: Desk) -> None:
    """The whole page."""
    index = assistant.library.index
    with st.container(key="desk", horizontal=True):
        talk, source = st.container(key="talk"), st.container(key="source")
    with st.bottom, st.container(key="ask"):
        _show_question_box(service, desk, index)
    with talk:
        if not desk.current.exchanges:
            _show_welcome(service, desk, index)
        for exchange in desk.current.exchanges:
            _show_exchange(service, desk, exchange, index)
    with source:
        show_source(desk, index, _originals(service, index))


def _show_question_box(service: Service, desk: Desk, index: Index) -> None:
    show_filters(filter_values(index, service.reader))

    def submit() -> None:
        question = str(st.session_state["question"] or "").strip()
        if question:
            _ask(service, desk, question)

    st.chat_input("Ask about a procedure", key="question", max_chars=LONGEST_QUESTION, on_submit=submit)


def _ask(service: Service, desk: Desk, question: str, filters: Filters | None = None) -> None:
    filters = filters or chosen_filters()
    job = service.ask(question, history=desk.current.turns(), filters=filters)
    desk.current.exchanges.append(Exchange(question, filters, datetime.now(UTC), date.today(), job))


def _show_welcome(service: Service, desk: Desk, index: Index) -> None:
    today = date.today()
    readable = [d.record for d in index.documents if may_read(service.reader, d.record.readers)]
    count = say_count(sum(record.in_force(today) for record in readable), "document")
    st.html(
        '<div class="pa-hero"><h1>What does the procedure say?</h1>'
        f"<p>Answers come from the {escape(count)} in force today, with the exact passage as proof. "
        "What they do not say is not answered.</p></div>"
    )
    offered = suggest_questions(index, service.reader, today)
    choices = [
        Choice(str(number), one.question, "" if one.question.startswith(one.title) else one.title)
        for number, one in enumerate(offered)
    ]
    if choices:
        show_choices(choices, lambda chosen: _ask(service, desk, offered[int(chosen)].question), key="examples")


def _show_exchange(service: Service, desk: Desk, exchange: Exchange, index: Index) -> None:
    exchange.job.wait(lambda now: bool(now.finished or now.evidence), FIRST_WORD_SECONDS)
    live = not exchange.job.progress.finished
    opened = desk.source.number if desk.source and desk.source.exchange == exchange.id else None
    newest = exchange is desk.current.exchanges[-1]

    def act(action: Mapping[str, Any]) -> None:
        st.session_state["redraw"] = True
        _act(service, desk, exchange, index, action)

    def draw() -> None:
        finished = exchange.job.progress.finished
        card = build_card(exchange, index, open_number=opened, live=newest)
        show("answer", card, key=f"card-{exchange.id}", on_action=act)
        if st.session_state.pop("redraw", False) or (live and finished):
            st.rerun()

    # A fragment before and after it is finished: the card keeps its place on the page and is not made anew.
    st.fragment(draw, run_every=TICK_SECONDS if live else None)()


def _act(service: Service, desk: Desk, exchange: Exchange, index: Index, action: Mapping[str, Any]) -> None:
    number = action.get("n")
    match action.get("type"):
        case "open" if isinstance(number, int):
            _open(desk, exchange, number, citation_of(exchange, number))
        case "hit" if isinstance(number, int):
            _open(desk, exchange, 0, passage_of(exchange, number, index))
        case "stop":
            exchange.job.stop()
        case "again":
            _ask(service, desk, exchange.question, exchange.filters)
        case "edit":
            st.session_state["question"] = exchange.question
        case "feedback":
            _rate(service, exchange, action)


def _rate(service: Service, exchange: Exchange, action: Mapping[str, Any]) -> None:
    ledger, answer = service.assistant().ledger, exchange.answer
    reason = str(action.get("reason", ""))
    if ledger is None or answer is None or not answer.id or (reason and reason not in dict(REASONS)):
        return
    comment = str(action.get("comment", ""))[:LONGEST_COMMENT]
    try:
        ledger.add_feedback(
            answer.id, thumb="up" if action.get("verdict") == "up" else "down", reason=reason, comment=comment
        )
        exchange.rated = "Thank you. It is recorded with this answer."
    except AssistantError as error:
        exchange.rated = f"Not recorded: {error.message}"


def _open(desk: Desk, exchange: Exchange, number: int, citation: Citation | None) -> None:
    if citation is not None:
        desk.source = OpenSource(exchange.id, number, citation, None)


def _originals(service: Service, index: Index) -> Path | None:
    """The folder with the original documents: the setting, else where the index was made from."""
    if service.settings.corpus:
        return service.settings.corpus
    source = manifest_of(index.folder).source
    return Path(source) if "://" not in source else None
