"""What a run has to do: each wanted file is compared by content, register entry and settings with what is indexed."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from ingest.manifest import Entry, Manifest, Quarantined
from ingest.register import Record
from ingest.source import Listing, Skipped, SourceFile


@dataclass(frozen=True, slots=True)
class Wanted:
    """A document version that should be indexed; without a register its record has no title yet.

    `content_hash` is "" and `problem` says why where the file could not be read.
    """

    file: SourceFile
    record: Record
    content_hash: str
    problem: str = ""

    @property
    def suffix(self) -> str:
        """The file's suffix in lower case, with its dot."""
        return PurePosixPath(self.file.path).suffix.lower()

    @property
    def stem(self) -> str:
        """The file's name without suffix."""
        return unicodedata.normalize("NFC", PurePosixPath(self.file.path).stem)


@dataclass(frozen=True, slots=True)
class Kept:
    """An indexed version whose chunks stay as they are: its number in the previous index, and its entry from now on."""

    number: int
    entry: Entry


@dataclass(frozen=True, slots=True)
class Versions:
    """What documents are made by (see Entry.made_by), and what an attempt that failed was (see Quarantined)."""

    made_by: str
    attempt: str


@dataclass(frozen=True, slots=True)
class Plan:
    """`kept` need nothing, `work` is parsed and chunked, `failing` failed before and nothing has changed since."""

    kept: tuple[Kept, ...]
    work: tuple[Wanted, ...]
    failing: tuple[tuple[Wanted, Quarantined], ...]
    skipped: tuple[Skipped, ...]


def choose_files(
    listing: Listing, records: Mapping[str, Record] | None, suffixes: frozenset[str]
) -> tuple[list[tuple[SourceFile, Record]], list[Skipped]]:
    """The files to index with their records, and those that are left out with the reason."""
    chosen: list[tuple[SourceFile, Record]] = []
    skipped = list(listing.skipped)
    for file in listing.files:
        record = Record(doc_id=file.path, file=file.path, title="") if records is None else records.get(file.path)
        suffix = PurePosixPath(file.path).suffix.lower()
        if suffix not in suffixes:
            skipped.append(Skipped(file.path, f"not a document type that is read ({suffix or 'no suffix'})"))
        elif record is None:
            skipped.append(Skipped(file.path, "not in the register"))
        elif record.status in ("withdrawn", "draft"):
            skipped.append(Skipped(file.path, f"{record.status} in the register"))
        else:
            chosen.append((file, record))
    return chosen, sorted(skipped, key=lambda item: item.path)


def make_plan(
    wanted: list[Wanted], skipped: list[Skipped], previous: Manifest | None, versions: Versions, *, retry: bool
) -> Plan:
    """Sort the wanted documents by what has to be done; `retry` also tries again what failed before."""
    numbers: dict[tuple[str, str], tuple[int, Entry]] = {}
    known: dict[tuple[str, str], Quarantined] = {}
    if previous:
        documents = enumerate(previous.documents)
        numbers = {(entry.record.doc_id, entry.record.version): (i, entry) for i, entry in documents}
        known = {(q.content_hash, PurePosixPath(q.file).suffix.lower()): q for q in previous.quarantine}
    kept: list[Kept] = []
    work: list[Wanted] = []
    failing: list[tuple[Wanted, Quarantined]] = []
    for item in wanted:
        number, entry = numbers.get((item.record.doc_id, item.record.version), (0, None))
        failure = known.get((item.content_hash, item.suffix))
        if item.problem:
            failing.append((item, quarantine(item, item.problem, "")))
        elif entry and _still_good(item, entry, versions):
            kept.append(Kept(number, _renewed(item, entry)))
        elif failure and failure.attempt == versions.attempt and not retry:
            failing.append((item, quarantine(item, failure.reason, failure.attempt)))
        else:
            work.append(item)
    return Plan(tuple(kept), tuple(work), tuple(failing), tuple(skipped))


def _still_good(item: Wanted, entry: Entry, versions: Versions) -> bool:
    return (
        entry.content_hash == item.content_hash
        and entry.made_by == versions.made_by
        and PurePosixPath(entry.record.file).suffix.lower() == item.suffix
        and item.record.title in ("", entry.record.title)
    )


def _renewed(item: Wanted, entry: Entry) -> Entry:
    record = replace(item.record, title=item.record.title or entry.record.title)
    return replace(entry, record=record, hint=item.file.hint, store_version=item.file.version, stale=False)


def quarantine(item: Wanted, reason: str, attempt: str) -> Quarantined:
    """The quarantine line of a file."""
    hint, readers = item.file.hint, item.record.readers
    return Quarantined(item.file.path, item.content_hash, reason, attempt, hint, readers=readers)


def last_good(item: Wanted, previous: Manifest | None) -> Kept | None:
    """The version of a failed file that was indexed before, marked stale: same document version, or same file."""
    documents = list(enumerate(previous.documents)) if previous else []
    same = [(i, e) for i, e in documents if (e.record.doc_id, e.record.version) == _identity(item)]
    for number, entry in same or [(i, e) for i, e in documents if e.record.file == item.file.path]:
        record = entry.record
        if same:
            record = replace(item.record, title=entry.record.title)
        return Kept(number, replace(entry, record=record, stale=True))
    return None


def _identity(item: Wanted) -> tuple[str, str]:
    return item.record.doc_id, item.record.version
