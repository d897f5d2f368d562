"""A small library of procedures for tests, indexed with the word-hash embedder."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from ingest.chunk import ChunkSettings, chunk_document
from ingest.document import Block, BlockKind, Document, Page
from ingest.embed_words import WordHashEmbedder
from ingest.index import Index, IndexedDocument, open_index
from ingest.index_writer import write_index
from ingest.passages import packed, passage_of
from ingest.register import Record

EMBEDDER = WordHashEmbedder()


def block(kind: BlockKind, text: str, *path: str, page: int | None = 1) -> Block:
    return Block(kind, text, heading_path=path, page=page)


def indexed(record: Record, *blocks: Block) -> IndexedDocument:
    document = Document(record.title, blocks, pages=(Page(1, "i"), Page(2, "1")))
    return IndexedDocument(
        record, "hash", document.pages, chunks=chunk_document(document, record, ChunkSettings(max_chars=300))
    )


RETURNS = Record(
    doc_id="SOP-1",
    file="returns.md",
    title="Returned payments",
    version="2.0",
    effective_from=date(2026, 1, 1),
    supersedes="1.0",
    owner="Investigations",
    doc_type="sop",
    rails=("swift",),
    regions=("us",),
)
OLD_RETURNS = Record(
    doc_id="SOP-1",
    file="old/returns.md",
    title="Returned payments",
    version="1.0",
    status="superseded",
    effective_from=date(2025, 1, 1),
    effective_to=date(2025, 12, 31),
    rails=("swift",),
)
CUTOFFS = Record("REF-1", "cutoffs.md", "Cut-offs", "1.0", rails=("chaps", "fedwire"), doc_type="reference")
SANCTIONS = Record("SAN-1", "sanctions.md", "Sanctions holds", "1.0", readers=("sanctions",), doc_type="sop")

CHEQUES = Record("OLD-9", "cheques.md", "Cheques", "1.1", "superseded", effective_to=date(2025, 12, 31))

DOCUMENTS: tuple[IndexedDocument, ...] = (
    indexed(
        RETURNS,
        block("heading", "Closed account (AC04)", "Closed account (AC04)"),
        block("paragraph", "A pacs.004 with AC04 says that the creditor account is closed.", "Closed account (AC04)"),
        block("step", "1. Match the return to the original payment by its UETR.", "Closed account (AC04)", page=2),
        block("step", "2. Book the funds to the returns account within 2 hours.", "Closed account (AC04)", page=2),
        block("step", "3. Ask a second person to approve the booking.", "Closed account (AC04)", page=2),
        block("paragraph", "Questions are escalated to the Investigations manager.", "Escalation", page=2),
    ),
    indexed(
        OLD_RETURNS,
        block("paragraph", "Book the returned funds within 4 hours of a return.", "Booking of returned funds"),
    ),
    indexed(
        CUTOFFS,
        block(
            "table",
            "Currency | System | Cut-off\nGBP | CHAPS | 17:00 London\nUSD | Fedwire | 18:15 New York",
            "Currency cut-offs",
        ),
    ),
    indexed(CHEQUES, block("paragraph", "Send each cheque to the clearing agent by courier.", "Collection")),
    indexed(SANCTIONS, block("paragraph", "Hold the payment in queue OWL and tell nobody else.", "Hits")),
)


def build(folder: Path, documents: Sequence[IndexedDocument] = DOCUMENTS) -> Index:
    passages = [passage_of(chunk, document.record.title) for document in documents for chunk in document.chunks]
    folder.mkdir(parents=True)
    vectors = [packed(p, v) for p, v in zip(passages, EMBEDDER.embed_passages(passages), strict=True)]
    write_index(folder, documents, vectors, EMBEDDER.info.dim)
    return open_index(folder)
