"""Gathers the documents of a new generation: kept ones, newly parsed ones, last good versions of failed ones."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from ingest.build import Built, build_document, keep_document
from ingest.compare import Held
from ingest.failpoint import reach
from ingest.manifest import Quarantined
from ingest.plan import Wanted, last_good, quarantine
from ingest.register import Record
from ingest.source import hash_file
from ingest.task import Served, Task, cached_place, versions_of
from ingest.worker import Job, Limits, ParsePool


def gather_documents(task: Task, held: Held, served: Served | None) -> tuple[list[Built], list[Quarantined]]:
    """All documents of the new generation, sorted, and what goes into quarantine."""
    plan, versions = held.plan, versions_of(task.settings)
    failures = _parse_missing(task, plan.work)
    built = [keep_document(kept, served.index) for kept in plan.kept] if served else []
    failing = list(plan.failing)
    for item in plan.work:
        cached = cached_place(task, item)
        made = None if cached in failures else build_document(item, cached, task.settings.chunking(), versions.made_by)
        if made and made.entry.chunks:
            built.append(made)
        else:
            reason, attempt = failures.get(cached, ("no text was found in it", versions.attempt))
            failing.append((item, quarantine(item, reason, attempt)))
    taken = {_identity(item.entry.record) for item in built}
    lines = []
    for item, line in failing:
        kept = last_good(item, served.manifest) if served and served.readable else None
        serving = kept is not None and _identity(kept.entry.record) not in taken
        if kept and served and serving:
            taken.add(_identity(kept.entry.record))
            built.append(keep_document(kept, served.index))
        lines.append(replace(line, serving=serving))
    built.sort(key=lambda item: (*_identity(item.entry.record), item.entry.record.file))
    return built, sorted(lines, key=lambda line: line.file)


def _identity(record: Record) -> tuple[str, str]:
    return record.doc_id, record.version


def _parse_missing(task: Task, work: Sequence[Wanted]) -> dict[Path, tuple[str, str]]:
    """Parse what the cache does not hold; returns why files failed and in which attempt, by their place in it."""
    settings = task.settings
    task.parsed_folder.mkdir(parents=True, exist_ok=True)
    missing = {cached_place(task, item): item for item in work if not cached_place(task, item).exists()}
    task.watcher.begin("parsing", len(missing))
    limits = Limits(settings.parse_seconds, settings.parse_memory_mb)
    failures: dict[Path, tuple[str, str]] = {}
    with ParsePool(min(settings.workers, len(missing)), limits, ocr=settings.ocr) as pool, ExitStack() as stack:
        copies: dict[Path, ExitStack] = {}
        for job, reason in pool.parse(_jobs(task, missing, copies, failures, stack)):
            cached = job.out.with_suffix("")
            if meanwhile := _changed_meanwhile(job, missing[cached]):
                failures[cached] = (meanwhile, "")
            elif reason:
                failures[cached] = (reason, versions_of(settings).attempt)
            else:
                job.out.replace(cached)
            copies.pop(cached).close()
            task.watcher.advance()
    task.report.parsed = len(missing)
    reach("parsed")
    return failures


def _jobs(
    task: Task,
    missing: Mapping[Path, Wanted],
    copies: dict[Path, ExitStack],
    failures: dict[Path, tuple[str, str]],
    stack: ExitStack,
) -> Iterator[Job]:
    """A job for each document, its local copy made when a worker is free; `copies` are closed by the caller."""
    for cached, item in missing.items():
        copies[cached] = stack.enter_context(ExitStack())
        try:
            path = copies[cached].enter_context(task.source.open_local(item.file))
        except OSError as error:
            failures[cached] = (f"can't be read: {error.strerror}", "")
        else:
            yield Job(path, item.suffix, cached.with_suffix(cached.suffix + ".new"))


def _changed_meanwhile(job: Job, item: Wanted) -> str:
    try:
        return "" if hash_file(job.path) == item.content_hash else "changed while it was being read"
    except OSError as error:
        return f"can't be read: {error.strerror}"
