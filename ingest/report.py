"""The report of a run: what was added, changed, removed and failed; kept as JSON beside the index."""

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ingest.files import replace_file
from ingest.manifest import Entry, Quarantined
from ingest.source import Skipped

_KEPT_REPORTS = 100


@dataclass(slots=True)
class Report:
    """Filled while a run goes on; lists hold paths below the source. `seconds` is by stage, "total" the whole.

    `generation` is the one served at the end. `parsed`, `chunked` and `embedded` count work done, `reused` the
    vectors taken over. `exit_code` is the process's.
    """

    started: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))
    source: str = ""
    generation: str = ""
    published: bool = False
    dry_run: bool = False
    forced: str = ""
    exit_code: int = 0
    error: str = ""
    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    moved: list[str] = field(default_factory=list)
    unchanged: int = 0
    removed: list[str] = field(default_factory=list)
    failed: list[dict[str, Any]] = field(default_factory=list)
    skipped: list[dict[str, str]] = field(default_factory=list)
    warnings: dict[str, list[str]] = field(default_factory=dict)
    canaries_missed: list[str] = field(default_factory=list)
    documents: int = 0
    chunks: int = 0
    parsed: int = 0
    embedded: int = 0
    reused: int = 0
    seconds: dict[str, float] = field(default_factory=dict)

    def totals(self) -> dict[str, Any]:
        """The report with counts for lists: one short line for a log collector."""
        content = asdict(self)
        for name, value in content.items():
            if isinstance(value, list | dict) and name not in ("seconds", "failed"):
                content[name] = len(value)
        failed = content.pop("failed")
        return {**content, "failed": len(failed), "stale": sum(line["serving"] for line in failed), "failures": failed}

    def note_failures(self, quarantine: list[Quarantined], skipped: tuple[Skipped, ...]) -> None:
        """List what failed, with its reason and whether its last good version still serves, and what was left out."""
        self.failed = [{"file": q.file, "reason": q.reason, "serving": q.serving} for q in quarantine]
        self.skipped = [{"file": item.path, "reason": item.reason} for item in skipped]


def compare_entries(report: Report, new: Sequence[Entry], previous: Sequence[Entry]) -> None:
    """Sort the indexed files into added, changed, moved, unchanged and removed."""
    before = {(e.record.doc_id, e.record.version): e for e in previous}
    after = {(e.record.doc_id, e.record.version): e for e in new}
    gone = {key: entry for key, entry in before.items() if key not in after}
    report.added, report.changed, report.moved, report.unchanged = [], [], [], 0
    for key, entry in after.items():
        old = before.get(key)
        if old is None:
            moved = next((k for k, e in gone.items() if e.content_hash == entry.content_hash), None)
            if moved is None:
                report.added.append(entry.record.file)
            else:
                report.moved.append(f"{gone.pop(moved).record.file} -> {entry.record.file}")
        elif old.record.file != entry.record.file and old.content_hash == entry.content_hash:
            report.moved.append(f"{old.record.file} -> {entry.record.file}")
        elif _same(old, entry):
            report.unchanged += 1
        else:
            report.changed.append(entry.record.file)
    report.removed = [entry.record.file for entry in gone.values()]


def _same(old: Entry, new: Entry) -> bool:
    return (old.record, old.content_hash, old.chunks_hash) == (new.record, new.content_hash, new.chunks_hash)


def write_report(report: Report, index: Path) -> None:
    """Store the report in <index>/runs/, readable for its owner only, because it names every document.

    A disk too full for it must not turn a good run into a failed one.
    """
    folder = index / "runs"
    with suppress(OSError):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        name = report.started.replace(":", "").replace("+0000", "Z")
        number = sum(1 for _ in folder.glob(f"{name}*.json"))
        replace_file(folder / f"{name}-{number}.json", json.dumps(asdict(report), indent=1), mode=0o600)
        for old in sorted(folder.glob("*.json"))[:-_KEPT_REPORTS]:
            old.unlink()


def last_report(index: Path) -> dict[str, Any] | None:
    """The newest stored report as plain data, or None."""
    for path in sorted((index / "runs").glob("*.json"), reverse=True):
        with suppress(OSError, ValueError):
            content: dict[str, Any] = json.loads(path.read_text("utf-8"))
            return content
    return None
