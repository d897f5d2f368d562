"""Document control: what a register says of a version of a document, and where it contradicts itself."""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import combinations
from typing import Literal

Status = Literal["approved", "superseded", "withdrawn", "draft"]


@dataclass(frozen=True, slots=True)
class Record:
    """One version of one document, as the register states it.

    `file` is the path below the ingested folder, with "/" between parts. A version is in force on the days from
    `effective_from` to `effective_to` (both included, None is open) if it is approved or superseded; drafts and
    withdrawn documents never are. `rails`, `regions` and `readers` hold lower-case names; an empty `rails` or
    `regions` means it applies to all, an empty `readers` means everyone may read it.
    """

    doc_id: str
    file: str
    title: str
    version: str = ""
    status: Status = "approved"
    effective_from: date | None = None
    effective_to: date | None = None
    supersedes: str = ""
    owner: str = ""
    approver: str = ""
    approved_on: date | None = None
    doc_type: str = ""
    rails: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    readers: tuple[str, ...] = ()

    def in_force(self, on: date) -> bool:
        """Whether this version governs on the given day."""
        return (
            self.status in ("approved", "superseded")
            and (self.effective_from is None or self.effective_from <= on)
            and (self.effective_to is None or on <= self.effective_to)
        )


def contradictions(records: Sequence[Record], files: Collection[str]) -> Iterator[str]:
    """A sentence for each thing that can't be; `files` are the paths that exist."""
    versions: dict[tuple[str, str], Record] = {}
    by_file: dict[str, Record] = {}
    for record in records:
        if record.file not in files:
            yield f"{_name(record)}: there is no file {record.file}"
        if record.file in by_file:
            yield f"{_name(record)}: {record.file} is already the file of {_name(by_file[record.file])}"
        if (record.doc_id, record.version) in versions:
            yield f"{_name(record)}: listed twice, as {versions[record.doc_id, record.version].file} and {record.file}"
        by_file.setdefault(record.file, record)
        versions.setdefault((record.doc_id, record.version), record)
    for record in records:
        if record.supersedes and not _predecessor_known(record, records):
            yield f"{_name(record)} ({record.file}): supersedes {record.supersedes}, which is not in the register"
    yield from _overlaps(list(versions.values()))


def _predecessor_known(record: Record, records: Sequence[Record]) -> bool:
    """Whether `supersedes` ("4.1", "SOP-1" or "SOP-1 v4.1") names what the register holds or held.

    The oldest version of a document that is still listed may name its own predecessor, which the store has let go.
    """
    told = record.supersedes
    ids = {other.doc_id for other in records}
    if told in ids - {record.doc_id}:
        return True
    named = re.fullmatch(r"(?:(?P<id>.+?)[\s@/]+)?v?(?P<version>[^\s@/]+)", told)
    doc_id = (named["id"] if named else None) or record.doc_id
    version = named["version"] if named else told
    if doc_id == record.doc_id and version == record.version:
        return False
    others = [other for other in records if other.doc_id == doc_id and other is not record]
    if any(other.version == version for other in others):
        return True
    start = record.effective_from or date.min
    return doc_id == record.doc_id and not any((other.effective_from or date.min) < start for other in others)


def _overlaps(records: Sequence[Record]) -> Iterator[str]:
    ruling = [record for record in records if record.status in ("approved", "superseded")]
    groups: dict[str, list[Record]] = {}
    for record in ruling:
        groups.setdefault(record.doc_id, []).append(record)
    for versions in groups.values():
        for one, other in combinations(versions, 2):
            start = max(one.effective_from or date.min, other.effective_from or date.min)
            end = min(one.effective_to or date.max, other.effective_to or date.max)
            if start <= end:
                yield (
                    f"{_name(one)} ({one.file}) and version {other.version} ({other.file}) are both in force "
                    f"{_period(start, end)}"
                )


def _period(start: date, end: date) -> str:
    since = "always" if start == date.min else f"from {start}"
    return since if end == date.max else f"{since} until {end}"


def _name(record: Record) -> str:
    return f"{record.doc_id} version {record.version}"
