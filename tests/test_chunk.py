"""Chunking keeps every word, respects sizes and headings, and gives ids that edits elsewhere don't move."""

from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.chunk import ChunkSettings, chunk_document, context
from ingest.document import Block, Document, Span
from ingest.register import Record

RECORD = Record("SOP-1", "a.md", "Returns")
SETTINGS = ChunkSettings(max_chars=120, max_table_chars=160)
words = st.text("abc xyz.1", min_size=1, max_size=200).map(lambda s: " ".join(s.split())).filter(bool)


def blocks_of(texts: list[str], headings: list[int]) -> tuple[Block, ...]:
    return tuple(
        Block("paragraph", text, heading_path=(f"Section {number}",))
        for text, number in zip(texts, sorted(headings), strict=True)
    )


@st.composite
def documents(draw: st.DrawFn) -> Document:
    texts = draw(st.lists(words, min_size=1, max_size=12))
    numbers = draw(st.lists(st.integers(0, 3), min_size=len(texts), max_size=len(texts)))
    return Document("Returns", blocks_of(texts, numbers))


@settings(deadline=None)
@given(documents())
def test_no_text_is_lost(document: Document) -> None:
    chunks = chunk_document(document, RECORD, SETTINGS)
    kept = "".join("".join(chunk.text.split()) for chunk in chunks)
    assert kept == "".join("".join(block.text.split()) for block in document.blocks)


@settings(deadline=None)
@given(documents())
def test_sizes_are_respected_and_ids_differ(document: Document) -> None:
    chunks = chunk_document(document, RECORD, SETTINGS)
    assert all(len(chunk.text) <= SETTINGS.max_chars + 20 for chunk in chunks)
    assert len({chunk.id for chunk in chunks}) == len(chunks)


@settings(deadline=None)
@given(documents(), words)
def test_ids_stay_when_another_section_changes(document: Document, text: str) -> None:
    before = chunk_document(document, RECORD, SETTINGS)
    added = Block("paragraph", text, heading_path=("Another section",))
    after = chunk_document(Document("Returns", (added, *document.blocks)), RECORD, SETTINGS)
    assert {chunk.id for chunk in before} <= {chunk.id for chunk in after}


def test_parts_and_spans_point_at_the_words() -> None:
    spans = (Span(0, 4, 3, 0.1, 0.1, 0.2, 0.12), Span(5, 9, 4, 0.1, 0.1, 0.2, 0.12))
    blocks = (
        Block("paragraph", "First one.", ("A",), page=2),
        Block("paragraph", "next page", ("A",), page=3, spans=spans),
    )
    (chunk,) = chunk_document(Document("T", blocks), RECORD, SETTINGS)
    assert chunk.text == "First one.\nnext page"
    assert [chunk.text[s.start : s.end] for s in chunk.spans] == ["next", "page"]
    assert chunk.page_at(16) == 4
    assert [chunk.text[p.start : p.end] for p in chunk.parts] == ["First one.", "next page"]


def test_a_long_table_is_cut_at_rows_under_its_header() -> None:
    rows = [f"AC{n:02d} | meaning number {n}" for n in range(20)]
    table = Block("table", "\n".join(["Code | Meaning", *rows]), ("Codes",))
    chunks = chunk_document(Document("T", (table,)), RECORD, SETTINGS)
    assert len(chunks) > 2
    assert all(chunk.text.startswith("Code | Meaning\n") for chunk in chunks)
    assert [line for chunk in chunks for line in chunk.text.split("\n")[1:]] == rows


def test_a_line_that_introduces_steps_stays_with_them() -> None:
    intro = Block("paragraph", "x" * 60 + " do this:", ("A",))
    filler = Block("paragraph", "y" * 50, ("A",))
    step = Block("step", "1. " + "z" * 40, ("A",), number="1.")
    chunks = chunk_document(Document("T", (filler, intro, step)), RECORD, SETTINGS)
    assert [chunk.text.count("do this:") for chunk in chunks] == [0, 1]
    assert "1. zzz" in chunks[1].text


def test_versions_never_share_a_chunk_id() -> None:
    document = Document("T", (Block("paragraph", "Same words.", ("A",)),))
    old = chunk_document(document, Record("SOP-1", "a.md", "T", version="1"), SETTINGS)
    new = chunk_document(document, Record("SOP-1", "b.md", "T", version="2"), SETTINGS)
    assert old[0].id != new[0].id


def test_context_says_what_the_passage_is_about() -> None:
    (chunk,) = chunk_document(Document("T", (Block("paragraph", "Do it.", ("A", "B")),)), RECORD, SETTINGS)
    assert context(chunk, "Returns") == "Returns\nA > B\nDo it."
