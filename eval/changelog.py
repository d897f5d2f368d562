"""What changed between two evaluated generations or configurations: documents, models, settings, figures."""

from collections.abc import Mapping
from typing import Any

from eval.baseline import comparable
from eval.card import check_report
from eval.compare import Comparison, compare_reports
from eval.markdown import HEADLINE, table

Rows = list[tuple[object, ...]]


def change_log(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """The change log as Markdown; SettingsError where either report lacks a fact."""
    check_report(before)
    check_report(after)
    comparison = compare_reports(comparable(before), comparable(after))
    old, new = before["run"], after["run"]
    parts = [
        f"# Change log: {old['index']} to {new['index']}",
        f"Published {old['provenance']['published_at']}, then {new['provenance']['published_at']}.",
        _section("Documents", ("", "id", "version", "file"), _documents(old, new), "No document changed."),
        _section("Models, program and settings", ("what", "before", "after"), _settings(old, new), "Nothing changed."),
        _section("Figures", ("measure", "before", "after", "95% interval of the change", ""), _figures(comparison), ""),
        _cases(comparison),
    ]
    return "\n\n".join(parts) + "\n"


def _section(title: str, header: tuple[str, ...], rows: Rows, nothing: str) -> str:
    return f"## {title}\n\n{table(header, rows) if rows else nothing}"


def _documents(old: Mapping[str, Any], new: Mapping[str, Any]) -> Rows:
    was, now = (run["provenance"]["register"] for run in (old, new))
    rows: Rows = []
    for file in sorted({*was, *now}):
        kind = "added" if file not in was else "removed" if file not in now else _kind(was[file], now[file])
        if kind:
            entry = now.get(file) or was[file]
            rows.append((kind, entry["id"], entry["version"], file))
    return rows


def _kind(was: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    if was["sha256"] != now["sha256"]:
        return "changed"
    return f"{was['status']} to {now['status']}" if was["status"] != now["status"] else ""


def _settings(old: Mapping[str, Any], new: Mapping[str, Any]) -> Rows:
    was, now = _facts(old), _facts(new)
    names = sorted({*was, *now})
    return [(n, was.get(n, "not set"), now.get(n, "not set")) for n in names if was.get(n) != now.get(n)]


def _facts(run: Mapping[str, Any]) -> dict[str, str]:
    made = run["provenance"]
    kept = {
        "chat model": f"{made['chat_model']['id']} {made['chat_model']['sha256']}",
        "embedding model": f"{made['embedder']['id']} {made['embedder']['sha256']}",
        "parsing and chunking": made["chunking"],
        "program and settings": run["configuration"],
        "prompt": run["prompt"],
        "versions in force on": run["as_of"],
        "judge": run.get("judge") or "none",
    }
    return kept | {f"setting {name}": value for name, value in made["settings"].items()}


def _figures(comparison: Comparison) -> Rows:
    return [
        (d.metric, f"{d.before:.3f}", f"{d.after:.3f}", f"{d.low:+.3f} to {d.high:+.3f}", d.verdict)
        for d in comparison.deltas
        if d.group == "overall" and (d.metric in HEADLINE or d.verdict != "same")
    ]


def _cases(comparison: Comparison) -> str:
    lines = [f"## Cases\n\n{len(comparison.changed)} changed."]
    lines += [f"- {change.case_id}: {'; '.join(change.what[:4])}" for change in comparison.changed]
    lines += [f"- new: {', '.join(comparison.added)}"] if comparison.added else []
    lines += [f"- gone: {', '.join(comparison.removed)}"] if comparison.removed else []
    lines += [f"- {note}" for note in comparison.notes]
    return lines[0] + "\n\n" + "\n".join(lines[1:]) if lines[1:] else lines[0]
