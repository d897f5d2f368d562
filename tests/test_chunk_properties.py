"""Whatever a parser returns: chunking loses no text, respects sizes, edits elsewhere move no id; the index keeps it."""

from collections import Counter
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from small_library import EMBEDDER, build

from ingest.chunk import Chunk, ChunkSettings, chunk_document
from ingest.document import Block, BlockKind, Document, Page, Span
from ingest.index import IndexedDocument
from ingest.passages import packed, passage_of
from ingest.register import Record

SIZES = ChunkSettings(max_chars=90, max_table_chars=120)
RECORD = Record("SOP-1", "a.md", "Returns", version="2.0", readers=("ops",))
WORDS = [
    "cut-off",
    "AC04",
    "returned.",
    "following:",
    "17:00",
    "e.g.",
    "支払い",
    "Zahlung",
    "x" * 40,
    "funds;",
    "The",
    "UETR",
]
TEXT = st.lists(st.sampled_from(WORDS), min_size=1, max_size=40).map(" ".join)
KINDS: list[BlockKind] = ["paragraph", "step", "list", "caption"]


@st.composite
def spans_of(draw: st.DrawFn, text: str, page: int) -> tuple[Span, ...]:
    """One span a word, as a PDF gives them."""
    spans, offset = [], 0
    for word in text.split(" "):
        left = draw(st.integers(0, 9000)) / 10_000
        spans.append(Span(offset, offset + len(word), page, left, 0.5, round(left + 0.1, 5), 0.52))
        offset += len(word) + 1
    return tuple(spans)


@st.composite
def blocks_under(draw: st.DrawFn, path: tuple[str, ...]) -> list[Block]:
    """A heading and what stands below it."""
    page = draw(st.one_of(st.none(), st.integers(1, 5)))
    blocks = [Block("heading", path[-1], path, page, level=len(path))]
    for _ in range(draw(st.integers(0, 5))):
        if draw(st.integers(0, 3)) == 0:
            columns = draw(st.integers(1, 3))
            cell = st.lists(st.sampled_from(WORDS), min_size=1, max_size=6).map(" ".join)
            rows = draw(st.lists(st.lists(cell, min_size=columns, max_size=columns), min_size=1, max_size=8))
            text = "\n".join(" | ".join(row) for row in rows)
            blocks.append(Block("table", text, path, page, rows=tuple(map(tuple, rows))))
        else:
            text = draw(TEXT)
            spans = draw(spans_of(text, page)) if page else ()
            blocks.append(Block(draw(st.sampled_from(KINDS)), text, path, page, spans=spans))
    return blocks


@st.composite
def sections(draw: st.DrawFn, prefix: str = "") -> list[list[Block]]:
    """The blocks of some sections, nested or not, no heading twice."""
    paths: list[tuple[str, ...]] = []
    for number in range(draw(st.integers(1, 5))):
        above = draw(st.sampled_from([(), *paths]))
        paths.append((*above, f"{prefix}Section {number}"))
    return [draw(blocks_under(path)) for path in paths]


def document_of(parts: list[list[Block]]) -> Document:
    blocks = tuple(block for part in parts for block in part)
    return Document("Returns", blocks, pages=tuple(Page(n, str(n)) for n in range(1, 6)))


def chunks_of(parts: list[list[Block]]) -> tuple[Chunk, ...]:
    return chunk_document(document_of(parts), RECORD, SIZES)


def words_in(texts: list[str]) -> Counter[str]:
    return Counter(word for text in texts for word in text.split())


@settings(max_examples=60, deadline=None)
@given(sections())
def test_no_word_is_lost_and_only_table_headers_are_repeated(parts: list[list[Block]]) -> None:
    chunks = chunks_of(parts)
    blocks = [block for part in parts for block in part]
    given_words = words_in([block.text for block in blocks if block.kind != "heading"])
    kept = words_in([chunk.text for chunk in chunks])
    assert all(kept[word] >= count for word, count in given_words.items())
    # A heading's words are in the path of what stands below it, or in a chunk of their own.
    carried = words_in([" ".join(chunk.heading_path) for chunk in chunks])
    assert all(
        carried[word] or kept[word] for block in blocks if block.kind == "heading" for word in block.text.split()
    )
    headers = words_in([block.text.split("\n")[0] for block in blocks if block.kind in ("table", "heading")])
    assert {word for word, count in kept.items() if count > given_words[word]} <= set(headers)


@settings(max_examples=60, deadline=None)
@given(sections())
def test_sizes_are_respected_and_nothing_crosses_a_section(parts: list[list[Block]]) -> None:
    chunks = chunks_of(parts)
    for chunk in chunks:
        assert len(chunk.text) <= (SIZES.max_table_chars if chunk.kind == "table" else SIZES.max_chars)
        assert chunk.text.strip()
        assert all(chunk.text[part.start : part.end].strip() for part in chunk.parts)
        assert all(chunk.text[span.start : span.end] in WORDS for span in chunk.spans)
    assert len({chunk.id for chunk in chunks}) == len(chunks)
    assert [chunk.ordinal for chunk in chunks] == list(range(len(chunks)))
    own = {tuple(block.heading_path for block in part[:1]): part for part in parts}
    assert {(chunk.heading_path,) for chunk in chunks} <= set(own)


@settings(max_examples=60, deadline=None)
@given(sections(), sections(prefix="Other "), st.integers(0, 10), st.integers(0, 4))
def test_edits_elsewhere_move_no_id(
    parts: list[list[Block]], others: list[list[Block]], place: int, edited: int
) -> None:
    before = {chunk.id: chunk.text for chunk in chunks_of(parts)}
    number = edited % len(parts)
    added = [*parts[:place], *others, *parts[place:]]
    changed = [*parts]
    changed[number] = [*parts[number], Block("paragraph", "A new rule.", parts[number][0].heading_path)]
    touched = {c.id for c in chunks_of(parts) if c.heading_path == parts[number][0].heading_path}
    assert before.items() <= {chunk.id: chunk.text for chunk in chunks_of(added)}.items()
    after = {chunk.id: chunk.text for chunk in chunks_of(changed)}
    assert {i: text for i, text in before.items() if i not in touched}.items() <= after.items()


@settings(max_examples=25, deadline=None)
@given(st.lists(sections(), min_size=1, max_size=3))
def test_an_index_gives_back_what_was_put_in(libraries: list[list[list[Block]]]) -> None:
    documents = []
    for number, parts in enumerate(libraries):
        record = replace(RECORD, doc_id=f"SOP-{number}", file=f"{number}.md")
        chunks = chunk_document(document_of(parts), record, SIZES)
        documents.append(
            IndexedDocument(record, f"hash {number}", document_of(parts).pages, ("a warning",), chunks=chunks)
        )
    with TemporaryDirectory() as folder:
        index = build(Path(folder, "g"), documents)
        for number, document in enumerate(documents):
            assert index.document_chunks(number) == document.chunks
            assert replace(index.documents[number], chunks=document.chunks) == document
            assert all(index.chunk(chunk.id) == chunk for chunk in document.chunks)
            assert {c for chunk in document.chunks for c in index.section(chunk.section_id)} == set(document.chunks)
            for row, chunk in zip(index.rows_of(number), document.chunks, strict=True):
                passage = passage_of(chunk, document.record.title)
                vectors = packed(passage, EMBEDDER.embed_passages([passage])[0]).units
                assert np.allclose(index.vectors([row])[0], vectors[0])
                assert np.allclose(index.unit_vectors(row), vectors[1:], atol=0.01)
        index.close()
