"""The status page: what is indexed, since when, what was left out and why."""

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import date
from html import escape
from pathlib import Path
from typing import Any

import streamlit as st

from app.access import may_read
from app.answer import Assistant
from app.service import Service
from app.views.library_facts import manifest_of
from app.views.markup import say_age, say_date, show_callout, show_grid
from app.views.references import say_generation
from ingest.errors import BrokenIndexError
from ingest.manifest import Entry, Manifest, Quarantined
from ingest.publish import list_generations

HEAD = ("Document", "Version", "Status", "In force", "Pages", "Passages", "Warnings")


def show_status(service: Service, assistant: Assistant) -> None:
    """The whole page, of what the reader may see."""
    manifest = manifest_of(assistant.library.index.folder)
    readable = [entry for entry in manifest.documents if may_read(service.reader, entry.record.readers)]
    entries = sorted(readable, key=lambda entry: (entry.record.doc_id, entry.record.effective_from or date.min))
    with st.container(key="page"):
        st.html('<div class="pa-heading"><h1>Library status</h1><p>What answers are drawn from.</p></div>')
        _show_tiles(service, assistant, manifest, entries)
        _show_quarantine(manifest.quarantine)
        st.html('<div class="pa-heading"><h2>Documents</h2></div>')
        show_grid(HEAD, [_row(entry) for entry in entries], numeric=(4, 5), label="Documents in the index")
        st.download_button(
            "Download as CSV",
            data=lambda: as_csv([HEAD, *(_row(entry) for entry in entries)]),
            file_name="library-status.csv",
            mime="text/csv",
            icon=":material/download:",
            on_click="ignore",
            key="status-csv",
        )
        _show_generations(service, assistant)
        _show_runs(service.settings.index)


def _show_tiles(service: Service, assistant: Assistant, manifest: Manifest, entries: Sequence[Entry]) -> None:
    tiles = [
        ("Documents", f"{len(entries):,}"),
        ("Passages", f"{sum(entry.chunks for entry in entries):,}"),
        ("Left out", f"{len(manifest.quarantine):,}"),
        ("Published", say_age(manifest.published_at)),
        ("Serving", say_generation(assistant.library.index.generation)),
        ("Embedding model", manifest.embedder.id),
        ("Answers by", assistant.model_name),
        *([("Model", service.model_problem() or "ready")] if assistant.llm else []),
    ]
    items = "".join(f'<div class="pa-tile">{escape(k)}<strong>{escape(v)}</strong></div>' for k, v in tiles)
    st.html(f'<div class="pa-tiles">{items}</div>')
    if assistant.library.problem:
        show_callout("An older index serves", [assistant.library.problem], kind="bad")


def _show_quarantine(quarantine: Sequence[Quarantined]) -> None:
    st.html('<div class="pa-heading"><h2>Left out</h2></div>')
    if not quarantine:
        show_callout("Nothing was left out", ["Every document of the library could be read."])
        return
    rows = [(q.file, q.reason, "Last good version" if q.serving else "Nothing") for q in quarantine]
    show_grid(("File", "Reason", "Served instead"), rows, label="Documents that could not be read")


def _row(entry: Entry) -> tuple[str, ...]:
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
        "\n".join(["", *warnings]) if warnings else "",
    )


def _show_generations(service: Service, assistant: Assistant) -> None:
    st.html('<div class="pa-heading"><h2>Generations</h2><p>Kept, newest first.</p></div>')
    rows = []
    for folder in reversed(list_generations(service.settings.index)):
        try:
            manifest = manifest_of(folder)
        except BrokenIndexError as error:
            rows.append((folder.name, "", "", "", error.message))
            continue
        state = "Serving" if folder.name == assistant.library.index.generation else ""
        counts = (f"{len(manifest.documents):,}", f"{len(manifest.quarantine):,}")
        rows.append((folder.name, f"{manifest.published_at:%Y-%m-%d %H:%M} UTC", *counts, state or manifest.forced))
    show_grid(("Generation", "Published", "Documents", "Left out", "Note"), rows, numeric=(2, 3), label="Generations")


def _show_runs(index: Path) -> None:
    st.html('<div class="pa-heading"><h2>Runs</h2><p>Of the ingestion, newest first.</p></div>')
    head = ("Started", "Result", "Added", "Changed", "Removed", "Failed", "Seconds")
    show_grid(head, [_run(report) for report in last_reports(index)], numeric=(2, 3, 4, 5, 6), label="Runs")


def _run(report: Mapping[str, Any]) -> tuple[str, ...]:
    result = report.get("error") or ("published" if report.get("published") else "nothing new")
    counts = (str(len(report.get(name, ()))) for name in ("added", "changed", "removed", "failed"))
    started = str(report.get("started", ""))[:16].replace("T", " ")
    return (f"{started} UTC", str(result), *counts, f"{report.get('seconds', {}).get('total', 0):.0f}")


def last_reports(index: Path, limit: int = 8) -> list[Mapping[str, Any]]:
    """The newest stored run reports; one that can't be read is left out."""
    reports = []
    for path in sorted((index / "runs").glob("*.json"), reverse=True)[:limit]:
        with suppress(OSError, ValueError):
            reports.append(json.loads(path.read_text("utf-8")))
    return reports


def as_csv(rows: Iterable[Sequence[str]]) -> str:
    """CSV text; a cell that a spreadsheet would run as a formula is quoted with an apostrophe."""
    out = io.StringIO()
    writer = csv.writer(out)
    for row in rows:
        cells = [" / ".join(part for part in cell.split("\n") if part) for cell in row]
        writer.writerow([f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell for cell in cells])
    return out.getvalue()
