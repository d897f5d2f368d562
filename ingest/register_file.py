"""The register's file: id, version, status, effective dates, owner, rail, region and readers of each document.

It is `register.yaml` (a mapping whose `documents` lists one mapping a file) or `register.csv` (one row a file, several
names in a cell parted by ";") at the top of the corpus. Its columns are COLUMNS.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import cast, get_args

import yaml

from ingest.errors import RegisterError
from ingest.register import Record, Status, contradictions
from ingest.source import FolderSource

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
    problems += contradictions(records, files)
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
