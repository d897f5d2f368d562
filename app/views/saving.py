"""Files of answers and conversations that a reader takes away."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from uuid import uuid4

import streamlit as st

from app.record import Recorded
from app.views.downloads import offer_download, type_of
from app.views.export import as_markdown, file_name
from app.views.pdf import as_pdf
from app.views.state import Conversation, Download, Exchange, Session

_ENDINGS = ("pdf", "md")


def export(exchanges: Sequence[Exchange], ending: str) -> Download | None:
    """The finished answers among `exchanges` as one file, "pdf" or "md"; None where there is nothing to export."""
    records = [
        Recorded(exchange.answer, exchange.filters, exchange.asked_at, "")
        for exchange in exchanges
        if exchange.answer is not None
    ]
    if not records or ending not in _ENDINGS:
        return None
    now = datetime.now(UTC)
    content = as_pdf(records, now) if ending == "pdf" else as_markdown(records, now).encode()
    name = file_name(records, ending)
    return Download(uuid4().hex, name, type_of(name), content)


def show_export(session: Session) -> None:
    """Offer the whole conversation as a file, once something was answered."""
    conversation = session.desk.current
    if not any(exchange.answer for exchange in conversation.exchanges):
        return
    with st.popover("Export", icon=":material/download:"):
        st.caption("The whole conversation with its sources, for a case file.")
        for label, ending in (("PDF", "pdf"), ("Markdown", "md")):
            content = partial(_content, conversation, ending)
            offer_download(session, label, f"conversation.{ending}", content, key=f"export-{ending}")


def _content(conversation: Conversation, ending: str) -> bytes:
    made = export(conversation.exchanges, ending)
    return made.content if made else b""
