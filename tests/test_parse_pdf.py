"""PDFs with a text layer: structure, pages, positions, and what must stay out."""

from pathlib import Path

import pypdfium2
import pytest
from pdf_maker import HEIGHT, LEFT, LOREM, WIDTH, Maker, find, kinds, make_pdf
from pypdf import PdfReader, PdfWriter
from pypdf.annotations import FreeText, Text
from pypdf.generic import DictionaryObject, NameObject, NumberObject, RectangleObject, StreamObject

from ingest.document import Document
from ingest.errors import ParseError
from ingest.parse import parse_file


def assert_spans_are_words(document: Document) -> None:
    for block in document.blocks:
        for span in block.spans:
            word = block.text[span.start : span.end]
            assert word and not any(c.isspace() for c in word)
            assert 0 <= span.x0 < span.x1 <= 1 and 0 <= span.y0 < span.y1 <= 1
        covered = "".join(block.text[s.start : s.end] for s in block.spans)
        assert covered == "".join(block.text.replace(" | ", " ").replace(" / ", " ").split())


def procedure(maker: Maker) -> None:
    maker.line("Repair of incoming wires", size=20, bold=True)
    maker.line("1 Purpose", size=14, bold=True)
    maker.lines(LOREM)
    maker.line("2 Steps", size=14, bold=True)
    maker.line("2.1 Repair", size=12, bold=True)
    maker.line("1. Open the item in the queue.")
    maker.line("2. Compare the account number with the original order and write down what")
    maker.line("differs.", x=LEFT + 14)
    maker.line("a) For a closed account see the next section.")
    maker.line("\u2022 Never release alone.")


def test_headings_nest_and_steps_keep_their_numbers(tmp_path: Path) -> None:
    document = parse_file(make_pdf(tmp_path / "a.pdf", procedure))
    assert document.title == "Repair of incoming wires"
    assert find(document, "2.1 Repair").heading_path == ("Repair of incoming wires", "2 Steps", "2.1 Repair")
    steps = [(b.number, b.text) for b in document.blocks if b.kind == "step"]
    assert [number for number, _ in steps] == ["1.", "2.", "a)"]
    assert steps[1][1].endswith("write down what differs.")
    assert ("list", "Never release alone.") in kinds(document)
    assert find(document, "Compare").heading_path[-1] == "2.1 Repair"
    assert_spans_are_words(document)


def test_a_paragraph_is_one_block_over_lines_and_pages(tmp_path: Path) -> None:
    def draw(maker: Maker) -> None:
        maker.lines(LOREM)
        maker.y = 700
        maker.line("The second person compares the amount, the currency and the name of the beneficiary")
        maker.line("with the image of the order, and only then releases the payment to the queue of the")
        maker.page()
        maker.line("rail that the order names.")
        maker.line("A new paragraph begins here, because the sentence above it has ended with a full stop.")

    document = parse_file(make_pdf(tmp_path / "a.pdf", draw))
    joined = find(document, "second person")
    assert joined.text.endswith("to the queue of the rail that the order names.")
    assert joined.page == 1 and {s.page for s in joined.spans} == {1, 2}
    assert find(document, "A new paragraph").page == 2


def test_hyphens_at_line_ends_are_undone_unless_they_belong_to_the_word(tmp_path: Path) -> None:
    def draw(maker: Maker) -> None:
        maker.line("A third-party sender is told. The investi-")
        maker.line("gation goes on and a new third-")
        maker.line("party sender is asked.")

    document = parse_file(make_pdf(tmp_path / "a.pdf", draw))
    text = document.blocks[0].text
    assert "The investigation goes on and a new third-party sender" in text
    assert_spans_are_words(document)


def test_columns_are_read_one_after_the_other(tmp_path: Path) -> None:
    def draw(maker: Maker) -> None:
        maker.line("Two columns", size=18, bold=True)
        for x, word in ((60, "left"), (320, "right")):
            maker.y = 150
            for i in range(12):
                maker.line(f"line {i} of the {word} column has seven words", x=x)

    text = " ".join(block.text for block in parse_file(make_pdf(tmp_path / "a.pdf", draw)).blocks)
    assert text.index("line 11 of the left") < text.index("line 0 of the right")


def test_running_lines_stay_out_and_give_the_printed_label(tmp_path: Path) -> None:
    def draw(maker: Maker) -> None:
        texts = ["Alpha begins.", "Then beta.", "Gamma follows.", "Delta is next.", "Epsilon ends."]
        for number, (label, text) in enumerate(zip(["i", "ii", "1", "2", "3"], texts, strict=True)):
            maker.at("Larkmoor Bank | Wires", 72, 30)
            maker.at(f"SOP-1 version 2.0          Page {label}", 72, HEIGHT - 30)
            maker.y = 130
            maker.lines(f"{text} {LOREM}")
            if number < 4:
                maker.page()

    document = parse_file(make_pdf(tmp_path / "a.pdf", draw))
    assert [page.label for page in document.pages] == ["i", "ii", "1", "2", "3"]
    assert [page.index for page in document.pages] == [1, 2, 3, 4, 5]
    assert not any("Larkmoor" in b.text or "version 2.0" in b.text for b in document.blocks)
    assert [b.text.split()[0] for b in document.blocks] == ["Alpha", "Then", "Gamma", "Delta", "Epsilon"]


def test_ruled_table_over_two_pages_is_one_with_its_header_once(tmp_path: Path) -> None:
    xs = [72.0, 150.0, 300.0, 500.0]
    header = ["Code", "Meaning", "What the desk does"]

    def draw(maker: Maker) -> None:
        maker.lines(LOREM)
        maker.y = 620
        maker.grid(xs, [header, ["AC01", "Account wrong", "Ask the client"], ["AC04", "Account closed", "Return it"]])
        maker.page()
        maker.grid(xs, [header, ["AM05", "Duplicate", "Stop"], ["", "", "and tell the team lead"]])

    document = parse_file(make_pdf(tmp_path / "a.pdf", draw))
    tables = [block for block in document.blocks if block.kind == "table"]
    assert len(tables) == 1
    assert tables[0].rows == (
        tuple(header),
        ("AC01", "Account wrong", "Ask the client"),
        ("AC04", "Account closed", "Return it"),
        ("AM05", "Duplicate", "Stop"),
        ("", "", "and tell the team lead"),
    )
    assert tables[0].text.split("\n")[2] == "AC04 | Account closed | Return it"
    assert tables[0].page == 1 and {s.page for s in tables[0].spans} == {1, 2}
    assert_spans_are_words(document)


def test_table_without_lines_keeps_columns_and_header(tmp_path: Path) -> None:
    rows = [
        ("Rail", "Cut-off", "Close"),
        ("Fedwire", "17:30", "18:45"),
        ("CHIPS", "17:00", "18:00"),
        ("CHAPS", "16:45", "17:40"),
    ]

    def draw(maker: Maker) -> None:
        maker.lines(LOREM)
        for row in rows:
            for x, text in zip((72, 230, 380), row, strict=True):
                maker.at(text, x, maker.y, size=11)
            maker.y += 18

    table = next(b for b in parse_file(make_pdf(tmp_path / "a.pdf", draw)).blocks if b.kind == "table")
    assert table.rows == tuple(rows)


def test_text_that_nobody_sees_is_dropped_and_named(tmp_path: Path) -> None:
    def draw(maker: Maker) -> None:
        maker.lines(LOREM)
        maker.page()
        canvas = maker.canvas
        canvas.setFillColorRGB(1, 1, 1)
        maker.line("white words on white paper")
        canvas.setFillColorRGB(0, 0, 0)
        maker.line("tiny words of one point", size=1)
        canvas.saveState()
        text = canvas.beginText(LEFT, 500)
        text.setFont("Helvetica", 11)
        text.setTextRenderMode(3)
        text.textLine("invisible mode words")
        canvas.drawText(text)
        canvas.restoreState()
        maker.at("words beside the page", WIDTH + 50, 300)
        canvas.setFont("Helvetica", 11)
        canvas.drawString(LEFT, 400, "covered words under a box")
        canvas.rect(LEFT - 5, 395, 300, 20, fill=1, stroke=0)
        canvas.setFillColorRGB(0.1, 0.1, 0.4)
        canvas.rect(LEFT, 300, 300, 30, fill=1, stroke=0)
        canvas.setFillColorRGB(1, 1, 1)
        canvas.drawString(LEFT + 10, 310, "White on a dark bar is read")

    document = parse_file(make_pdf(tmp_path / "a.pdf", draw))
    text = " ".join(block.text for block in document.blocks)
    for phrase in ("white words", "tiny words", "invisible", "beside", "covered"):
        assert phrase not in text
    assert "White on a dark bar is read" in text
    assert document.warnings == ("hidden text dropped on page 2",)


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_spans_stand_where_the_rotated_page_shows_the_word(tmp_path: Path, degrees: int) -> None:
    plain = make_pdf(tmp_path / "plain.pdf", procedure)
    writer = PdfWriter()
    for page in PdfReader(plain).pages:
        page[NameObject("/Rotate")] = NumberObject(degrees)
        writer.add_page(page)
    writer.write(tmp_path / "turned.pdf")
    upright, turned = parse_file(plain), parse_file(tmp_path / "turned.pdf")
    assert kinds(turned) == kinds(upright)
    a, b = find(upright, "1 Purpose").spans[1], find(turned, "1 Purpose").spans[1]
    expected = {90: (1 - a.y1, a.x0), 180: (1 - a.x1, 1 - a.y1), 270: (a.y0, 1 - a.x1)}[degrees]
    assert (b.x0, b.y0) == pytest.approx(expected, abs=0.002)


def test_span_covers_the_ink_of_its_word(tmp_path: Path) -> None:
    path = make_pdf(tmp_path / "a.pdf", procedure)
    span = find(parse_file(path), "Open the item").spans[-1]
    with pypdfium2.PdfDocument(path) as pdf:
        image = pdf[0].render(scale=2, grayscale=True).to_numpy().squeeze()
    height, width = image.shape
    inside = image[int(span.y0 * height) : int(span.y1 * height), int(span.x0 * width) : int(span.x1 * width)]
    assert inside.min() < 100


def test_contents_are_left_out(tmp_path: Path) -> None:
    def draw(maker: Maker) -> None:
        maker.line("Contents", size=14, bold=True)
        for i, name in enumerate(["Purpose", "Scope", "Roles", "Steps", "Records"], start=1):
            maker.line(f"{i} {name} {'.' * 60} {i + 1}")
        maker.page()
        maker.line("1 Purpose", size=14, bold=True)
        maker.lines(LOREM)

    document = parse_file(make_pdf(tmp_path / "a.pdf", draw))
    assert [b.text for b in document.blocks if b.kind == "heading"] == ["1 Purpose"]
    assert not any("....." in b.text for b in document.blocks)


def test_bookmarks_decide_what_a_heading_is_and_how_deep(tmp_path: Path) -> None:
    def draw(maker: Maker) -> None:
        for level, name in enumerate(["Wires", "Returns"]):
            maker.canvas.bookmarkPage(name)
            maker.canvas.addOutlineEntry(name, name, level)
            maker.line(name)
            maker.lines(LOREM)

    document = parse_file(make_pdf(tmp_path / "a.pdf", draw))
    assert [b.heading_path for b in document.blocks if b.kind == "heading"] == [("Wires",), ("Wires", "Returns")]


def test_labels_of_a_flow_chart_are_one_paragraph_before_their_caption(tmp_path: Path) -> None:
    def draw(maker: Maker) -> None:
        maker.lines(LOREM)
        for i, label in enumerate(["Item in queue", "Known today?", "Answer sent"]):
            y = maker.y + i * 50
            maker.canvas.rect(220, HEIGHT - y - 10, 120, 26)
            maker.at(label, 235, y)
        maker.y += 170
        maker.line("Figure 1 - A request arrives", bold=True)
        maker.lines(LOREM)

    document = parse_file(make_pdf(tmp_path / "a.pdf", draw))
    at = next(i for i, b in enumerate(document.blocks) if b.kind == "caption")
    assert document.blocks[at].text == "Figure 1 - A request arrives"
    assert document.blocks[at - 1].text == "Item in queue / Known today? / Answer sent"
    assert_spans_are_words(document)


def test_locked_and_damaged_files_are_named_so(tmp_path: Path) -> None:
    writer = PdfWriter(clone_from=make_pdf(tmp_path / "a.pdf", procedure))
    writer.encrypt("secret", algorithm="RC4-128")
    writer.write(tmp_path / "locked.pdf")
    with pytest.raises(ParseError, match="password-protected PDF"):
        parse_file(tmp_path / "locked.pdf")
    (tmp_path / "torn.pdf").write_bytes(b"%PDF-1.7\n" + b"\x93 nothing to see " * 50)
    with pytest.raises(ParseError, match="damaged PDF"):
        parse_file(tmp_path / "torn.pdf")


def test_a_pdf_of_which_no_page_can_be_opened_is_named_so(tmp_path: Path) -> None:
    content = (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
        b"2 0 obj<</Type/Pages/Count 2/Kids[8 0 R 9 0 R]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
    )
    (tmp_path / "b.pdf").write_bytes(content)
    with pytest.raises(ParseError, match="not one of its pages can be opened"):
        parse_file(tmp_path / "b.pdf")


def test_what_was_filled_into_a_form_is_read_where_it_stands(tmp_path: Path) -> None:
    def draw(maker: Maker) -> None:
        form = maker.canvas.acroForm
        maker.line("Record of a call-back", size=16, bold=True)
        for name, value, flags in (("caller", "Maria Example", ""), ("note", "Not for readers", "hidden")):
            maker.line(f"The {name} of this record is:", gap=20)
            box = {"x": 250, "y": maker.height - maker.y + 25, "width": 200, "height": 20}
            form.textfield(name=name, value=value, annotationFlags=flags, **box)
        form.choice(name="limit", value="EUR 50,000", options=["EUR 50,000", "EUR 10"], x=250, y=600, height=20)
        maker.at("The limit is:", LEFT, maker.height - 606, size=11)

    document = parse_file(make_pdf(tmp_path / "a.pdf", draw))
    text = "\n".join(block.text for block in document.blocks)
    assert "The caller of this record is: Maria Example" in text
    assert "The limit is: EUR 50,000" in text
    assert "Not for readers" not in text
    block = next(block for block in document.blocks if "Maria" in block.text)
    span = next(span for span in block.spans if block.text[span.start : span.end] == "Maria")
    assert 250 / WIDTH < span.x0 < span.x1 < 450 / WIDTH


def test_what_was_stamped_on_a_page_is_read_and_remarks_are_not(tmp_path: Path) -> None:
    writer = PdfWriter(clone_from=make_pdf(tmp_path / "a.pdf", procedure))
    appearance = StreamObject()
    appearance.set_data(b"BT /F 14 Tf 4 4 Td (Valid until June) Tj ET")
    font = DictionaryObject({NameObject("/Type"): NameObject("/Font"), NameObject("/Subtype"): NameObject("/Type1")})
    font[NameObject("/BaseFont")] = NameObject("/Helvetica")
    fonts = DictionaryObject({NameObject("/Font"): DictionaryObject({NameObject("/F"): font})})
    appearance.update({
        NameObject("/Type"): NameObject("/XObject"), NameObject("/Subtype"): NameObject("/Form"),
        NameObject("/BBox"): RectangleObject((0, 0, 150, 20)), NameObject("/Resources"): fonts,
    })  # fmt: skip
    stamp = FreeText(text="Valid until June", rect=(72, 60, 222, 80))
    stamp[NameObject("/AP")] = DictionaryObject({NameObject("/N"): writer._add_object(appearance)})
    writer.add_annotation(0, stamp)
    writer.add_annotation(0, Text(text="I doubt this", rect=(300, 60, 320, 80)))
    writer.write(tmp_path / "b.pdf")
    text = "\n".join(block.text for block in parse_file(tmp_path / "b.pdf").blocks)
    assert "Valid until June" in text
    assert "doubt" not in text


def test_too_many_pages_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest.parse.pdfpages.MAX_PAGES", 2)

    def draw(maker: Maker) -> None:
        maker.page()
        maker.page()
        maker.line("third")

    with pytest.raises(ParseError, match="3 pages; at most 2"):
        parse_file(make_pdf(tmp_path / "a.pdf", draw))


def test_a_page_without_any_text_is_an_error_not_an_empty_document(tmp_path: Path) -> None:
    with pytest.raises(ParseError, match="no text was found"):
        parse_file(make_pdf(tmp_path / "a.pdf", lambda maker: None))
