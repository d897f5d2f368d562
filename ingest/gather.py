"""Gathers the documents of a new generation: kept ones, newly parsed ones, last good versions of failed ones."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from ingest.build import Built, build_document, keep_document
from ingest.compare import Held
from ingest.manifest import Quarantined
from ingest.plan import Wanted, last_good, quarantine
from ingest.register import Record
from ingest.supply import VectorSupply
from ingest.task import Served, Task, cached_place, versions_of


def gather_documents(
    task: Task, held: Held, served: Served | None, supply: VectorSupply, *, copied: bool
) -> tuple[list[Built], list[Quarantined]]:
    """All documents of the new generation, sorted, and what goes into quarantine; new ones are offered to `supply`.

    Kept documents are `copied` from the served index as they are stored, or made anew.
    """
    plan, versions = held.plan, versions_of(task.settings)
    failures: dict[Path, tuple[str, str]] = {}
    made = _build_work(task, plan.work, failures, supply)
    built = [keep_document(kept, served.index, copied=copied) for kept in plan.kept] if served else []
    failing = list(plan.failing)
    for item in plan.work:
        document = made.get(item.file.path)
        if document and document.entry.chunks:
            built.append(document)
        else:
            reason, attempt = failures.get(cached_place(task, item), ("no text was found in it", versions.attempt))
            failing.append((item, quarantine(item, reason, attempt)))
    taken = {_identity(item.entry.record) for item in built}
    lines = []
    for item, line in failing:
        kept = last_good(item, served.manifest) if served and served.readable else None
        serving = kept is not None and _identity(kept.entry.record) not in taken
        if kept and served and serving:
            taken.add(_identity(kept.entry.record))
            built.append(keep_document(kept, served.index, copied=copied))
        lines.append(replace(line, serving=serving))
    built.sort(key=lambda item: (*_identity(item.entry.record), item.entry.record.file))
    return built, sorted(lines, key=lambda line: line.file)


def _build_work(
    task: Task, work: Sequence[Wanted], failures: dict[Path, tuple[str, str]], supply: VectorSupply
) -> dict[str, Built]:
    """The documents that could be parsed, by their path, each built while others are still being parsed."""
    items: dict[Path, list[Wanted]] = {}
    for item in work:
        items.setdefault(cached_place(task, item), []).append(item)
    made: dict[str, Built] = {}
    task.parsed_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not work:
        return made
    from ingest.parse_missing import parse_missing  # noqa: PLC0415 -- most nights nothing is parsed

    supply.prepare()
    with closing(parse_missing(task, {cached: same[0] for cached, same in items.items()}, failures)) as places:
        for cached in places:
            for item in items[cached]:
                made_by = versions_of(task.settings).made_by
                document = build_document(item, cached, task.settings.chunking(), made_by, supply)
                if document:
                    made[item.file.path] = document
    return made


def _identity(record: Record) -> tuple[str, str]:
    return record.doc_id, record.version
