"""The page where questions are asked: conversation, question box, and the source beside."""

from datetime import date
from html import escape
from pathlib import Path

import streamlit as st

from app.access import may_read
from app.answer import Citation, Filters
from app.clarify import narrow
from app.suggest import Suggestion, filter_values, follow_ups, suggest_questions
from app.views.answer_card import REASONS, build_card, choices_of, citation_of, passage_of
from app.views.components import Action, Choice, show, show_choices
from app.views.filters import chosen_filters, show_filters
from app.views.library_facts import manifest_of
from app.views.markup import say_count
from app.views.saving import export, show_export
from app.views.source import show_source
from app.views.state import Exchange, OpenSource, Session
from ingest.errors import AssistantError

FIRST_WORD_SECONDS = 0.6  # within this the passages are there, and the page is drawn once instead of twice
TICK_SECONDS = 0.2  # between redraws of an answer that is being made
CALM = 3  # answers at a time; with more each page is redrawn less often, so that redrawing never takes the whole server
GATHER_SECONDS = 0.3  # a redraw waits that long for more words; the end of the answer is drawn at once
STOP_SECONDS = 1.0  # a stopped answer is recorded as far as it was checked, unless its model is stuck
LONGEST_QUESTION = 2000
LONGEST_COMMENT = 1000


def show_conversation(session: Session) -> None:
    """The whole page."""
    desk = session.desk
    desk.keep_source_of(*(exchange.id for exchange in desk.current.exchanges))
    with st.container(key="desk", horizontal=True):
        talk, source = st.container(key="talk"), st.container(key="source")
    with st.bottom, st.container(key="ask"):
        _show_question_box(session)
    with talk:
        if not desk.current.exchanges:
            _show_welcome(session)
        for exchange in desk.current.exchanges:
            show_exchange(session, exchange, newest=exchange is desk.current.exchanges[-1])
    with source:
        show_source(session, originals(session))


def _show_question_box(session: Session) -> None:
    with st.container(key="ask-tools", horizontal=True):
        show_filters(filter_values(session.index, session.reader))
        show_export(session)

    def submit() -> None:
        question = str(st.session_state["question"] or "").strip()
        if question:
            ask(session, question)

    st.chat_input("Ask about a procedure", key="question", max_chars=LONGEST_QUESTION, on_submit=submit)


def ask(session: Session, question: str, filters: Filters | None = None) -> None:
    """Ask in the current conversation; without `filters` those chosen on the page count."""
    session.ask(question, filters or chosen_filters())


def _show_welcome(session: Session) -> None:
    today = date.today()
    readable = [d.record for d in session.index.documents if may_read(session.reader, d.record.readers)]
    count = say_count(sum(record.in_force(today) for record in readable), "document")
    st.html(
        '<div class="pa-hero"><h1>What does the procedure say?</h1>'
        f"<p>Answers come from the {escape(count)} in force today, with the exact passage as proof. "
        "What they do not say is not answered.</p></div>"
    )
    offered = suggest_questions(session.index, session.reader, today)
    choices = [
        Choice(str(number), one.question, "" if one.title.partition(" - ")[0] in one.question else one.title)
        for number, one in enumerate(offered)
    ]
    if choices:
        show_choices(choices, lambda chosen: ask(session, offered[int(chosen)].question), key="examples")


def _next_questions(session: Session, exchange: Exchange) -> list[Suggestion]:
    """What could be asked next, from other sections of what the newest answer cites."""
    answer = exchange.answer
    if answer is None or answer.abstained or not exchange.job:
        return []
    if exchange.offered is None:  # reading the cited documents takes longer than drawing the page
        on = exchange.filters.as_of or date.today()
        exchange.offered = follow_ups(session.index, session.reader, answer, on)
    asked = {one.question for one in session.desk.current.exchanges}
    return [one for one in exchange.offered if one.question not in asked]


def show_exchange(session: Session, exchange: Exchange, *, newest: bool) -> None:
    """One question with its answer, redrawn while it is being made."""
    if exchange.job:
        exchange.job.wait(lambda now: bool(now.finished or now.evidence), FIRST_WORD_SECONDS)
    live = not exchange.progress.finished
    opened = session.desk.source
    number = opened.number if opened and opened.exchange == exchange.id else None
    drawn = False

    def act(action: Action) -> None:
        st.session_state["redraw"] = _act(session, exchange, action)

    def draw() -> None:
        nonlocal drawn
        if drawn and exchange.job:
            exchange.job.wait(lambda now: now.finished, GATHER_SECONDS)
        drawn = True
        finished = exchange.progress.finished
        offered = _next_questions(session, exchange) if newest else []
        card = build_card(exchange, session.index, open_number=number, live=newest)
        card["next"] = [{"n": n, "label": one.question} for n, one in enumerate(offered)]
        show("answer", card, key=f"card-{exchange.id}", on_action=act)
        if st.session_state.pop("redraw", False) or (live and finished):
            st.rerun()

    # A fragment before and after it is finished: the card keeps its place on the page and is not made anew.
    tick = TICK_SECONDS * max(1.0, session.service.in_hand / CALM)
    st.fragment(draw, run_every=tick if live else None)()


def _act(session: Session, exchange: Exchange, action: Action) -> bool:
    """Do what the reader asked for on the card; returns whether more than the card changes."""
    number = action.get("n")
    match action.get("type"):
        case "open" if isinstance(number, int):
            _open(session, exchange, number, citation_of(exchange, number))
        case "hit" if isinstance(number, int):
            _open(session, exchange, 0, passage_of(exchange, number, session.index))
        case "next" if isinstance(number, int):
            offered = _next_questions(session, exchange)
            if 0 <= number < len(offered):
                ask(session, offered[number].question, exchange.filters)
        case "choose" if isinstance(number, int):
            _choose(session, exchange, number)
        case "stop" if exchange.job:
            exchange.job.stop()
            exchange.job.wait(lambda now: bool(now.answer), STOP_SECONDS)
        case "again":
            st.query_params.clear()
            ask(session, exchange.question, exchange.filters)
        case "edit":
            st.query_params.clear()
            st.session_state["question"] = exchange.question
        case "feedback":
            _rate(session, exchange, action)
            return False
        case "export":
            exchange.download = export([exchange], str(action.get("format")))
            return False
        case "saved":
            exchange.download = None
            return False
    return True


def _choose(session: Session, exchange: Exchange, number: int) -> None:
    """Ask again with one of the things that the question may mean."""
    choices = choices_of(exchange.progress)
    if 0 <= number < len(choices):
        st.query_params.clear()
        ask(session, narrow(exchange.question, choices[number]), exchange.filters)


def _rate(session: Session, exchange: Exchange, action: Action) -> None:
    ledger, answer = session.assistant.ledger, exchange.answer
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


def _open(session: Session, exchange: Exchange, number: int, citation: Citation | None) -> None:
    if citation is not None:
        session.desk.source = OpenSource(exchange.id, number, citation, None)


def originals(session: Session) -> Path | None:
    """The folder with the original documents: the setting, else where the index was made from."""
    if session.service.settings.corpus:
        return session.service.settings.corpus
    source = manifest_of(session.index.folder).source
    return Path(source) if "://" not in source else None
