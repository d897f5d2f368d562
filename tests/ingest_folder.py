"""A tiny corpus in a folder, and runs over it with the word-hash embedder."""

from pathlib import Path

from ingest.generations import current_generation
from ingest.index import open_index
from ingest.manifest import read_manifest
from ingest.report import Report
from ingest.run import run_ingest
from ingest.settings import IngestSettings
from ingest.task import Options

TEXTS = {
    "returns.md": "# Returned payments\n\n## Closed account\n\nA pacs.004 with AC04 means the account is closed.\n\n"
    "1. Match the return by its UETR.\n2. Book the funds within 2 hours.\n",
    "us/cutoffs.md": "# Cut-offs\n\nThe Fedwire cut-off is 18:15 in New York.\n",
    "recalls.txt": "Recalls\n\nA camt.056 asks for the funds back.\n",
}


class Silent:
    """A watcher that shows nothing."""

    def begin(self, stage: str, total: int) -> None:
        """Ignored."""

    def advance(self, count: int = 1) -> None:
        """Ignored."""


def write_corpus(folder: Path, texts: dict[str, str] | None = None) -> Path:
    for name, text in (TEXTS if texts is None else texts).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return folder


def settings_for(tmp_path: Path, **changes: object) -> IngestSettings:
    chosen: dict[str, object] = {
        "corpus": str(tmp_path / "corpus"),
        "index": tmp_path / "index",
        "embedder": "word-hash",
        "workers": 1,
        "ocr": "none",
        **changes,
    }
    return IngestSettings.model_validate(chosen)


def run(settings: IngestSettings, *, dry_run: bool = False, force: str = "", retry: bool = False) -> Report:
    return run_ingest(settings, Options(dry_run=dry_run, force=force, retry=retry), Silent())


def served_texts(index: Path) -> dict[str, str]:
    """The text served for each file, joined over its chunks."""
    generation = current_generation(index)
    opened = open_index(generation)
    try:
        return {
            document.record.file: "\n".join(chunk.text for chunk in opened.document_chunks(number))
            for number, document in enumerate(opened.documents)
        }
    finally:
        opened.close()


def content_hash(index: Path) -> str:
    return read_manifest(current_generation(index)).content_hash
