"""Metrics of the last run in Prometheus' text format, for node_exporter's textfile collector."""

import os
import time
from pathlib import Path

from ingest.report import Report

_PREFIX = "procedures_ingest_"


def write_metrics(report: Report, path: Path) -> None:
    """Replace the metrics file with the numbers of a run; OSError when it can't be written."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_text(render_metrics(report, now=time.time()), "utf-8")
    draft.replace(path)


def render_metrics(report: Report, *, now: float) -> str:
    """The metrics as text; `now` is the end of the run in seconds since 1970."""
    totals = report.totals()
    lines = []
    for name, text, value in (
        ("last_run_timestamp_seconds", "End of the last run.", round(now)),
        ("exit_code", "Exit code of the last run; 0 and 1 left the index up to date.", report.exit_code),
        ("published", "Whether the last run published a generation.", int(report.published)),
        ("run_seconds", "Duration of the last run.", report.seconds.get("total", 0.0)),
        ("documents", "Documents in the index.", report.documents),
        ("passages", "Passages in the index.", report.chunks),
        ("embedded", "Passages embedded by the last run.", report.embedded),
    ):
        lines += [f"# HELP {_PREFIX}{name} {text}", f"# TYPE {_PREFIX}{name} gauge", f"{_PREFIX}{name} {value}"]
    name = f"{_PREFIX}last_run_documents"
    lines += [f"# HELP {name} Documents of the last run by outcome.", f"# TYPE {name} gauge"]
    outcomes = ("added", "changed", "moved", "unchanged", "removed", "failed", "stale", "skipped")
    lines += [f'{name}{{outcome="{outcome}"}} {totals[outcome]}' for outcome in outcomes]
    return "\n".join(lines) + "\n"
