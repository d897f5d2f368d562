"""The S3 source, against moto's S3 server."""

import logging
import resource
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from ingest.bucket import BucketSource
from ingest.errors import PublishError, SourceError
from ingest.generations import current_generation
from ingest.manifest import Manifest, read_manifest
from ingest.settings import IngestSettings
from ingest.source import SourceFile
from tests.ingest_folder import TEXTS, run, served_texts, settings_for


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    started = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    started.start()
    host, port = started.get_host_and_port()
    yield f"http://{host}:{port}"
    started.stop()


@pytest.fixture
def s3(server: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    for name, value in {
        "AWS_ENDPOINT_URL_S3": server,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    client = boto3.client("s3")
    client.create_bucket(Bucket="sops")
    for name, text in TEXTS.items():
        client.put_object(Bucket="sops", Key=f"live/{name}", Body=text.encode())
    yield client
    listed = client.list_objects_v2(Bucket="sops").get("Contents", [])
    for item in listed:
        client.delete_object(Bucket="sops", Key=item["Key"])
    client.delete_bucket(Bucket="sops")


@pytest.fixture
def settings(tmp_path: Path, s3: Any) -> IngestSettings:
    return settings_for(tmp_path, corpus="s3://sops/live")


def gets(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Which objects are downloaded from now on."""
    fetched: list[str] = []
    real = BucketSource.open_local

    def counted(source: BucketSource, file: Any) -> Any:
        fetched.append(file.path)
        return real(source, file)

    monkeypatch.setattr(BucketSource, "open_local", counted)
    return fetched


def test_a_bucket_is_ingested_like_a_folder(s3: Any, settings: IngestSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    s3.put_object(Bucket="sops", Key="live/", Body=b"")
    s3.put_object(Bucket="sops", Key="live/.hidden/a.md", Body=b"x")
    s3.put_object(Bucket="sops", Key="livestock.md", Body=b"x")
    assert sorted(run(settings).added) == sorted(TEXTS)
    fetched = gets(monkeypatch)
    second = run(settings)
    assert (second.published, fetched) == (False, [])
    s3.put_object(Bucket="sops", Key="live/returns.md", Body=b"# Returns\n\nNew text.\n")
    s3.delete_object(Bucket="sops", Key="live/recalls.txt")
    third = run(settings)
    assert (third.changed, third.removed, set(fetched)) == (["returns.md"], ["recalls.txt"], {"returns.md"})
    assert "New text" in served_texts(settings.index)["returns.md"]


def test_the_hash_decides_not_the_hint(s3: Any, settings: IngestSettings) -> None:
    run(settings)
    copy = {"Bucket": "sops", "Key": "live/returns.md"}
    s3.copy_object(**copy, CopySource=copy, Metadata={"touched": "yes"}, MetadataDirective="REPLACE")
    report = run(settings)
    assert (report.published, report.parsed, report.unchanged) == (False, 0, 3)


def test_what_was_read_once_is_known_by_its_new_hint(
    s3: Any, settings: IngestSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(settings)
    hints = settings.index / "hints.json"
    assert hints.stat().st_mode & 0o077 == 0
    hints.write_text(hints.read_text().replace("+00:00", "+01:00"))  # as if the store had touched every object since
    fetched = gets(monkeypatch)
    assert not run(settings).published
    assert sorted(fetched) == sorted(TEXTS)
    for content in (hints.read_text(), "", "[1]", '{"returns.md": 1}'):
        fetched.clear()
        hints.write_text(content)
        assert not run(settings).published
        assert (fetched == []) == (len(content) > 20)  # a damaged file costs downloads, and no more


def test_the_version_that_was_read_is_recorded(s3: Any, settings: IngestSettings) -> None:
    run(settings)
    assert {entry.store_version for entry in served(settings).documents} == {""}
    s3.put_bucket_versioning(Bucket="sops", VersioningConfiguration={"Status": "Enabled"})
    for text in ("# Returns\n\nOld text.\n", "# Returns\n\nNew text.\n"):
        put = s3.put_object(Bucket="sops", Key="live/returns.md", Body=text.encode())
        assert run(settings).changed == ["returns.md"]
        versions = {entry.record.file: entry.store_version for entry in served(settings).documents}
        assert versions["returns.md"] == put["VersionId"]
    s3.put_object(Bucket="sops", Key="live/recalls.txt", Body=b"Recalls\n\nOther text.\n")
    run(settings)
    versions = {entry.record.file: entry.store_version for entry in served(settings).documents}
    assert versions["returns.md"] == put["VersionId"]  # though it was not read again
    s3.put_bucket_versioning(Bucket="sops", VersioningConfiguration={"Status": "Suspended"})
    for item in s3.list_object_versions(Bucket="sops").get("Versions", []):
        s3.delete_object(Bucket="sops", Key=item["Key"], VersionId=item["VersionId"])


def served(settings: IngestSettings) -> Manifest:
    return read_manifest(current_generation(settings.index))


def test_all_pages_of_a_listing_are_read(s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest.bucket._PAGE", 2)
    for number in range(5):
        s3.put_object(Bucket="sops", Key=f"many/{number}.md", Body=b"x")
    assert len(BucketSource("s3://sops/many/").list_files().files) == 5


def test_an_object_that_can_not_be_fetched_is_quarantined_and_tried_again(
    s3: Any, settings: IngestSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = BucketSource.list_files

    def with_a_ghost(source: BucketSource) -> Any:
        listing = real(source)
        s3.delete_object(Bucket="sops", Key="live/returns.md")
        return listing

    with monkeypatch.context() as patch:
        patch.setattr(BucketSource, "list_files", with_a_ghost)
        report = run(settings)
    assert [line["file"] for line in report.failed] == ["returns.md"]
    assert "can't be read" in report.failed[0]["reason"]
    s3.put_object(Bucket="sops", Key="live/returns.md", Body=TEXTS["returns.md"].encode())
    assert run(settings).failed == []


class Flaky(BaseHTTPRequestHandler):
    """A store with one object that is busy at the first request and cut off at the second."""

    requests = 0
    body = b"# Returns\n\nThe account is closed.\n"

    def do_GET(self) -> None:
        """Answer a request."""
        type(self).requests += 1
        self.send_response(503 if self.requests == 1 else 200)
        self.send_header("Content-Length", str(len(self.body)))
        self.end_headers()
        self.wfile.write(self.body[:5] if self.requests == 2 else self.body)
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def test_a_busy_store_and_a_cut_download_are_tried_again(s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Flaky) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", f"http://127.0.0.1:{server.server_port}")
        source = BucketSource("s3://sops/live")
        with source.open_local(SourceFile("returns.md", "live/returns.md", 1)) as local:
            assert local.path.read_bytes() == Flaky.body
        server.shutdown()
    assert Flaky.requests == 3


def test_no_room_for_a_copy_is_not_the_documents_fault(s3: Any, settings: IngestSettings) -> None:
    s3.put_object(Bucket="sops", Key="live/large.md", Body=b"x" * 300_000)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, limits[1]))
    try:
        with pytest.raises(PublishError, match=r"no copy of large\.md can be made: File too large"):
            run(settings)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_what_failed_is_not_fetched_again_until_it_changes(
    s3: Any, settings: IngestSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    s3.put_object(Bucket="sops", Key="live/broken.pdf", Body=b"no PDF")
    assert [line["file"] for line in run(settings).failed] == ["broken.pdf"]
    fetched = gets(monkeypatch)
    assert [line["file"] for line in run(settings).failed] == ["broken.pdf"]
    assert fetched == []
    s3.put_object(Bucket="sops", Key="live/broken.pdf", Body=b"")
    run(settings)
    assert set(fetched) == {"broken.pdf"}


@pytest.mark.parametrize(("url", "message"), [("s3://", "names no bucket"), ("s3://other/x", "can't be listed")])
def test_what_is_no_bucket_is_told(s3: Any, url: str, message: str) -> None:
    with pytest.raises(SourceError, match=message):
        BucketSource(url).list_files()


def test_an_empty_prefix_is_not_an_empty_library(s3: Any) -> None:
    with pytest.raises(SourceError, match="holds no documents"):
        BucketSource("s3://sops/nothing").list_files()
