"""Answers as text, Markdown and PDF: complete, and nobody's markup."""

from dataclasses import replace
from datetime import UTC, date, datetime
from io import BytesIO

from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from pypdf import PdfReader

from app.answer import Answer, Citation, Filters, Statement
from app.record import Recorded
from app.views.export import as_markdown, as_text, escape_markdown, file_name
from app.views.pdf import as_pdf
from app.views.references import Numbering, say_document, say_page
from app.views.status import as_csv

QUOTE = Citation(
    "a.pdf", "SOP-1", "3.1", "Returns", "4 Steps", 5, "3", "Book to 7710.", "c1", 0, 13, date(2026, 7, 1), "Ops"
)
OTHER = replace(QUOTE, quote="Close the case.", start=14, end=29)
STEPS = (
    Statement("Book to 7710.", (QUOTE,), "step"),
    Statement("Book and close.", (OTHER, QUOTE), "step"),
)
ANSWER = Answer("7-ab", "What to do?", False, "", "", STEPS, (), "000001-x", "none", notes=("A note.",))
ASKED = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
MADE = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)


def recorded(answer: Answer = ANSWER, filters: Filters | None = None) -> Recorded:
    return Recorded(answer, filters or Filters(as_of=date(2026, 1, 2), rails=("swift",)), ASKED, "")


def read_pdf(data: bytes) -> str:
    return " ".join(" ".join(page.extract_text() for page in PdfReader(BytesIO(data)).pages).split())


def test_every_quoted_passage_has_one_number() -> None:
    numbering = Numbering.of(STEPS)
    assert [numbering.marks(statement) for statement in STEPS] == [[1], [1, 2]]
    assert numbering.citations == [QUOTE, OTHER]


def test_the_text_carries_its_references() -> None:
    text = as_text(ANSWER)
    assert "Book and close. [1] [2]" in text
    assert "Note: A note." in text  # whoever pastes an answer takes its warnings along
    assert "[1] SOP-1 v3.1, Returns, 4 Steps, p. 5 (printed 3), effective 1 Jul 2026: “Book to 7710.”" in text


def test_the_markdown_says_what_was_asked_searched_and_quoted() -> None:
    text = as_markdown([recorded()], MADE)
    for part in (
        "What to do?",
        "Book to 7710.",
        "2026-01-02",
        "swift",
        "000001",
        "A note.",
        "7-ab",
        "2026-11-24 09:30",
    ):
        assert part.replace("-", "\\-") in text or part in text


def test_a_conversation_is_exported_whole() -> None:
    second = replace(ANSWER, id="8-cd", question="And then?")
    text = as_markdown([recorded(), recorded(second)], MADE)
    assert text.startswith("# Conversation of 2026-11-23, 2 questions")
    assert "## What to do?" in text
    assert "## And then?" in text
    assert "8\\-cd" in text or "8-cd" in text
    pages = read_pdf(as_pdf([recorded(), recorded(second)], MADE))
    for part in ("2 questions", "What to do?", "And then?", "7-ab", "8-cd", "Page 1 of 2"):
        assert part in pages


def test_the_pdf_is_evidence_by_itself() -> None:
    data = as_pdf([recorded()], MADE)
    text = read_pdf(data)
    for part in (
        "What to do?",
        "☐ Book to 7710. [1]",
        "Note: A note.",
        "SOP-1 v3.1 · 4 Steps, p. 5 (printed 3) · in force since 1 Jul 2026 · owner Ops · a.pdf",
        "Close the case.",
        "Asked 2026-11-23 15:00 UTC",
        "Procedures in force on 2026-01-02",
        "Rail swift",
        "Index generation 000001-x",
        "Ledger id 7-ab",
        "Exported 2026-11-24 09:30 UTC",
        "Page 1 of 1",
    ):
        assert part in text
    fonts = [font for page in PdfReader(BytesIO(data)).pages for font in page["/Resources"]["/Font"].values()]
    used = [font.get_object() for font in fonts if "Helvetica" not in str(font.get_object()["/BaseFont"])]
    assert used
    assert all("/FontFile2" in font["/FontDescriptor"].get_object() for font in used)


def test_every_letter_reaches_the_pdf() -> None:
    odd = replace(QUOTE, quote="Zażółć – “€ 5” → Ελλάς Москва <b>&amp; 漢")
    text = read_pdf(as_pdf([recorded(replace(ANSWER, statements=(Statement(odd.quote, (odd,)),)))], MADE))
    assert "Zażółć – “€ 5” → Ελλάς Москва <b>&amp; [U+6F22]" in text


def test_a_quote_longer_than_a_page_is_printed_whole() -> None:
    long = replace(QUOTE, quote=" ".join(f"word{n}" for n in range(3000)))
    text = read_pdf(as_pdf([recorded(replace(ANSWER, statements=(Statement("Short.", (long,)),)))], MADE))
    assert "word0 " in text
    assert "word2999" in text


@given(
    st.text(max_size=60), st.sampled_from(["<script>", "![x](http://e.example/)", "[a](b)", "http://e.example", "# "])
)
def test_foreign_text_never_becomes_markup(text: str, attack: str) -> None:
    reader = MarkdownIt("gfm-like", {"linkify": False, "html": True})
    tokens = reader.parse(escape_markdown(f"{attack}{text}{attack}"))
    inline = [child.type for token in tokens for child in token.children or ()]
    assert {token.type for token in tokens} <= {"paragraph_open", "inline", "paragraph_close"}
    assert set(inline) <= {"text", "text_special", "softbreak"}


def test_a_contradiction_is_exported_with_the_document_that_differs() -> None:
    answer = replace(ANSWER, statements=(Statement("Book within 2 hours.", (QUOTE,), disagrees="GDE-7"),))
    for text in (as_text(answer), as_markdown([recorded(answer)], MADE), read_pdf(as_pdf([recorded(answer)], MADE))):
        assert "(differs from GDE-7)" in " ".join(text.split())


def test_an_abstention_is_exported_with_its_reason() -> None:
    answer = replace(ANSWER, abstained=True, reason="Searched 3 documents.", statements=())
    assert "Searched 3 documents." in as_text(answer)
    assert "Searched 3 documents." in as_markdown([recorded(answer)], MADE)
    assert "Searched 3 documents." in read_pdf(as_pdf([recorded(answer)], MADE))


def test_names_are_plain() -> None:
    hostile = recorded(replace(ANSWER, question="../../etc/passwd <x> AC04?"))
    assert file_name([hostile], "md") == "etc-passwd-x-ac04.md"
    assert file_name([recorded(replace(ANSWER, question="???"))], "pdf") == "answer.pdf"
    assert say_document("SOP-1", "v2") == "SOP-1 v2"
    assert say_page(None, "") == ""
    assert say_page(4, "4") == "p. 4"


def test_a_spreadsheet_runs_nothing() -> None:
    assert as_csv([("=1+1", "a\nb", "-2")]) == "'=1+1,a / b,'-2\r\n"
