"""The part of the status page that shows where procedures in force contradict each other, with the owners to ask."""

from datetime import date
from typing import Any

import streamlit as st

from app.answer import Citation
from app.disagreements import MOST_PASSAGES
from app.views.components import Action, show
from app.views.markup import say_count, say_quote
from app.views.references import say_document, say_effective, say_place
from app.views.state import OpenSource, Session

OPENED_BY = "conflicts"  # what a source on this page is opened by, in the place of an exchange
SHOWN_AT_ONCE = 3
_KINDS = {"time": "Times differ", "amount": "Amounts differ", "period": "Periods differ"}


def show_conflicts(session: Session) -> None:
    """The section, if there is anything to say."""
    found = session.service.disagreements.find(session.index, session.reader, date.today())
    if found is None:
        small = f"Too many passages to compare here (over {MOST_PASSAGES:,}): python -m ingest conflicts lists them."
        st.html(f'<div class="pa-heading"><h2>Conflicts</h2><p>{small}</p></div>')
        return
    if not found:
        return
    said = f"{say_count(len(found), 'pair')} of passages in force seem to give different values for the same thing."
    st.html(f'<div class="pa-heading"><h2>Conflicts</h2><p>{said} Their owners decide which holds.</p></div>')
    sides = [side for one in found for side in (one.first, one.second)]
    opened = session.desk.source

    def act(action: Action) -> None:
        number = action.get("n")
        if action.get("type") == "open" and isinstance(number, int) and 0 <= number < len(sides):
            session.desk.source = OpenSource(OPENED_BY, 0, sides[number], None)

    items = [
        {"kind": _KINDS.get(one.kind, one.kind), "sides": [_side(2 * n, one.first), _side(2 * n + 1, one.second)]}
        for n, one in enumerate(found)
    ]
    at = next((n for n, side in enumerate(sides) if opened and opened.citation == side), None)
    show("conflicts", {"items": items, "open": at, "few": SHOWN_AT_ONCE}, key="conflicts", on_action=act)


def _side(number: int, citation: Citation) -> dict[str, Any]:
    facts = (say_document(citation.doc_id, citation.version), say_place(citation), say_effective(citation))
    return {
        "n": number,
        "title": citation.title,
        "facts": [fact for fact in facts if fact],
        "owner": citation.owner,
        "quote": say_quote(citation.quote),
    }
