"""Compares the source with what is served: list, read the register, hash, plan."""

from dataclasses import dataclass, replace

from ingest.errors import SourceError
from ingest.files import sha256_file
from ingest.hints import Hints, read_hints
from ingest.parse import SUFFIXES
from ingest.plan import Plan, Wanted, choose_files, make_plan
from ingest.register import Record
from ingest.register_file import parse_register
from ingest.source import Listing, Source, SourceFile
from ingest.task import Served, Task, versions_of


@dataclass(frozen=True, slots=True)
class Held:
    """What the source holds: the plan for its files, and the register's document ids (None without register)."""

    plan: Plan
    wanted: tuple[Wanted, ...]
    listed: frozenset[str] | None


def look_at_source(task: Task, served: Served | None) -> Held:
    """List and hash the source's files and compare them with what is served."""
    listing = task.source.list_files()
    records = _read_register(task.source, listing)
    chosen, skipped = choose_files(listing, records, SUFFIXES)
    if not chosen and records is None:
        raise SourceError(
            f"{task.source.name} holds no documents of a type that is read ({', '.join(sorted(SUFFIXES))})"
        )
    previous = served.manifest if served and served.readable else None
    hints = read_hints(task.settings.index)
    task.watcher.begin("comparing", len(chosen))
    wanted = []
    for file, record in chosen:
        wanted.append(_hash(task, file, record, hints))
        task.watcher.advance()
    plan = make_plan(wanted, skipped, previous, versions_of(task.settings), retry=task.options.retry)
    listed = frozenset(record.doc_id for record in records.values()) if records is not None else None
    return Held(plan, tuple(wanted), listed)


def _read_register(source: Source, listing: Listing) -> dict[str, Record] | None:
    if listing.register is None:
        return None
    with source.open_local(listing.register) as local:
        return parse_register(listing.register.path, local.path.read_bytes(), {file.path for file in listing.files})


def _hash(task: Task, file: SourceFile, record: Record, hints: Hints) -> Wanted:
    limit = task.settings.max_file_mb
    hint, content_hash, version = hints.get(file.path, ("", "", ""))
    if hint and hint == file.hint:
        return Wanted(replace(file, version=version), record, content_hash)
    try:
        if file.size > limit << 20:
            return Wanted(file, record, "", f"larger than {limit} MB (INGEST_MAX_FILE_MB)")
        with task.source.open_local(file) as local:
            return Wanted(replace(file, version=local.version), record, sha256_file(local.path))
    except OSError as error:
        return Wanted(file, record, "", f"can't be read: {error.strerror}")
