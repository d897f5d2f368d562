"""The part of the status page for owners and administrators: generations, runs, rollback, re-ingest, what was done."""

from collections.abc import Mapping
from functools import cache
from typing import Any

import streamlit as st

from app.operate import Ingestion, roll_back_to
from app.views.library_facts import last_reports, manifest_of
from app.views.markup import show_callout, show_grid
from app.views.references import say_generation
from app.views.state import Session
from ingest.errors import AssistantError, BrokenIndexError
from ingest.generations import list_generations
from ingest.manifest import Manifest

TICK_SECONDS = 2.0
LONGEST_REASON = 300


@cache
def _ingestion() -> Ingestion:
    """The one run of this process."""
    return Ingestion()


def show_operations(session: Session, manifest: Manifest) -> None:
    """Rollback and re-ingest, for administrators."""
    if not session.reader.has_role("administrator") or session.assistant.ledger is None:
        return
    if said := st.session_state.pop("operation-said", None):
        show_callout(*said)
    with st.container(key="operations", horizontal=True):
        _offer_ingest(session, manifest)
        _offer_rollback(session)
    if _ingestion().running:
        _watch_run()


@st.fragment(run_every=TICK_SECONDS)
def _watch_run() -> None:
    if _ingestion().running:
        show_callout("A run is going on", ["The index that is served stays until the run has ended well."])
    else:
        st.session_state["operation-said"] = ("The run has ended", ["Its report stands below, under Runs."])
        st.rerun()


def _offer_ingest(session: Session, manifest: Manifest) -> None:
    def start() -> None:
        ledger = session.assistant.ledger
        if ledger:
            _ingestion().start(manifest, session.service.settings, ledger, session.reader, _reason("ingest"))

    with st.popover("Ingest again", icon=":material/sync:", disabled=_ingestion().running):
        st.write("Reads the document store again and publishes what changed.")
        _confirm("ingest", "Ingest now", start)


def _offer_rollback(session: Session) -> None:
    serving = session.index.generation
    names = [folder.name for folder in reversed(list_generations(session.service.settings.index))]
    others = [name for name in names if name != serving]

    def roll_back() -> None:
        ledger, chosen = session.assistant.ledger, st.session_state.get("rollback-to")
        if ledger and chosen in others:
            roll_back_to(chosen, session.service.settings, ledger, session.reader, _reason("rollback"))

    with st.popover("Roll back", icon=":material/history:", disabled=not others):
        st.write(f"Serves another generation instead of {say_generation(serving)} to everyone, from the next question.")
        st.selectbox("Generation", others, key="rollback-to", format_func=_say_kept(session))
        _confirm("rollback", "Roll back", roll_back)


def _say_kept(session: Session) -> Any:
    folders = {folder.name: folder for folder in list_generations(session.service.settings.index)}

    def say(name: str) -> str:
        try:
            manifest = manifest_of(folders[name])
        except (BrokenIndexError, KeyError):
            return f"{name}, damaged"
        return f"{say_generation(name)}, {manifest.published_at:%Y-%m-%d %H:%M}, {len(manifest.documents)} documents"

    return say


def _reason(name: str) -> str:
    return str(st.session_state.get(f"{name}-reason", ""))[:LONGEST_REASON].strip()


def _confirm(name: str, label: str, act: Any) -> None:
    """A reason and a tick before the button works; what comes of it is said above."""

    def run() -> None:
        try:
            act()
        except AssistantError as error:
            st.session_state["operation-said"] = ("Not done", [str(error)])
        else:
            st.session_state["operation-said"] = (f"{label}: done or begun", ["It is recorded with your reason."])
        st.session_state[f"{name}-reason"], st.session_state[f"{name}-sure"] = "", False

    st.text_input("Reason", key=f"{name}-reason", max_chars=LONGEST_REASON, placeholder="Recorded in the ledger")
    sure = st.checkbox("I want this for everyone", key=f"{name}-sure")
    st.button(label, key=f"{name}-go", type="primary", disabled=not (sure and _reason(name)), on_click=run)


def show_generations(session: Session) -> None:
    """The generations that are kept."""
    st.html('<div class="pa-heading"><h2>Generations</h2><p>Kept, newest first.</p></div>')
    rows = []
    for folder in reversed(list_generations(session.service.settings.index)):
        try:
            manifest = manifest_of(folder)
        except BrokenIndexError as error:
            rows.append((folder.name, "", "", "", error.message))
            continue
        state = "Serving" if folder.name == session.index.generation else ""
        counts = (f"{len(manifest.documents):,}", f"{len(manifest.quarantine):,}")
        rows.append((folder.name, f"{manifest.published_at:%Y-%m-%d %H:%M} UTC", *counts, state or manifest.forced))
    show_grid(("Generation", "Published", "Documents", "Left out", "Note"), rows, numeric=(2, 3), label="Generations")


def show_runs(session: Session) -> None:
    """The last runs of the ingestion."""
    st.html('<div class="pa-heading"><h2>Runs</h2><p>Of the ingestion, newest first.</p></div>')
    head = ("Started", "Result", "Added", "Changed", "Removed", "Failed", "Seconds")
    reports = last_reports(session.service.settings.index)
    show_grid(head, [_run(report) for report in reports], numeric=(2, 3, 4, 5, 6), label="Runs")


def _run(report: Mapping[str, Any]) -> tuple[str, ...]:
    result = report.get("error") or ("published" if report.get("published") else "nothing new")
    counts = (str(len(report.get(name, ()))) for name in ("added", "changed", "removed", "failed"))
    started = str(report.get("started", ""))[:16].replace("T", " ")
    return (f"{started} UTC", str(result), *counts, f"{report.get('seconds', {}).get('total', 0):.0f}")


def show_actions(session: Session) -> None:
    """What owners and administrators did."""
    ledger = session.assistant.ledger
    entries = ledger.latest(20, "action") if ledger else ()
    if entries:
        st.html('<div class="pa-heading"><h2>Actions</h2><p>Of owners and administrators, newest first.</p></div>')
        rows = [
            (f"{e.body['at'][:16].replace('T', ' ')} UTC", e.body["action"], e.body["detail"], e.body["reader"])
            for e in entries
        ]
        show_grid(("When", "What", "Detail", "By"), rows, label="Actions")
