"""Files that a page offers: made when they are asked for, and given to the person at the page alone."""

from collections.abc import Callable
from pathlib import PurePath

import streamlit as st
from streamlit.runtime.memory_media_file_storage import _calculate_file_id

from app.views.state import Session

_TYPES = {".pdf": "application/pdf", ".md": "text/markdown;charset=utf-8", ".csv": "text/csv"}
# Nothing else may be run by the browser as a page of ours.
_NEUTRAL = "application/octet-stream"


def type_of(name: str) -> str:
    """The media type of a file, as the browser is told."""
    return _TYPES.get(PurePath(name).suffix.lower(), _NEUTRAL)


def offer_download(session: Session, label: str, name: str, content: Callable[[], bytes], *, key: str) -> None:
    """A button for a file. Whoever else learns its address gets nothing from the gate."""

    def make() -> bytes:
        reader, data = session.reader, content()
        session.service.downloads.allow(_calculate_file_id(data, type_of(name), name), reader)
        return data

    st.download_button(label, make, name, type_of(name), key, on_click="ignore", icon=":material/download:")
