"""Settings of ingestion: environment variables with the prefix INGEST_, overridden by the command line."""

import difflib
import os
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ingest.chunk import ChunkSettings
from ingest.embed_runtime import Runtime
from ingest.errors import SettingsError
from ingest.models import EMBEDDER

PREFIX = "INGEST_"
# Read where it takes effect, by ingest/failpoint.py: a test's switch, not a setting of the product.
_NOT_SETTINGS = {"INGEST_FAILPOINT"}


class IngestSettings(BaseModel):
    """What a run may be told; each field is also the environment variable INGEST_<FIELD>.

    Read by load_settings, not by pydantic-settings, whose import takes a quarter of an unchanged run.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    corpus: str = Field("corpus/library", description="folder or s3://bucket/prefix to ingest")
    index: Path = Field(Path(".index"), description="folder that holds the generations of the index")
    models: Path = Field(Path(".models"), description="folder that holds the packaged models")
    embedder: str = Field(EMBEDDER, description="packaged model, folder or hub id of the embedding model")
    embed_runtime: Runtime = Field("auto", description="what computes the vectors, and how precisely")
    embed_batch: int = Field(16, ge=1, le=1024, description="texts that PyTorch embeds at a time")
    embed_threads: int = Field(0, ge=0, le=256, description="threads that embed; 0 takes all cores")
    chunk_chars: int = Field(ChunkSettings().max_chars, ge=200, le=8000, description="longest passage, in characters")
    chunk_table_chars: int = Field(
        ChunkSettings().max_table_chars, ge=200, le=8000, description="longest passage from a table, in characters"
    )
    ocr: Literal["rapidocr", "tesseract", "none"] = Field("rapidocr", description="engine that reads scanned pages")
    workers: int = Field(
        default_factory=lambda: min(4, os.cpu_count() or 1), ge=1, le=64, description="documents parsed at a time"
    )
    parse_seconds: float = Field(900.0, gt=0, description="longest time to parse one document")
    parse_memory_mb: int = Field(2048, ge=256, description="most memory to parse one document")
    max_file_mb: int = Field(200, ge=1, description="largest file that is read")
    max_failed_share: float = Field(0.5, ge=0, le=1, description="publication is refused above this failed share")
    keep: int = Field(5, ge=2, description="generations kept for rollback")
    canaries: Path | None = Field(None, description="questions (golden cases) asked before publication")
    canary_floor: float = Field(0.8, ge=0, le=1, description="publication is refused below this found share of them")
    metrics_file: Path | None = Field(None, description="where Prometheus metrics of each run are written")
    lock_seconds: float = Field(3600.0, ge=0, description="how long a run waits for another one to end")

    def chunking(self) -> ChunkSettings:
        """The settings that chunking depends on."""
        return ChunkSettings(max_chars=self.chunk_chars, max_table_chars=self.chunk_table_chars)


def load_settings(**overrides: Any) -> IngestSettings:
    """Settings from the environment; `overrides` that are not None win. Raises SettingsError."""
    given = {name: value for name, value in overrides.items() if value is not None}
    try:
        return IngestSettings(**{**_read_environment(), **given})
    except ValidationError as error:
        first = error.errors()[0]
        name = PREFIX + "_".join(str(part) for part in first["loc"]).upper()
        raise SettingsError(f"{name}: {first['msg']}, not {first['input']!r}") from error


def _read_environment() -> dict[str, Any]:
    """The fields that the environment sets; SettingsError for a mistyped one, which would silently do nothing."""
    fields = {PREFIX + name.upper(): name for name in IngestSettings.model_fields}
    values = {}
    for name, value in sorted(os.environ.items()):
        if name.upper() in fields:
            values[fields[name.upper()]] = value
        elif name.upper().startswith(PREFIX) and name.upper() not in _NOT_SETTINGS:
            near = difflib.get_close_matches(name.upper(), sorted(fields), n=1)
            raise SettingsError(f"unknown setting {name}", hint=f"did you mean {near[0]}?" if near else "unset it")
    return values
