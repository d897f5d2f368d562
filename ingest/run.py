"""One run: list, compare, parse what changed, chunk, embed what is new, publish. Nothing changes in place."""

import sqlite3
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path

from ingest.build import Built, Watcher, build_index
from ingest.compare import Held, look_at_source
from ingest.embed import Embedder, EmbedderInfo, embedder_info, load_embedder
from ingest.errors import AssistantError, BrokenIndexError, PublishError, PublishRefusedError
from ingest.gather import gather_documents
from ingest.generations import rolled_back
from ingest.hints import note_hints
from ingest.manifest import Making, Manifest
from ingest.metrics import write_metrics
from ingest.plan import Kept
from ingest.publish import building_folder, index_lock, publish, tidy_up
from ingest.report import Report, compare_entries, write_report
from ingest.rules import broken_rules
from ingest.settings import IngestSettings
from ingest.supply import VectorSupply
from ingest.task import INDEX_FORM, Options, Served, Task, cached_place, open_served, open_source, versions_of

_KEEPS = "free space or mend the disk; what was served before still is"


def run_ingest(settings: IngestSettings, options: Options, watcher: Watcher, report: Report | None = None) -> Report:
    """Bring the index up to date with the source; the report says what was done, also where AssistantError ends it."""
    report = report or Report()
    report.source, report.dry_run, report.forced = settings.corpus, options.dry_run, options.force
    task = Task(settings, options, watcher, open_source(settings.corpus), report)
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


def _note_error(task: Task, error: AssistantError) -> None:
    task.report.error, task.report.exit_code = str(error), error.exit_code
    _note_end(task)


def _note_end(task: Task) -> None:
    write_report(task.report, task.settings.index)
    if task.settings.metrics_file:
        write_metrics(task.report, task.settings.metrics_file)


def _preview(task: Task) -> None:
    served = open_served(task.settings.index, readable=True)
    held = look_at_source(task, served)
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
    served = open_served(settings.index, readable=readable)
    info = embedder_info(settings.embedder, models=settings.models, runtime=settings.embed_runtime)
    with task.timed("compare"):
        held = look_at_source(task, served)
        note_hints(settings.index, held.wanted)
    embedder = cache(partial(_load_embedder, settings))
    copied = served is not None and served.is_made_with(info)
    with _open_supply(task, info, embedder, served, held.plan.kept if copied else ()) as supply:
        with task.timed("parse"):
            built, failed = gather_documents(task, held, served, supply, copied=copied)
        manifest = Manifest(
            published_at=datetime.now(UTC).replace(microsecond=0),
            source=task.source.name,
            registered=held.listed is not None,
            making=Making(info, INDEX_FORM, versions_of(settings).made_by),
            documents=tuple(item.entry for item in built),
            quarantine=tuple(failed),
            forced=task.options.force,
        )
        _note(task.report, manifest, served, held)
        if served and not served.problem and manifest.has_content_of(served.manifest):
            task.report.generation = served.folder.name
            return
        _check_rules(task, manifest, served, held)
        _publish(task, manifest, built, supply, embedder)
    _forget_parsed(task, held)


def _load_embedder(settings: IngestSettings) -> Embedder:
    return load_embedder(
        settings.embedder,
        models=settings.models,
        threads=settings.embed_threads,
        batch=settings.embed_batch,
        runtime=settings.embed_runtime,
    )


def _open_supply(
    task: Task, info: EmbedderInfo, embedder: Callable[[], Embedder], served: Served | None, copied: Sequence[Kept]
) -> VectorSupply:
    previous = served.index if served and served.has_vectors_of(info) else None
    return VectorSupply(embedder, previous, {kept.number for kept in copied}, task.settings.index)


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


def _publish(
    task: Task, manifest: Manifest, built: Sequence[Built], supply: VectorSupply, embedder: Callable[[], Embedder]
) -> None:
    report, index = task.report, task.settings.index
    with building_folder(index) as folder:
        with task.timed("embed and write"):
            build_index(folder, built, manifest.embedder.dim, supply, task.watcher)
        with task.timed("canaries"):
            _ask_canaries(task, folder, embedder)
        with task.timed("publish"):
            generation = publish(index, folder, manifest)
    report.embedded, report.reused = supply.embedded, report.chunks - supply.embedded
    report.published, report.generation = True, generation.name
    tidy_up(index, generation, keep=task.settings.keep)


def _ask_canaries(task: Task, folder: Path, embedder: Callable[[], Embedder]) -> None:
    settings = task.settings
    if settings.canaries is None:
        return
    from ingest.canary import missed_canaries, read_canaries  # noqa: PLC0415 -- most runs ask none
    from ingest.index import open_index  # noqa: PLC0415 -- a run that finds nothing changed opens none

    canaries = read_canaries(settings.canaries)
    index = open_index(folder)
    try:
        task.report.canaries_missed = missed_canaries(canaries, index, embedder(), today=datetime.now(UTC).date())
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
    needed = {cached_place(task, item) for item in held.wanted}
    for path in task.parsed_folder.iterdir():
        if path not in needed:
            path.unlink()
