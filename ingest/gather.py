"""Gathers the documents of a new generation: kept ones, newly parsed ones, last good versions of failed ones."""

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path

from ingest.build import Built, build_document, keep_document
from ingest.compare import Held
from ingest.failpoint import reach
from ingest.manifest import Quarantined
from ingest.plan import Wanted, last_good, quarantine
from ingest.register import Record
from ingest.source import hash_file
from ingest.supply import VectorSupply
from ingest.task import Served, Task, cached_place, versions_of
from ingest.worker import Job, Limits, ParsePool


def gather_documents(
    task: Task, held: Held, served: Served | None, supply: VectorSupply
) -> tuple[list[Built], list[Quarantined]]:
    """All documents of the new generation, sorted, and what goes into quarantine; new ones are offered to `supply`."""
    plan, versions = held.plan, versions_of(task.settings)
    failures: dict[Path, tuple[str, str]] = {}
    made = _build_work(task, plan.work, failures, supply)
    built = [keep_document(kept, served.index) for kept in plan.kept] if served else []
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
            built.append(keep_document(kept, served.index))
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
    with closing(_parsed(task, {cached: same[0] for cached, same in items.items()}, failures)) as places:
        for cached in places:
            for item in items[cached]:
                made_by = versions_of(task.settings).made_by
                document = build_document(item, cached, task.settings.chunking(), made_by, supply)
                if document:
                    made[item.file.path] = document
    return made


def _identity(record: Record) -> tuple[str, str]:
    return record.doc_id, record.version


def _parsed(
    task: Task, wanted: Mapping[Path, Wanted], failures: dict[Path, tuple[str, str]]
) -> Generator[Path, None, None]:
    """The places in the cache of what is there, then of what is parsed, as it comes.

    `failures` is filled with why files failed and in which attempt, by their places.
    """
    settings = task.settings
    task.parsed_folder.mkdir(parents=True, exist_ok=True)
    missing = {cached: item for cached, item in wanted.items() if not cached.exists()}
    yield from (cached for cached in wanted if cached not in missing)
    task.watcher.begin("parsing", len(missing))
    limits = Limits(settings.parse_seconds, settings.parse_memory_mb)
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
            if cached not in failures:
                yield cached
    task.report.parsed = len(missing)
    reach("parsed")


def _jobs(
    task: Task,
    missing: Mapping[Path, Wanted],
    copies: dict[Path, ExitStack],
    failures: dict[Path, tuple[str, str]],
    stack: ExitStack,
) -> Iterator[Job]:
    """A job for each document, its local copy made when a worker is free; `copies` are closed by the caller.

    The largest come first: a long one that came last would keep one worker busy and the others idle.
    """
    for cached, item in sorted(missing.items(), key=lambda pair: pair[1].file.size, reverse=True):
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
