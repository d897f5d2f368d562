"""The status page: what is indexed, since when, what was left out and why, and how the answers come out."""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from html import escape

import streamlit as st

from app.access import Reader, may_read
from app.figures import Figures, measure
from app.views.conflicts import OPENED_BY, show_conflicts
from app.views.conversation import originals
from app.views.downloads import offer_download
from app.views.library_facts import last_reports, manifest_of
from app.views.markup import say_age, say_date, show_callout, show_grid
from app.views.operations import show_actions, show_generations, show_operations, show_runs
from app.views.references import say_generation
from app.views.source import show_source
from app.views.state import Session
from ingest.errors import AssistantError
from ingest.index import IndexedDocument
from ingest.manifest import Entry, Manifest, Quarantined

HEAD = ("Document", "Version", "Status", "In force", "Pages", "Passages", "Last seen", "Scan read", "Remarks")


def show_status(session: Session) -> None:
    """The whole page, of what the reader may see."""
    manifest = manifest_of(session.index.folder)
    readable = [entry for entry in manifest.documents if may_read(session.reader, entry.record.readers)]
    entries = sorted(readable, key=lambda entry: (entry.record.doc_id, entry.record.effective_from or date.min))
    left_out = quarantined_for(session.reader, manifest)
    session.desk.keep_source_of(OPENED_BY)
    with st.container(key="desk", horizontal=True):
        page, source = st.container(key="page"), st.container(key="source")
    with source:
        show_source(session, originals(session))
    with page:
        st.html('<div class="pa-heading"><h1>Library status</h1><p>What answers are drawn from.</p></div>')
        _show_tiles(session, manifest, entries, left_out)
        show_operations(session, manifest)
        _show_quarantine(left_out)
        show_conflicts(session)
        _show_documents(session, entries)
        _show_figures(session)
        if session.reader.has_role("owner"):
            show_generations(session)
            show_runs(session)
            show_actions(session)


def quarantined_for(reader: Reader, manifest: Manifest) -> list[Quarantined]:
    """What was left out, as far as `reader` may know of it: a file whose readers are unknown is for owners only."""
    known = {entry.record.file: entry.record.readers for entry in manifest.documents}
    return [
        item
        for item in manifest.quarantine
        if (may_read(reader, known[item.file]) if item.file in known else reader.has_role("owner"))
    ]


def _show_tiles(
    session: Session, manifest: Manifest, entries: Sequence[Entry], left_out: Sequence[Quarantined]
) -> None:
    library = session.assistant.library
    tiles = [
        ("Documents", f"{len(entries):,}"),
        ("Passages", f"{sum(entry.chunks for entry in entries):,}"),
        ("Left out", f"{len(left_out):,}"),
        ("Published", say_age(manifest.published_at)),
        ("Serving", say_generation(library.index.generation)),
        ("Search model", manifest.embedder.id),
        ("Answers by", session.assistant.model_name),
        *([("Model", session.service.model_problem() or "ready")] if session.assistant.llm else []),
    ]
    _show_tile_row(tiles)
    if library.problem:
        show_callout("An older index serves", [library.problem], kind="bad")


def _show_tile_row(tiles: Iterable[tuple[str, str]]) -> None:
    items = "".join(f'<div class="pa-tile">{escape(k)}<strong>{escape(v)}</strong></div>' for k, v in tiles)
    st.html(f'<div class="pa-tiles">{items}</div>')


def _show_quarantine(quarantine: Sequence[Quarantined]) -> None:
    if not quarantine:
        return
    st.html('<div class="pa-heading"><h2>Left out</h2><p>These files could not be read.</p></div>')
    rows = [(q.file, q.reason, "Last good version" if q.serving else "Nothing") for q in quarantine]
    show_grid(("File", "Reason", "Served instead"), rows, label="Documents that could not be read")


def _show_documents(session: Session, entries: Sequence[Entry]) -> None:
    st.html('<div class="pa-heading"><h2>Documents</h2></div>')
    indexed = {(d.record.doc_id, d.record.version): d for d in session.index.documents}
    seen = _last_seen(session)
    rows = [_row(entry, indexed.get((entry.record.doc_id, entry.record.version)), seen) for entry in entries]
    show_grid(HEAD, rows, numeric=(4, 5), label="Documents in the index")
    name = "library-status.csv"
    offer_download(session, "Download as CSV", name, lambda: as_csv([HEAD, *rows]).encode(), key="status-csv")


def _last_seen(session: Session) -> str:
    """When the newest run that ended well listed the documents: what is in the index was there then."""
    good = (report for report in last_reports(session.service.settings.index) if not report.get("error"))
    started = next((str(report.get("started", "")) for report in good), "")
    return say_date(datetime.fromisoformat(started)) if started else ""


def _row(entry: Entry, document: IndexedDocument | None, seen: str) -> tuple[str, ...]:
    record = entry.record
    since, until = say_date(record.effective_from), say_date(record.effective_to)
    warnings = [*(["A newer file could not be read; this is the last good version."] * entry.stale), *entry.warnings]
    return (
        f"{record.title}\n{record.doc_id}\n{record.file}",
        record.version,
        record.status,
        f"{since or 'always'} – {until or 'open'}",
        str(entry.pages or ""),
        f"{entry.chunks:,}",
        seen,
        say_confidence(document),
        "\n".join(["", *warnings]) if warnings else "",
    )


def say_confidence(document: IndexedDocument | None) -> str:
    """How sure the text recognition was: the mean over scanned pages, and the worst page below; "" without scans."""
    scanned = [page for page in document.pages if page.confidence is not None] if document else []
    if not scanned:
        return ""
    worst = min(scanned, key=lambda page: page.confidence or 0.0)
    mean = sum(page.confidence or 0.0 for page in scanned) / len(scanned)
    return f"{mean:.0%} sure\nworst {worst.confidence or 0.0:.0%} on p. {worst.index}"


def _show_figures(session: Session) -> None:
    ledger = session.assistant.ledger
    if ledger is None:
        return
    try:
        figures = measure(ledger)
    except AssistantError as error:
        show_callout("The ledger can't be read", [error.message], kind="bad")
        return
    since = f"The last {figures.answers:,} since {figures.since}." if figures.answers else "None so far."
    st.html(f'<div class="pa-heading"><h2>Answers</h2><p>{escape(since)}</p></div>')
    if figures.answers:
        _show_tile_row(_tiles_of(figures))


def _tiles_of(figures: Figures) -> list[tuple[str, str]]:
    tiles = [("Not answered", f"{figures.abstained:,} ({figures.abstained / figures.answers:.0%})")]
    spans = (
        ("Time to the passages", figures.search),
        ("Time to the whole answer", figures.whole),
        ("Time to an answer worded by a model", figures.whole_model),
    )
    tiles += [(f"{name} (median / 95 %)", f"{s[0]:.2f} s / {s[1]:.2f} s") for name, s in spans if s]
    if figures.input_tokens:
        tiles.append(("Model tokens read / written", f"{figures.input_tokens:,} / {figures.output_tokens:,}"))
        tiles.append(("Cost", "no prices set" if figures.cost is None else f"USD {figures.cost:,.2f}"))
    return tiles


def as_csv(rows: Iterable[Sequence[str]]) -> str:
    """CSV text; a cell that a spreadsheet would run as a formula is quoted with an apostrophe."""
    out = io.StringIO()
    writer = csv.writer(out)
    for row in rows:
        cells = [" / ".join(part for part in cell.split("\n") if part) for cell in row]
        writer.writerow([f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell for cell in cells])
    return out.getvalue()
