"""What is highlighted is what was quoted, on pages and in text."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from reportlab.pdfgen.canvas import Canvas

from app.originals import find_original
from app.source_page import LONGEST_SIDE, marked_text, page_count, quote_boxes, render_page, section_lines, table_head
from ingest.chunk import Chunk, Part
from ingest.document import Span
from ingest.errors import ParseError
from ingest.files import sha256_file
from ingest.index import IndexedDocument
from ingest.register import Record

TEXT = "Release by 17:00.\nCode | Meaning\nAC04 | Account closed"
WORDS = ((0, 7), (8, 10), (11, 17))


def chunk(text: str = TEXT, spans: tuple[Span, ...] = (), parts: tuple[Part, ...] = ()) -> Chunk:
    return Chunk("c1", "SOP-1", "s1", 0, "mixed", ("Returns",), text, 1, parts, spans)


def spans(*, page: int = 1, y: float = 0.1) -> tuple[Span, ...]:
    return tuple(Span(a, b, page, a / 100, y, b / 100, y + 0.02) for a, b in WORDS)


def parts() -> tuple[Part, ...]:
    return (Part(0, 17, 1, "paragraph"), Part(18, len(TEXT), 1, "table"))


def test_words_on_a_line_share_a_box() -> None:
    (box,) = quote_boxes(chunk(spans=spans()), 0, 17)
    assert box.text == "Release by 17:00."
    assert (box.x0, box.x1) == pytest.approx((0.0, 0.17))


def test_a_quote_that_cuts_a_word_boxes_the_part() -> None:
    (box,) = quote_boxes(chunk(spans=spans()), 11, 16)
    assert box.text == "17:00"
    assert (box.x0, box.x1) == pytest.approx((0.11, 0.16))


def test_lines_and_pages_and_columns_have_boxes_of_their_own() -> None:
    first, second, third = spans()
    below = Span(second.start, second.end, 1, second.x0, 0.2, second.x1, 0.22)
    over = Span(third.start, third.end, 2, third.x0, 0.1, third.x1, 0.12)
    assert [b.text for b in quote_boxes(chunk(spans=(first, below, over)), 0, 17)] == ["Release", "by", "17:00."]
    apart = Span(second.start, second.end, 1, 0.5, 0.1, 0.52, 0.12)
    assert [b.text for b in quote_boxes(chunk(spans=(first, apart)), 0, 10)] == ["Release", "by"]


@given(st.integers(0, len(TEXT)), st.integers(0, len(TEXT)))
def test_the_marked_text_is_the_quote(start: int, end: int) -> None:
    lines = section_lines([chunk(parts=parts())], "c1", start, end)
    assert "".join(marked_text(lines).split()) == "".join(TEXT[start:end].replace("|", " ").split())
    shown = " ".join(run.text for line in lines for cell in line.cells for run in cell)
    assert shown.replace(" ", "") == "".join(TEXT.replace("|", " ").split())


def test_only_the_cited_passage_of_a_section_is_marked() -> None:
    other = Chunk("c2", "SOP-1", "s1", 1, "paragraph", (), "Release by noon.", 1, (), ())
    lines = section_lines([chunk(parts=parts()), other], "c2", 0, 7)
    assert marked_text(lines) == "Release"
    assert [line.kind for line in lines] == ["paragraph", "table", "table", "paragraph"]
    assert [len(line.cells) for line in lines] == [1, 2, 2, 1]


def test_a_row_knows_its_columns() -> None:
    found = chunk(parts=parts())
    assert table_head(found, TEXT.index("AC04")) == ("Code", "Meaning")
    assert table_head(found, TEXT.index("Code")) == ()
    assert table_head(found, 0) == ()


@pytest.fixture
def pdf(tmp_path: Path) -> Path:
    canvas = Canvas(str(tmp_path / "two.pdf"), pagesize=(300, 400))
    canvas.rect(0, 350, 150, 50, fill=1)
    canvas.showPage()
    canvas.setPageSize((14_000, 20))
    canvas.drawString(10, 5, "wide")
    canvas.save()
    return tmp_path / "two.pdf"


def test_a_page_is_rendered_as_displayed(pdf: Path) -> None:
    assert page_count(pdf) == 2
    data, width, height = render_page(pdf, "v1", 1, 600)
    assert (width, height) == (600, 800)
    (tmp := pdf.with_suffix(".webp")).write_bytes(data)
    with Image.open(tmp) as image:
        grey = image.convert("L")
        assert grey.getpixel((150, 50)) < 40
        assert grey.getpixel((450, 50)) > 215


def test_what_was_filled_into_a_form_is_on_the_page(tmp_path: Path) -> None:
    canvas = Canvas(str(tmp_path / "form.pdf"), pagesize=(300, 400))
    canvas.drawString(20, 300, "Name")
    canvas.acroForm.textfield(value="Maria Example", x=20, y=200, width=200, height=24, borderWidth=0)
    canvas.save()
    data, _, _ = render_page(tmp_path / "form.pdf", "v1", 1, 300)
    (tmp_path / "form.webp").write_bytes(data)
    with Image.open(tmp_path / "form.webp") as image:
        assert image.convert("L").crop((22, 400 - 222, 110, 400 - 202)).getextrema()[0] < 100


def test_a_huge_page_stays_small(pdf: Path) -> None:
    _, width, height = render_page(pdf, "v1", 2, 60_000)
    assert max(width, height) <= LONGEST_SIDE + 1


@pytest.mark.parametrize("page", [0, 3])
def test_a_page_that_is_not_there_is_an_error_of_ours(pdf: Path, page: int) -> None:
    with pytest.raises(ParseError, match=r"two\.pdf"):
        render_page(pdf, "v1", page, 600)


def test_a_broken_file_is_an_error_of_ours(tmp_path: Path) -> None:
    broken = tmp_path / "broken.pdf"
    broken.write_bytes(b"%PDF-1.7 nothing")
    with pytest.raises(ParseError, match=r"broken\.pdf"):
        page_count(broken)


def test_the_original_counts_only_while_it_is_the_same(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_text("Release by 17:00.", "utf-8")
    record = Record("SOP-1", "a.md", "Release")
    document = IndexedDocument(record, sha256_file(path))
    assert find_original(tmp_path, document) == path.resolve()
    path.write_text("Release by 18:00.", "utf-8")
    assert find_original(tmp_path, document) is None
    path.unlink()
    assert find_original(tmp_path, document) is None
    assert find_original(None, document) is None


def test_no_original_lies_outside_its_folder(tmp_path: Path) -> None:
    (tmp_path / "corpus").mkdir()
    path = tmp_path / "secret.txt"
    path.write_text("secret", "utf-8")
    document = IndexedDocument(Record("X", "../secret.txt", "X"), sha256_file(path))
    assert find_original(tmp_path / "corpus", document) is None
