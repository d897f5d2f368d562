"""One run: list, compare, parse what changed, chunk, embed what is new, publish. Nothing changes in place."""

import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from ingest.build import Built, Watcher, build_document, build_index, keep_document
from ingest.canary import missed_canaries, read_canaries
from ingest.chunk import CHUNKER_VERSION
from ingest.embed import Embedder, load_embedder
from ingest.errors import AssistantError, BrokenIndexError, PublishError, PublishRefusedError, SourceError
from ingest.failpoint import reach
from ingest.index import INDEX_VERSION, Index, open_index
from ingest.lexical import LEXICAL_VERSION
from ingest.manifest import Making, Manifest, Quarantined
from ingest.metrics import write_metrics
from ingest.parse import PARSER_VERSION, SUFFIXES
from ingest.parsed import cache_key
from ingest.plan import Plan, Versions, Wanted, choose_files, last_good, make_plan, quarantine
from ingest.publish import (
    building_folder,
    index_lock,
    note_rolled_back,
    prune_generations,
    publish,
    read_manifest,
    rolled_back,
    whole_generation,
)
from ingest.register import Record, parse_register
from ingest.report import Report, compare_entries, write_report
from ingest.rules import broken_rules
from ingest.settings import IngestSettings
from ingest.source import FolderSource, Listing, Source, SourceFile, hash_file
from ingest.units import UNITS_VERSION
from ingest.worker import Job, Limits, ParsePool


@dataclass(frozen=True, slots=True)
class Options:
    """What one run is told beside its settings; `force` is the reason for publishing against the rules."""

    dry_run: bool = False
    force: str = ""
    retry: bool = False


@dataclass(frozen=True, slots=True)
class Task:
    """What the steps of a run share."""

    settings: IngestSettings
    options: Options
    watcher: Watcher
    source: Source
    report: Report

    @property
    def parsed_folder(self) -> Path:
        """The folder of parsed documents."""
        return self.settings.index / "cache"

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """Add the seconds of a stage to the report."""
        start = time.monotonic()
        try:
            yield
        finally:
            self.report.seconds[stage] = round(time.monotonic() - start, 3)


@dataclass(frozen=True, slots=True)
class Served:
    """The generation that a run starts from; `problem` says why it is not the one CURRENT names, or is "".

    `readable` tells whether its passages and vectors can be taken over by this version of the program.
    """

    folder: Path
    manifest: Manifest
    problem: str
    index: Callable[[], Index]
    readable: bool


@dataclass(frozen=True, slots=True)
class Held:
    """What the source holds: the plan for its files, and the register's document ids (None without register)."""

    plan: Plan
    wanted: tuple[Wanted, ...]
    listed: frozenset[str] | None


_INDEX = f"index {INDEX_VERSION} lexical {LEXICAL_VERSION} units {UNITS_VERSION}"
_KEEPS = "free space or mend the disk; what was served before still is"


def run_ingest(settings: IngestSettings, options: Options, watcher: Watcher) -> Report:
    """Bring the index up to date with the source; the report says what was done. Raises AssistantError."""
    report = Report(source=settings.corpus, dry_run=options.dry_run, forced=options.force)
    task = Task(settings, options, watcher, _open_source(settings.corpus), report)
    if options.dry_run:
        with task.timed("total"):
            _preview(task)
        return report
    with index_lock(settings.index, seconds=settings.lock_seconds):
        try:
            with task.timed("total"):
                try:
                    _update(task, readable=True)
                except BrokenIndexError:  # whole, but of a form that can't be read any more
                    _update(task, readable=False)
        except (OSError, sqlite3.Error) as error:
            failure = PublishError(f"the new generation can't be made: {error}", hint=_KEEPS)
            _note_error(task, failure)
            raise failure from error
        except AssistantError as error:
            _note_error(task, error)
            raise
        _note_end(task)
    return report


def _open_source(corpus: str) -> Source:
    if not corpus.startswith("s3://"):
        return FolderSource(Path(corpus))
    from ingest.bucket import BucketSource  # noqa: PLC0415 -- boto3 is slow to import and folders don't need it

    return BucketSource(corpus)


def _note_error(task: Task, error: AssistantError) -> None:
    task.report.error, task.report.exit_code = str(error), error.exit_code
    _note_end(task)


def _note_end(task: Task) -> None:
    write_report(task.report, task.settings.index)
    if task.settings.metrics_file:
        write_metrics(task.report, task.settings.metrics_file)


def _preview(task: Task) -> None:
    served = _open_served(task.settings.index, readable=True)
    held = _look(task, served)
    before = served.manifest.documents if served else ()
    compare_entries(task.report, [kept.entry for kept in held.plan.kept], before)
    identities = {(entry.record.doc_id, entry.record.version) for entry in before}
    for item in held.plan.work:
        known = (item.record.doc_id, item.record.version) in identities
        (task.report.changed if known else task.report.added).append(item.file.path)
    busy = {item.file.path for item in held.plan.work} | {item.file.path for item, _ in held.plan.failing}
    task.report.removed = [path for path in task.report.removed if path not in busy]
    task.report.note_failures([line for _, line in held.plan.failing], held.plan.skipped)
    task.report.generation = served.folder.name if served else ""


def _update(task: Task, *, readable: bool) -> None:
    settings = task.settings
    served = _open_served(settings.index, readable=readable)
    embedder = load_embedder(
        settings.embedder, models=settings.models, threads=settings.embed_threads, batch=settings.embed_batch
    )
    with task.timed("compare"):
        held = _look(task, served)
    with task.timed("parse"):
        built, failed = _gather(task, held, served)
    manifest = Manifest(
        published_at=datetime.now(UTC).replace(microsecond=0),
        source=task.source.name,
        registered=held.listed is not None,
        making=Making(embedder.info, _INDEX, _versions(settings).made_by),
        documents=tuple(item.entry for item in built),
        quarantine=tuple(failed),
        forced=task.options.force,
    )
    _note(task.report, manifest, served, held)
    if served and not served.problem and manifest.content_hash == served.manifest.content_hash:
        task.report.generation = served.folder.name
        return
    _check_rules(task, manifest, served, held)
    _publish(task, manifest, built, embedder, served)
    _forget_parsed(task, held)


def _open_served(index: Path, *, readable: bool) -> Served | None:
    try:
        folder, problem = whole_generation(index)
    except BrokenIndexError:
        return None  # none yet, or none that is whole: everything is made anew
    manifest = read_manifest(folder)
    same_form = readable and manifest.making.index_version == _INDEX
    return Served(folder, manifest, problem, cache(lambda: open_index(folder)), same_form)


def _versions(settings: IngestSettings) -> Versions:
    parser = f"parser {PARSER_VERSION} ocr {settings.ocr}"
    limits = f"{settings.parse_seconds:g} s {settings.parse_memory_mb} MB {settings.max_file_mb} MB"
    sizes = settings.chunking()
    chunker = f"chunker {CHUNKER_VERSION} {sizes.max_chars} {sizes.max_table_chars}"
    return Versions(made_by=f"{parser} {chunker}", attempt=f"{parser} {limits}")


def _look(task: Task, served: Served | None) -> Held:
    """List and hash the source's files and compare them with what is served."""
    listing = task.source.list_files()
    records = _read_register(task.source, listing)
    chosen, skipped = choose_files(listing, records, SUFFIXES)
    if not chosen and records is None:
        raise SourceError(
            f"{task.source.name} holds no documents of a type that is read ({', '.join(sorted(SUFFIXES))})"
        )
    previous = served.manifest if served and served.readable else None
    hints = {entry.record.file: entry for entry in previous.documents if entry.hint} if previous else {}
    task.watcher.begin("comparing", len(chosen))
    wanted = []
    for file, record in chosen:
        known = hints.get(file.path)
        wanted.append(_hash(task, file, record, known.content_hash if known and known.hint == file.hint else ""))
        task.watcher.advance()
    plan = make_plan(wanted, skipped, previous, _versions(task.settings), retry=task.options.retry)
    listed = frozenset(record.doc_id for record in records.values()) if records is not None else None
    return Held(plan, tuple(wanted), listed)


def _read_register(source: Source, listing: Listing) -> dict[str, Record] | None:
    if listing.register is None:
        return None
    with source.open_local(listing.register) as path:
        return parse_register(listing.register.path, path.read_bytes(), {file.path for file in listing.files})


def _hashes_by_hint(previous: Manifest) -> dict[tuple[str, str], str]:
    """Content hashes that need not be taken again as long as the store's change hint is the same."""
    documents = {(entry.record.file, entry.hint): entry.content_hash for entry in previous.documents if not entry.stale}
    failed = {(line.file, line.hint): line.content_hash for line in previous.quarantine}
    return {key: content_hash for key, content_hash in {**documents, **failed}.items() if key[1]}


def _hash(task: Task, file: SourceFile, record: Record, known: str) -> Wanted:
    limit = task.settings.max_file_mb
    if known:
        return Wanted(file, record, known)
    try:
        if file.size > limit << 20:
            return Wanted(file, record, "", f"larger than {limit} MB (INGEST_MAX_FILE_MB)")
        with task.source.open_local(file) as path:
            return Wanted(file, record, hash_file(path))
    except OSError as error:
        return Wanted(file, record, "", f"can't be read: {error.strerror}")


def _gather(task: Task, held: Held, served: Served | None) -> tuple[list[Built], list[Quarantined]]:
    """All documents of the new generation, sorted, and what goes into quarantine."""
    plan, versions = held.plan, _versions(task.settings)
    failures = _parse_missing(task, plan.work)
    built = [keep_document(kept, served.index) for kept in plan.kept] if served else []
    failing = list(plan.failing)
    for item in plan.work:
        cached = _cached(task, item)
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


def _cached(task: Task, item: Wanted) -> Path:
    parser = f"{PARSER_VERSION} {task.settings.ocr}"
    return task.parsed_folder / f"{cache_key(item.content_hash, item.suffix, parser)}.json.gz"


def _parse_missing(task: Task, work: Sequence[Wanted]) -> dict[Path, tuple[str, str]]:
    """Parse what the cache does not hold; returns why files failed and in which attempt, by their place in it."""
    settings = task.settings
    task.parsed_folder.mkdir(parents=True, exist_ok=True)
    missing = {_cached(task, item): item for item in work if not _cached(task, item).exists()}
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
                failures[cached] = (reason, _versions(settings).attempt)
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


def _note(report: Report, manifest: Manifest, served: Served | None, held: Held) -> None:
    compare_entries(report, manifest.documents, served.manifest.documents if served else ())
    report.note_failures(list(manifest.quarantine), held.plan.skipped)
    report.documents = len(manifest.documents)
    report.chunks = sum(entry.chunks for entry in manifest.documents)
    report.warnings = {e.record.file: list(e.warnings) for e in manifest.documents if e.warnings}
    report.exit_code = 1 if manifest.quarantine else 0


def _check_rules(task: Task, manifest: Manifest, served: Served | None, held: Held) -> None:
    problems = broken_rules(
        manifest,
        served.manifest if served else None,
        listed=held.listed or frozenset(),
        rolled_back=rolled_back(task.settings.index),
        max_failed_share=task.settings.max_failed_share,
    )
    if problems and not task.options.force:
        raise PublishRefusedError(f"not published: {'; '.join(problems)}", hint="if it is right: --force REASON")


def _publish(task: Task, manifest: Manifest, built: Sequence[Built], embedder: Embedder, served: Served | None) -> None:
    report, index = task.report, task.settings.index
    same = served is not None and served.readable and served.manifest.embedder == embedder.info
    with building_folder(index) as folder:
        with task.timed("embed and write"):
            counts = build_index(folder, built, embedder, served.index() if served and same else None, task.watcher)
        with task.timed("canaries"):
            _ask_canaries(task, folder, embedder)
        with task.timed("publish"):
            generation = publish(index, folder, manifest)
    report.embedded, report.reused = counts.embedded, counts.reused
    report.published, report.generation = True, generation.name
    left = {name: content for name, content in rolled_back(index).items() if content != manifest.content_hash}
    note_rolled_back(index, left)
    prune_generations(index, task.settings.keep)
    reach("pruned")


def _ask_canaries(task: Task, folder: Path, embedder: Embedder) -> None:
    settings = task.settings
    if settings.canaries is None:
        return
    canaries = read_canaries(settings.canaries)
    index = open_index(folder)
    try:
        task.report.canaries_missed = missed_canaries(canaries, index, embedder, today=datetime.now(UTC).date())
    finally:
        index.close()
    found = len(canaries) - len(task.report.canaries_missed)
    if found < settings.canary_floor * len(canaries) and not task.options.force:
        raise PublishRefusedError(
            f"not published: {found} of {len(canaries)} canary questions find their document, "
            f"less than a share of {settings.canary_floor:g}",
            hint="if it is right: --force REASON",
        )


def _forget_parsed(task: Task, held: Held) -> None:
    """Remove cached documents that no file of the source needs any more."""
    needed = {_cached(task, item) for item in held.wanted}
    for path in task.parsed_folder.iterdir():
        if path not in needed:
            path.unlink()
