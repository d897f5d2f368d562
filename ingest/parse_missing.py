"""Parses the documents of a run that the cache does not hold, in worker processes."""

from collections.abc import Generator, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

from ingest.failpoint import reach
from ingest.files import sha256_file
from ingest.limits import Limits
from ingest.plan import Wanted
from ingest.pool import ParsePool
from ingest.task import Task, versions_of
from ingest.worker_process import Job


def parse_missing(
    task: Task, wanted: Mapping[Path, Wanted], failures: dict[Path, tuple[str, str]]
) -> Generator[Path, None, None]:
    """The places in the cache of what is there, then of what is parsed, as it comes.

    `failures` is filled with why files failed and in which attempt, by their places.
    """
    settings = task.settings
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
            path = copies[cached].enter_context(task.source.open_local(item.file)).path
        except OSError as error:
            failures[cached] = (f"can't be read: {error.strerror}", "")
        else:
            yield Job(path, item.suffix, cached.with_suffix(cached.suffix + ".new"))


def _changed_meanwhile(job: Job, item: Wanted) -> str:
    try:
        return "" if sha256_file(job.path) == item.content_hash else "changed while it was being read"
    except OSError as error:
        return f"can't be read: {error.strerror}"
