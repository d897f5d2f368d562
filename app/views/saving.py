"""Files of answers and conversations that a reader takes away."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from uuid import uuid4

import streamlit as st

from app.record import Recorded
from app.views.export import as_markdown, file_name
from app.views.pdf import as_pdf
from app.views.state import Conversation, Download, Exchange

_TYPES = {"pdf": "application/pdf", "md": "text/markdown;charset=utf-8"}


def export(exchanges: Sequence[Exchange], ending: str) -> Download | None:
    """The finished answers among `exchanges` as one file, "pdf" or "md"; None where there is nothing to export."""
    records = [
        Recorded(exchange.answer, exchange.filters, exchange.asked_at, "")
        for exchange in exchanges
        if exchange.answer is not None
    ]
    if not records or ending not in _TYPES:
        return None
    now = datetime.now(UTC)
    content = as_pdf(records, now) if ending == "pdf" else as_markdown(records, now).encode()
    return Download(uuid4().hex, file_name(records, ending), _TYPES[ending], content)


def show_export(conversation: Conversation) -> None:
    """Offer the whole conversation as a file, once something was answered."""
    if not any(exchange.answer for exchange in conversation.exchanges):
        return
    with st.popover("Export", icon=":material/download:"):
        st.caption("The whole conversation with its sources, for a case file.")
        for label, ending in (("PDF", "pdf"), ("Markdown", "md")):
            st.download_button(
                label,
                data=partial(_content, conversation, ending),
                file_name=f"conversation.{ending}",
                mime=_TYPES[ending],
                key=f"export-{ending}",
                on_click="ignore",
                width="stretch",
            )


def _content(conversation: Conversation, ending: str) -> bytes:
    made = export(conversation.exchanges, ending)
    return made.content if made else b""
