"""What the steps of a run share: its settings and options, the source, and the generation it starts from."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.build import Watcher
from ingest.chunk import CHUNKER_VERSION
from ingest.embed import EmbedderInfo
from ingest.errors import BrokenIndexError
from ingest.generations import whole_generation
from ingest.lexical import LEXICAL_VERSION
from ingest.manifest import Manifest, read_manifest
from ingest.parse import PARSER_VERSION
from ingest.parsed import cache_key
from ingest.plan import Versions, Wanted
from ingest.report import Report
from ingest.settings import IngestSettings
from ingest.source import FolderSource, Source
from ingest.units import UNITS_VERSION
from ingest.versions import INDEX_VERSION, WORDS_VERSION

if TYPE_CHECKING:
    from ingest.index import Index

# What is stored how, in the order of what it costs to change: passages, their vectors, their terms.
PASSAGE_FORM = f"index {INDEX_VERSION}"
VECTOR_FORM = f"{PASSAGE_FORM} units {UNITS_VERSION} words {WORDS_VERSION}"
INDEX_FORM = f"{VECTOR_FORM} lexical {LEXICAL_VERSION}"


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

    `readable` tells whether its passages can be taken over by this version of the program.
    """

    folder: Path
    manifest: Manifest
    problem: str
    index: "Callable[[], Index]"
    readable: bool

    def has_vectors_of(self, embedder: EmbedderInfo) -> bool:
        """Whether its vectors can be taken over too: made by this embedder, for the same units."""
        making = self.manifest.making
        return self.readable and making.embedder == embedder and making.index_version.startswith(f"{VECTOR_FORM} ")

    def is_made_with(self, embedder: EmbedderInfo) -> bool:
        """Whether all that is stored of a document can be taken over: vectors and terms."""
        return self.has_vectors_of(embedder) and self.manifest.making.index_version == INDEX_FORM


def open_source(corpus: str) -> Source:
    if not corpus.startswith("s3://"):
        return FolderSource(Path(corpus))
    from ingest.bucket import BucketSource  # noqa: PLC0415 -- boto3 is slow to import and folders don't need it

    return BucketSource(corpus)


def open_served(index: Path, *, readable: bool) -> Served | None:
    try:
        folder, problem = whole_generation(index)
    except BrokenIndexError:
        return None  # none yet, or none that is whole: everything is made anew
    manifest = read_manifest(folder)
    same_form = readable and manifest.making.index_version.startswith(f"{PASSAGE_FORM} ")
    return Served(folder, manifest, problem, cache(partial(_open_index, folder)), same_form)


def _open_index(folder: Path) -> "Index":
    from ingest.index import open_index  # noqa: PLC0415 -- faiss is slow to import and an unchanged index is not opened

    return open_index(folder)


def versions_of(settings: IngestSettings) -> Versions:
    parser = f"parser {PARSER_VERSION} ocr {settings.ocr}"
    limits = f"{settings.parse_seconds:g} s {settings.parse_memory_mb} MB {settings.max_file_mb} MB"
    sizes = settings.chunking()
    chunker = f"chunker {CHUNKER_VERSION} {sizes.max_chars} {sizes.max_table_chars}"
    return Versions(made_by=f"{parser} {chunker}", attempt=f"{parser} {limits}")


def cached_place(task: Task, item: Wanted) -> Path:
    parser = f"{PARSER_VERSION} {task.settings.ocr}"
    return task.parsed_folder / f"{cache_key(item.content_hash, item.suffix, parser)}.json.gz"
