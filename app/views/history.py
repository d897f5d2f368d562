"""The sidebar: new conversation, this session's conversations, the model and the index in use."""

from html import escape

import streamlit as st

from app.answer import Assistant
from app.service import Service
from app.views.components import Choice, show_choices
from app.views.markup import say_age, say_count, shorten
from app.views.references import say_generation
from app.views.state import Conversation, Desk


def show_sidebar(service: Service, assistant: Assistant, desk: Desk, *, asking: bool) -> None:
    """Fill the sidebar; conversations stand only beside the page where questions are asked."""
    with st.sidebar:
        if asking:
            st.button("New conversation", icon=":material/add:", width="stretch", key="new", on_click=desk.start_new)
            _show_history(desk)
        _show_facts(service, assistant)


def _show_history(desk: Desk) -> None:
    conversations = [c for c in (desk.current, *desk.earlier) if c.exchanges]
    if conversations:
        choices = [
            Choice(c.id, _name(c), say_count(len(c.exchanges), "question"), current=c is desk.current)
            for c in conversations
        ]
        show_choices(choices, desk.take_up, key="history", title="This session")


def _name(conversation: Conversation) -> str:
    return shorten(conversation.exchanges[0].question, 60)


def _show_facts(service: Service, assistant: Assistant) -> None:
    problem = service.model_problem()
    rows = [
        ("Answers by", assistant.model_name),
        (say_generation(assistant.library.index.generation), f"published {say_age(assistant.library.published_at)}"),
        *([("Model", f"{problem}. Passages are shown word for word.")] if problem else []),
    ]
    items = "".join(f"<div>{escape(name)}: <strong>{escape(value)}</strong></div>" for name, value in rows)
    st.html(f'<div class="pa-facts">{items}</div>')
