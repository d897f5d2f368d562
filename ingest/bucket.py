"""Documents in an S3 bucket, named by s3://bucket/prefix.

An object's ETag and time only hint at a change: an object whose hint is new is downloaded and its content's hash
decides. Credentials come from the usual AWS chain; reading needs s3:ListBucket and s3:GetObject, no more.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import boto3  # type: ignore[import-untyped]  # ships no types
from botocore.config import Config  # type: ignore[import-untyped]  # as above
from botocore.exceptions import BotoCoreError, ClientError  # type: ignore[import-untyped]  # as above

from ingest.errors import PublishError, SourceError
from ingest.source import Listing, LocalFile, Skipped, SourceFile, make_listing, stored_name

_CONFIG = Config(
    connect_timeout=10, read_timeout=60, retries={"mode": "standard", "max_attempts": 5}, user_agent_extra="ingest"
)
_SCHEME = "s3://"
_PART = 1 << 20
_PAGE = 1000
_DOWNLOADS = 3  # the client tries a request again, but not a body that is cut off
# Objects that are not documents but the store's own marks of folders, or that would have to be restored first.
_ARCHIVED = ("GLACIER", "DEEP_ARCHIVE")


class BucketSource:
    """The objects under a prefix of a bucket; those with a hidden part in their name are left out."""

    def __init__(self, url: str) -> None:
        bucket, _, prefix = url.removeprefix(_SCHEME).partition("/")
        if not bucket:
            raise SourceError(f"{url} names no bucket", hint="s3://bucket/prefix")
        self.name = url
        self._bucket = bucket
        self._prefix = f"{prefix.rstrip('/')}/" if prefix.strip("/") else ""
        self._client: Any = boto3.client("s3", config=_CONFIG)

    def list_files(self) -> Listing:
        """Every object under the prefix, page by page; SourceError when the listing can't be completed."""
        files: dict[str, SourceFile] = {}
        skipped: list[Skipped] = []
        try:
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=self._prefix, PaginationConfig={"PageSize": _PAGE}
            )
            for item in (item for page in pages for item in page.get("Contents", [])):
                self._sort(item, files, skipped)
        except (BotoCoreError, ClientError) as error:
            hint = "check the bucket's name, the region and that the role may s3:ListBucket"
            raise SourceError(f"{self.name} can't be listed: {error}", hint=hint) from error
        return make_listing(self.name, list(files.values()), skipped)

    def _sort(self, item: dict[str, Any], files: dict[str, SourceFile], skipped: list[Skipped]) -> None:
        key: str = item["Key"]
        path = stored_name(key.removeprefix(self._prefix))
        if not path or path.endswith("/") or any(part.startswith(".") for part in path.split("/")):
            return
        if item.get("StorageClass") in _ARCHIVED:
            skipped.append(Skipped(path, "archived: it must be restored before it can be read"))
        elif path in files:
            skipped.append(Skipped(path, "another file has the same name"))
        else:
            hint = f"{item['ETag']} {item['LastModified'].isoformat()}"
            files[path] = SourceFile(path, key, int(item["Size"]), hint)

    @contextmanager
    def open_local(self, file: SourceFile) -> Iterator[LocalFile]:
        """A temporary copy of the object; OSError when it can't be fetched, PublishError without room for it."""
        with tempfile.NamedTemporaryFile(suffix=Path(file.path).suffix) as copy:
            for attempt in range(1, _DOWNLOADS + 1):
                try:
                    version = self._fetch(file, copy)
                    break
                except (BotoCoreError, ClientError) as error:
                    if attempt == _DOWNLOADS or isinstance(error, ClientError):  # these the client has tried again
                        raise OSError(0, _plain(error), file.key) from error
            yield LocalFile(Path(copy.name), version)

    def _fetch(self, file: SourceFile, copy: IO[bytes]) -> str:
        """Download the object; returns its version id, "" where the bucket keeps no versions."""
        answer = self._client.get_object(Bucket=self._bucket, Key=file.key)
        try:
            copy.seek(0)
            copy.truncate()
            for part in answer["Body"].iter_chunks(_PART):
                copy.write(part)
            copy.flush()
            return str(answer.get("VersionId", ""))
        except BotoCoreError:
            raise
        except OSError as error:  # this machine's disk, which no document may be blamed for
            hint = f"free space in {tempfile.gettempdir()}, or set TMPDIR"
            raise PublishError(f"no copy of {file.path} can be made: {error.strerror}", hint=hint) from error


def _plain(error: Exception) -> str:
    """The store's own words for why an object can't be had."""
    told = error.response["Error"] if isinstance(error, ClientError) else {}
    return str(told.get("Message") or error)
