"""Answers as text and Markdown: complete, and nobody's markup."""

from dataclasses import replace
from datetime import UTC, date, datetime

from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from app.answer import Answer, Citation, Filters, Statement
from app.views.export import as_markdown, as_text, escape_markdown, file_name
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


def test_every_quoted_passage_has_one_number() -> None:
    numbering = Numbering.of(STEPS)
    assert [numbering.marks(statement) for statement in STEPS] == [[1], [1, 2]]
    assert numbering.citations == [QUOTE, OTHER]


def test_the_text_carries_its_references() -> None:
    text = as_text(ANSWER)
    assert "Book and close. [1] [2]" in text
    assert "[1] SOP-1 v3.1, Returns, 4 Steps, p. 5 (printed 3), effective 1 Jul 2026: “Book to 7710.”" in text


def test_the_markdown_says_what_was_asked_searched_and_quoted() -> None:
    text = as_markdown(ANSWER, filters=Filters(as_of=date(2026, 1, 2), rails=("swift",)), asked_at=ASKED)
    for part in ("What to do?", "Book to 7710.", "2026-01-02", "swift", "000001", "A note.", "7-ab"):
        assert part.replace("-", "\\-") in text or part in text


@given(
    st.text(max_size=60), st.sampled_from(["<script>", "![x](http://e.example/)", "[a](b)", "http://e.example", "# "])
)
def test_foreign_text_never_becomes_markup(text: str, attack: str) -> None:
    reader = MarkdownIt("gfm-like", {"linkify": False, "html": True})
    tokens = reader.parse(escape_markdown(f"{attack}{text}{attack}"))
    inline = [child.type for token in tokens for child in token.children or ()]
    assert {token.type for token in tokens} <= {"paragraph_open", "inline", "paragraph_close"}
    assert set(inline) <= {"text", "text_special", "softbreak"}


def test_an_abstention_is_exported_with_its_reason() -> None:
    answer = replace(ANSWER, abstained=True, reason="Searched 3 documents.", statements=())
    assert "Searched 3 documents." in as_text(answer)
    assert "Searched 3 documents." in as_markdown(answer, filters=Filters(), asked_at=ASKED)


def test_names_are_plain() -> None:
    assert file_name(replace(ANSWER, question="../../etc/passwd <x> AC04?")) == "etc-passwd-x-ac04.md"
    assert file_name(replace(ANSWER, question="???")) == "answer.md"
    assert say_document("SOP-1", "v2") == "SOP-1 v2"
    assert say_page(None, "") == ""
    assert say_page(4, "4") == "p. 4"


def test_a_spreadsheet_runs_nothing() -> None:
    assert as_csv([("=1+1", "a\nb", "-2")]) == "'=1+1,a / b,'-2\r\n"
