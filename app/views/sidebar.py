"""The sidebar: new conversation, the reader's own conversations, the model and the index in use."""

from html import escape
from typing import Any

import streamlit as st

from app.answer import Filters
from app.history import History, open_history
from app.record import find_answer
from app.views.components import Action, show
from app.views.markup import say_age, say_count, shorten
from app.views.references import say_generation
from app.views.state import Conversation, Exchange, Session
from ingest.errors import AssistantError

UNFINISHED = "No answer was recorded: it was cut off, or is still being made. Ask again for one."


def show_sidebar(session: Session, *, asking: bool) -> None:
    """Fill the sidebar; conversations stand only beside the page where questions are asked."""
    with st.sidebar:
        if asking:
            st.button(
                "New conversation",
                icon=":material/add:",
                width="stretch",
                key="new",
                on_click=_start_new,
                args=(session,),
            )
            with st.container(key="history"):
                _show_history(session)
        _show_facts(session)


def _start_new(session: Session) -> None:
    st.query_params.clear()
    session.desk.start_new()


def _show_history(session: Session) -> None:
    ledger = session.assistant.ledger
    if ledger is None:
        return
    owner = ledger.pseudonym(session.reader.name)
    search = str(st.session_state.get("history-search", ""))

    def act(action: Action) -> None:
        _act(session, owner, action)

    try:
        listed = open_history(session.service.settings.state).conversations(owner, search)
    except AssistantError as error:
        st.warning(error.message)
        return
    if not listed and not search:
        return
    items: list[dict[str, Any]] = [
        {
            "id": one.id,
            "label": shorten(one.name, 90),
            "detail": f"{say_count(one.questions, 'question')}, {say_age(one.changed)}",
            "current": one.id == session.desk.current.id,
        }
        for one in listed
    ]
    show("history", {"items": items, "search": search}, key="history-list", on_action=act)


def _act(session: Session, owner: str, action: Action) -> None:
    kind, chosen = action.get("type"), str(action.get("id", ""))
    if kind == "search":
        st.session_state["history-search"] = str(action.get("text", ""))[:100]
        return
    history = open_history(session.service.settings.state)
    match kind:
        case "open":
            _take_up(session, chosen, owner, history)
        case "rename":
            history.rename(owner, chosen, str(action.get("name", "")))
        case "delete":
            history.delete(owner, chosen)
            session.desk.forget(chosen)


def _take_up(session: Session, chosen: str, owner: str, history: History) -> None:
    """Go on with a conversation: as this session has it, else as it was recorded, without what is closed by now."""
    st.query_params.clear()
    desk, ledger = session.desk, session.assistant.ledger
    conversation = desk.find(chosen)
    if conversation is desk.current or ledger is None:
        return
    if conversation is None:
        conversation = Conversation(chosen)
        for answer_id in history.answers(owner, chosen):
            try:
                recorded = find_answer(ledger, answer_id, session.index, session.reader)
            except AssistantError:
                continue
            conversation.exchanges.append(Exchange.of(recorded))
        for question, asked in history.unfinished(owner, chosen):
            on = asked.astimezone().date()
            conversation.exchanges.append(Exchange(question, Filters(), asked, on, problem=UNFINISHED))
    desk.take_up(conversation)


def _show_facts(session: Session) -> None:
    library = session.assistant.library
    problem = session.service.model_problem()
    rows = [
        ("Answers by", session.assistant.model_name),
        (say_generation(library.index.generation), f"published {say_age(library.published_at)}"),
        *([("Model", f"{problem}. Passages are shown word for word.")] if problem else []),
    ]
    items = "".join(f"<div>{escape(name)}: <strong>{escape(value)}</strong></div>" for name, value in rows)
    st.html(f'<div class="pa-facts">{items}</div>')
