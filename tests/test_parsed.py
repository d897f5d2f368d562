"""The parse cache: documents come back as they went in."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from ingest.document import Block, Document, Page, Span
from ingest.parsed import NEUTRAL_STEM, cache_key, read_document, with_name, write_document

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
share = st.integers(0, 100_000).map(lambda n: n / 100_000)
spans = st.builds(Span, st.integers(0, 99), st.integers(0, 99), st.integers(1, 9), share, share, share, share)
blocks = st.builds(
    Block,
    kind=st.sampled_from(["heading", "paragraph", "step", "list", "table", "caption"]),
    text=texts,
    heading_path=st.lists(texts, max_size=3).map(tuple),
    page=st.none() | st.integers(1, 9),
    level=st.integers(0, 6),
    number=texts,
    spans=st.lists(spans, max_size=3).map(tuple),
    rows=st.lists(st.lists(texts, max_size=3).map(tuple), max_size=3).map(tuple),
    anchor=texts,
)
documents = st.builds(
    Document,
    title=texts,
    blocks=st.lists(blocks, max_size=4).map(tuple),
    pages=st.lists(st.builds(Page, st.integers(1, 9), texts, st.none() | share), max_size=3).map(tuple),
    warnings=st.lists(texts, max_size=2).map(tuple),
)


@given(document=documents)
def test_documents_come_back_as_they_went_in(tmp_path_factory: object, document: Document) -> None:
    path = Path(str(tmp_path_factory.getbasetemp())) / "document.json.gz"  # type: ignore[attr-defined]  # pytest's
    write_document(document, path)
    assert read_document(path) == document


def test_a_cut_or_damaged_file_is_none(tmp_path: Path) -> None:
    path = tmp_path / "a.json.gz"
    assert read_document(path) is None
    write_document(Document("T", (Block("paragraph", "text " * 50),)), path)
    whole = path.read_bytes()
    for place in range(10, len(whole)):
        path.write_bytes(whole[:place])
        assert read_document(path) is None
    path.write_bytes(whole[:40] + bytes([whole[40] ^ 1]) + whole[41:])
    assert read_document(path) is None


def test_lone_surrogates_are_stored_as_question_marks(tmp_path: Path) -> None:
    write_document(Document("T", (Block("paragraph", "a\ud800b"),)), tmp_path / "a")
    stored = read_document(tmp_path / "a")
    assert stored is not None
    assert stored.blocks[0].text == "a?b"


def test_the_files_name_takes_the_place_of_a_missing_title() -> None:
    heading = Block("heading", NEUTRAL_STEM, (NEUTRAL_STEM,))
    row = Block("table", "a | b", (NEUTRAL_STEM, "Codes"))
    named = with_name(Document(NEUTRAL_STEM, (heading, row)), "codes")
    assert named.title == named.blocks[0].text == "codes"
    assert [block.heading_path for block in named.blocks] == [("codes",), ("codes", "Codes")]
    assert with_name(Document("Own", (heading,)), "codes").blocks == (heading,)


def test_a_key_depends_on_content_format_and_parser() -> None:
    keys = {
        cache_key("a", ".md", "1"),
        cache_key("b", ".md", "1"),
        cache_key("a", ".txt", "1"),
        cache_key("a", ".md", "2"),
    }
    assert len(keys) == 4
    assert cache_key("a", ".MD", "1") in keys
