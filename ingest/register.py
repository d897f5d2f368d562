"""Document control: id, version, status, effective dates, owner, rail, region and readers of each file.

The register is `register.yaml` (a mapping whose `documents` lists one mapping a file) or `register.csv` (one row a
file, several names in a cell parted by ";") at the top of the corpus. Its columns are COLUMNS.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import combinations
from pathlib import Path
from typing import Literal, cast, get_args

import yaml

from ingest.errors import RegisterError
from ingest.source import FolderSource

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


REQUIRED = ("id", "title", "version", "status", "file")
_DATES = ("effective_from", "effective_to", "approved_on")
_NAMES = ("rails", "regions", "readers")
COLUMNS = (*REQUIRED, *_DATES, *_NAMES, "supersedes", "owner", "approver", "doc_type")
Row = Mapping[str, object]


class _TextLoader(yaml.SafeLoader):
    """Leaves every plain scalar a string: version 2.10 must not become the number 2.1."""

    yaml_implicit_resolvers = {}  # noqa: RUF012 -- the base class declares it so


def load_register(folder: Path) -> dict[str, Record] | None:
    """The records of a folder's register by file, or None where it has no register; RegisterError."""
    source = FolderSource(folder)
    listing = source.list_files()
    if listing.register is None:
        return None
    with source.open_local(listing.register) as local:
        return parse_register(listing.register.path, local.path.read_bytes(), {file.path for file in listing.files})


def parse_register(name: str, content: bytes, files: Collection[str]) -> dict[str, Record]:
    """The records by file; `files` are the paths that exist. RegisterError lists everything that is wrong."""
    rows = _read_csv(name, content) if name.endswith(".csv") else _read_yaml(name, content)
    problems: list[str] = []
    records = []
    for number, row in enumerate(rows, start=1):
        found, record = _record(row, number)
        problems += found
        records += [record] if record else []
    problems += _contradictions(records, files)
    if problems:
        count = f"{len(problems)} problems: " if len(problems) > 1 else ""
        raise RegisterError(f"{name}: {count}{'; '.join(problems)}", hint=f"mend {name} and run again")
    return {record.file: record for record in records}


def _read_yaml(name: str, content: bytes) -> Sequence[Row]:
    try:
        data = _TextLoader(content.decode("utf-8-sig")).get_single_data()
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise RegisterError(f"{name} is not readable YAML: {error}", hint=f"mend {name}") from error
    rows = data.get("documents") if isinstance(data, dict) else None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise RegisterError(f"{name} needs a key `documents` with one entry per file", hint=f"mend {name}")
    return rows


def _read_csv(name: str, content: bytes) -> Sequence[Row]:
    try:
        text = content.decode("utf-8-sig")
        header = text.partition("\n")[0]
        delimiter = ";" if header.count(";") > header.count(",") else ","
        return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except (csv.Error, UnicodeDecodeError) as error:
        raise RegisterError(f"{name} is not readable CSV in UTF-8: {error}", hint=f"mend {name}") from error


def _record(row: Row, number: int) -> tuple[list[str], Record | None]:
    """What is wrong with a row, and its record if nothing is."""
    fields = {str(key): value for key, value in row.items()}
    where = f"entry {number} (id {_text(fields.get('id')) or '?'}, file {_text(fields.get('file')) or '?'})"
    problems = [f"{where}: unknown column {key!r}" for key in fields if key not in COLUMNS]
    problems += [f"{where}: {key} is empty" for key in REQUIRED if not _text(fields.get(key))]
    status = _text(fields.get("status")).lower()
    if status and status not in get_args(Status):
        problems.append(f"{where}: unknown status {status!r}, not one of {', '.join(get_args(Status))}")
    dates: dict[str, date | None] = {}
    for key in _DATES:
        try:
            dates[key] = _date(_text(fields.get(key)))
        except ValueError:
            problems.append(f"{where}: {key} {_text(fields.get(key))!r} is not a date like 2026-01-31")
    start, end = dates.get("effective_from"), dates.get("effective_to")
    if start and end and end < start:
        problems.append(f"{where}: effective_to {end} is before effective_from {start}")
    if problems:
        return problems, None
    return [], Record(
        doc_id=_text(fields["id"]),
        file=unicodedata.normalize("NFC", _text(fields["file"])),
        title=_text(fields["title"]),
        version=_text(fields["version"]),
        status=cast(Status, status),
        effective_from=start,
        effective_to=end,
        approved_on=dates["approved_on"],
        supersedes=_text(fields.get("supersedes")),
        owner=_text(fields.get("owner")),
        approver=_text(fields.get("approver")),
        doc_type=_text(fields.get("doc_type")).lower(),
        rails=_names(fields.get("rails")),
        regions=_names(fields.get("regions")),
        readers=_names(fields.get("readers")),
    )


def _text(value: object) -> str:
    text = " ".join(value.split()) if isinstance(value, str) else ""
    return "" if text in ("null", "~") else text


def _date(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


def _names(value: object) -> tuple[str, ...]:
    """A list, or names parted by ";", "," or "|", in lower case and sorted."""
    parts = value if isinstance(value, list) else re.split(r"[;,|]", _text(value))
    return tuple(sorted({_text(part).lower() for part in parts} - {""}))


def _contradictions(records: Sequence[Record], files: Collection[str]) -> Iterator[str]:
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
