"""The manifest of a generation: which documents, made how, and the sha256 of every file.

The generation's folder is named after the manifest's own sha256, so that the manifest is covered too.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

from ingest.embed import EmbedderInfo
from ingest.errors import BrokenIndexError
from ingest.register import Record

MANIFEST_NAME = "manifest.json"
MANIFEST_SCHEMA = 1
REBUILD = "run: python -m ingest run"


@dataclass(frozen=True, slots=True)
class Entry:
    """One indexed document version. `pages` and `chunks` are counts, `chunks_hash` covers all of every chunk.

    `hint` is the source's change hint, `store_version` what it calls the version that was read (S3's version id, or
    ""), `made_by` the parser and chunker with their settings. `stale` means that the file's newer content failed and
    this is its last good version.
    """

    record: Record
    content_hash: str
    made_by: str
    pages: int
    chunks: int
    chunks_hash: str
    warnings: tuple[str, ...] = ()
    hint: str = ""
    store_version: str = ""
    stale: bool = False


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A file that could not be indexed, and why; `serving` tells whether its last good version still is.

    `attempt` names the parser and limits it failed with: it is tried again when they or the content change.
    `readers` are those of the document in the register: its name and reason are for them only; empty means everyone.
    """

    file: str
    content_hash: str
    reason: str
    attempt: str
    hint: str = ""
    serving: bool = False
    readers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Making:
    """Everything besides the documents that the content of a generation depends on."""

    embedder: EmbedderInfo
    index_version: str
    made_by: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a generation holds. `source` is where the documents were read, `registered` whether by a register.

    `files` maps each file's path in the generation to its sha256. `forced` is the reason given with --force.
    """

    published_at: datetime
    source: str
    registered: bool
    making: Making
    documents: tuple[Entry, ...]
    quarantine: tuple[Quarantined, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    forced: str = ""

    @property
    def embedder(self) -> EmbedderInfo:
        """The embedder that questions must be embedded with."""
        return self.making.embedder

    @property
    def content_hash(self) -> str:
        """sha256 of what is indexed and how; the same for the same corpus on any machine and day.

        What computed the vectors is not in it: their last bits depend on the processor. They have a sha256 in `files`.
        """
        return hashlib.sha256(_dumps({"schema": MANIFEST_SCHEMA, **self._content}).encode()).hexdigest()

    @property
    def _content(self) -> dict[str, Any]:
        return {
            "making": replace(self.making, embedder=replace(self.embedder, runtime="")),
            # Warnings are prose, hints and their versions belong to the store: none of them changes an answer.
            "documents": [replace(entry, warnings=(), hint="", store_version="") for entry in self.documents],
            "quarantine": sorted((q.file, q.content_hash, q.serving, q.readers) for q in self.quarantine),
        }

    def has_content_of(self, other: "Manifest") -> bool:
        """Whether both hold the same, with vectors that were computed in the same way."""
        return self.embedder == other.embedder and self._content == other._content


def _dumps(content: object) -> str:
    return json.dumps(content, sort_keys=True, ensure_ascii=True, default=_plain)


def _plain(value: object) -> object:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Making | EmbedderInfo | Entry | Quarantined | Record):
        return {item.name: getattr(value, item.name) for item in fields(value)}
    raise TypeError(f"{type(value).__name__} has no place in a manifest")


def write_manifest(manifest: Manifest, folder: Path) -> str:
    """Write manifest.json; returns its sha256."""
    content = {"schema": MANIFEST_SCHEMA, "content_hash": manifest.content_hash}
    values = {item.name: getattr(manifest, item.name) for item in fields(manifest)}
    data = (_dumps({**content, **values}) + "\n").encode()
    (folder / MANIFEST_NAME).write_bytes(data)
    return hashlib.sha256(data).hexdigest()


def read_manifest(generation: Path) -> Manifest:
    """The manifest of a generation; BrokenIndexError when it is missing, altered or of another version."""
    try:
        data = (generation / MANIFEST_NAME).read_bytes()
    except OSError as error:
        raise BrokenIndexError(f"{generation} has no readable {MANIFEST_NAME}", hint=REBUILD) from error
    if hashlib.sha256(data).hexdigest()[:16] != generation.name.rpartition("-")[2]:
        raise BrokenIndexError(
            f"{generation / MANIFEST_NAME} is damaged: its sha256 is not the one in its folder's name"
        )
    content = json.loads(data)
    if content.pop("schema") != MANIFEST_SCHEMA:
        raise BrokenIndexError(f"{generation} was made by another version of this program", hint=REBUILD)
    del content["content_hash"]
    return Manifest(
        published_at=datetime.fromisoformat(content.pop("published_at")),
        making=_making(content.pop("making")),
        documents=tuple(_entry(entry) for entry in content.pop("documents")),
        quarantine=tuple(_quarantined(line) for line in content.pop("quarantine")),
        **content,
    )


def _making(content: dict[str, Any]) -> Making:
    return Making(**{**content, "embedder": EmbedderInfo(**content["embedder"])})


def _quarantined(content: dict[str, Any]) -> Quarantined:
    return Quarantined(**{**content, "readers": tuple(content.get("readers", ()))})


def _entry(content: dict[str, Any]) -> Entry:
    return Entry(
        **{**content, "record": read_record(content["record"]), "warnings": tuple(content["warnings"])},
    )


def read_record(content: Mapping[str, Any]) -> Record:
    """A Record from its JSON form."""
    values: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in content.items()
    }
    for name in ("effective_from", "effective_to", "approved_on"):
        values[name] = date.fromisoformat(values[name]) if values[name] else None
    known = {item.name for item in fields(Record)}
    return Record(**{name: value for name, value in values.items() if name in known})
