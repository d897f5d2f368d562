"""The index as the evaluation sees it: what is stored, and which record governs each passage."""

from ingest.chunk import Chunk
from ingest.index import Index, IndexedDocument
from ingest.register import Record


class Stored:
    """An opened index; thread-safe as the index is."""

    def __init__(self, index: Index) -> None:
        self.index = index
        self.generation = index.generation
        self._numbers = {document.record.file: i for i, document in enumerate(index.documents)}

    def stored_text(self, chunk_id: str) -> str | None:
        """The stored text of a chunk, None where this generation has no such chunk."""
        chunk = self.index.chunk(chunk_id)
        return None if chunk is None else chunk.text

    def record(self, chunk_id: str, doc: str) -> Record | None:
        """The register's record behind a passage, found by its chunk or else by its file."""
        if self.index.row(chunk_id) is not None:
            return self.index.document_of_chunk(chunk_id).record
        document = self.document(doc)
        return document.record if document else None

    def document(self, doc: str) -> IndexedDocument | None:
        """The indexed document at this path below the ingested folder."""
        number = self._numbers.get(doc)
        return None if number is None else self.index.documents[number]

    def pages_text(self, doc: str) -> list[tuple[int | None, str, str]]:
        """Page, heading path and text of each passage of a document, in reading order."""
        return [(chunk.page, " > ".join(chunk.heading_path), chunk.text) for chunk in self.chunks(doc)]

    def chunks(self, doc: str) -> tuple[Chunk, ...]:
        """The passages of a document, in reading order."""
        number = self._numbers.get(doc)
        return () if number is None else self.index.document_chunks(number)

    def content_hashes(self) -> dict[str, str]:
        """Content hash of every indexed file."""
        return {document.record.file: document.content_hash for document in self.index.documents}
