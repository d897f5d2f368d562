"""The review page for owners: what readers say is not right, what was not answered, what is cited and what is not."""

from collections.abc import Sequence
from datetime import date
from html import escape

import streamlit as st

from app.record import Recorded
from app.review import (
    DRAFTS,
    LOOK_BACK,
    Complaint,
    Gap,
    Use,
    add_draft,
    complaints,
    draft_case,
    finish_review,
    gaps,
    use_of,
)
from app.views.answer_card import REASONS
from app.views.downloads import offer_download
from app.views.markup import say_count, say_date, shorten, show_callout, show_grid
from app.views.references import say_document
from app.views.state import Session
from ingest.errors import AssistantError

SHOWN = 20
_ENDS = (
    ("golden", "Make golden case", "fact_check", "Draft a golden case from"),
    ("done", "Done", "check", "Take off this list"),
)


def show_review(session: Session) -> None:
    """The whole page; owners see what they may read."""
    ledger = session.assistant.ledger
    if ledger is None or not session.reader.has_role("owner"):
        return
    embedder = session.assistant.library.current().embedder
    with st.container(key="page"):
        st.html('<div class="pa-heading"><h1>Review</h1><p>What the procedures should say better.</p></div>')
        if said := st.session_state.pop("review-said", None):
            show_callout(said)
        _show_complaints(session, complaints(ledger, session.index, session.reader))
        _show_gaps(session, gaps(ledger, session.index, session.reader, embedder))
        _show_drafts(session)
        _show_use(use_of(ledger, session.index, session.reader, date.today()))


def _show_complaints(session: Session, found: Sequence[Complaint]) -> None:
    st.html(f'<div class="pa-heading"><h2>Marked as not right ({len(found)})</h2></div>')
    if not found:
        st.html('<p class="pa-small">Nothing is waiting.</p>')
    for one in found[:SHOWN]:
        reason = dict(REASONS).get(one.reason, "")
        lines = [
            " · ".join(part for part in (reason, _cited(one.recorded)) if part),
            one.comment and f"“{one.comment}”",
        ]
        note = " ".join(part for part in (reason, one.comment) if part)
        _show_item(session, [one.recorded], lines, f"marked as not right: {note}")


def _show_gaps(session: Session, found: Sequence[Gap]) -> None:
    count = sum(len(gap.questions) for gap in found)
    st.html(f'<div class="pa-heading"><h2>Not answered ({count})</h2><p>Questions alike stand together.</p></div>')
    if not found:
        st.html('<p class="pa-small">Nothing is waiting.</p>')
    for gap in found[:SHOWN]:
        others = list(dict.fromkeys(one.answer.question for one in gap.questions))[1:4]
        asked = [f"{say_count(len(gap.questions), 'time')}, last {say_date(gap.questions[0].asked_at)}"]
        _show_item(session, gap.questions, [*asked, *others], f"not answered, {asked[0]}")


def _show_item(session: Session, questions: Sequence[Recorded], lines: Sequence[str], note: str) -> None:
    first = questions[0]
    key = first.answer.id
    with st.container(key=f"item-{key}", border=True):
        small = "".join(f'<p class="pa-small">{escape(shorten(line, 300))}</p>' for line in lines if line)
        link = f'<a href="./?answer={escape(key)}">{escape(shorten(first.answer.question, 200))}</a>'
        st.html(f'<div class="pa-item"><h3>{link}</h3>{small}</div>')
        with st.container(horizontal=True):
            about = shorten(first.answer.question, 60)
            for name, label, icon, said in _ENDS:
                st.button(
                    label,
                    key=f"{name}-{key}",
                    icon=f":material/{icon}:",
                    help=f"{said}: {about}",
                    on_click=_finish,
                    args=(session, questions, note, name == "golden"),
                )


def _finish(session: Session, questions: Sequence[Recorded], note: str, golden: bool) -> None:
    ledger = session.assistant.ledger
    if ledger is None:
        return
    try:
        if golden:
            add_draft(session.service.settings.state, draft_case(questions[0], note))
        finish_review(ledger, session.reader, [one.answer.id for one in questions], "golden case" if golden else "done")
    except AssistantError as error:
        st.session_state["review-said"] = f"Not done: {error.message}"
    else:
        st.session_state["review-said"] = "Drafted as a golden case." if golden else "Taken off the list."


def _cited(recorded: Recorded) -> str:
    statements = recorded.answer.statements
    return ", ".join(dict.fromkeys(say_document(c.doc_id, c.version) for s in statements for c in s.citations))


def _show_drafts(session: Session) -> None:
    path = session.service.settings.state / DRAFTS
    if path.exists():
        st.html('<div class="pa-heading"><h2>Drafted golden cases</h2></div>')
        offer_download(session, "Download the drafts", DRAFTS, path.read_bytes, key="golden-drafts")


def _show_use(use: Use) -> None:
    looked = f"In the last {min(use.answers, LOOK_BACK):,} answers, of the documents in force."
    st.html(f'<div class="pa-heading"><h2>Cited most</h2><p>{escape(looked)}</p></div>')
    rows = [
        (f"{r.title}\n{say_document(r.doc_id, r.version)}", r.owner, f"{count:,}") for r, count in use.cited[:SHOWN]
    ]
    show_grid(("Document", "Owner", "Answers"), rows, numeric=(2,), label="Documents cited most")
    st.html(f'<div class="pa-heading"><h2>Never cited ({len(use.never)})</h2></div>')
    never = [(f"{r.title}\n{say_document(r.doc_id, r.version)}", r.owner) for r in use.never]
    show_grid(("Document", "Owner"), never, label="Documents never cited")
