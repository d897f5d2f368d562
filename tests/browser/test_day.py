"""A person's day over the sample library with its real index: every format, every feature, one browser."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from conftest import Chat, Keys, Visit, check_axe
from playwright.sync_api import Locator, expect
from pypdf import PdfReader

from eval.cases import load_cases
from ingest.errors import AssistantError
from ingest.generations import current_generation
from ingest.index import open_index

ROOT = Path(__file__).parents[2]
RETURN = "pacs.004 came back with AC04, what do I do?"
CUTOFF = "When is the CHAPS cut-off for customer payments?"
Open = Callable[..., Visit]


@pytest.fixture(scope="module")
def real(chat: Chat) -> Iterator[str]:
    """The chat over the sample library, for an owner."""
    index = ROOT / ".index"
    if not (ROOT / ".models" / "minilm-ops").is_dir():
        pytest.skip("no embedding model: make models")
    try:
        open_index(current_generation(index)).close()
    except AssistantError as error:
        pytest.skip(f"no index of the sample library ({error.message}): make ingest")
    with chat(index, APP_CORPUS=str(ROOT / "corpus" / "library"), APP_READERS="owners") as url:
        yield url


def squash(text: str) -> str:
    return "".join(letter for letter in text.lower() if letter.isalnum())


def open_source(chat: Visit, document: str) -> Locator:
    """Open the first citation of a document and return the marked words."""
    reference = chat.last.locator(".pa-ref").filter(has_text=document).first
    reference.locator(".pa-cite").first.click()
    expect(chat.page.locator(".pa-source-head")).to_contain_text(document)
    marked = chat.page.locator(".pa-viewer mark")
    expect(marked.first).to_be_attached()
    return marked


def quoted(chat: Visit, document: str) -> str:
    """The quote as the reader sees it when pointing at the mark."""
    mark = chat.last.locator(".pa-ref").filter(has_text=document).first.locator(".pa-cite").first
    mark.hover()
    return chat.page.locator(".pa-tip q").inner_text().rstrip("…")


@pytest.mark.parametrize(
    ("question", "document", "pages"),
    [
        (RETURN, "GDE-SWF-204", True),  # PDF
        ("Who decides on a site switch?", "SOP-BCP-902", True),  # scan
        ("What is the call-back limit?", "SOP-PAY-010", False),  # DOCX
        ("How many days do we have to answer a recall?", "SOP-SWF-206", False),  # HTML
        (CUTOFF, "REF-CUT-001", False),  # XLSX
    ],
)
def test_the_source_of_every_format_marks_the_quote(
    visit: Open, real: str, question: str, document: str, pages: bool
) -> None:
    chat = visit(real)
    chat.ask(question)
    quote = quoted(chat, document)
    marked = squash("".join(open_source(chat, document).all_inner_texts()))
    assert marked.startswith(squash(quote))
    if pages:
        before = chat.page.locator(".pa-page").inner_text()
        chat.page.get_by_role("button", name="Next page").click()
        expect(chat.page.locator(".pa-page")).not_to_have_text(before)
        chat.page.get_by_role("button", name="Back to the quote").click()
        expect(chat.page.locator(".pa-page")).to_have_text(before)
    with chat.page.expect_download() as got:
        chat.page.get_by_role("button", name="Open original").click()
    assert Path(got.value.path()).stat().st_size > 1000
    # What is half under the field for questions is too small a target there, and nowhere else.
    chat.page.get_by_test_id("stMain").evaluate("page => page.scrollTo(0, page.scrollHeight)")
    check_axe(chat.page)


MARKED = """quote => {
  const squash = text => text.toLowerCase().replace(/[^\\p{L}\\p{N}]/gu, "");
  const marked = [...document.querySelectorAll(".pa-viewer mark")].map(mark => mark.textContent).join("");
  return squash(marked).startsWith(squash(quote)) && squash(marked).length > 0;
}"""


def test_a_sample_of_golden_citations_is_marked_on_the_page(visit: Open, real: str) -> None:
    """All of them are checked without a browser by `python -m eval.highlights`."""
    cases = [case for case in load_cases(ROOT / "corpus" / "golden" / "cases.jsonl") if case.answerable]
    chat = visit(real)
    seen = 0
    for case in [case for case in cases if not (case.history or case.as_of or case.readers)][::18]:
        chat.page.get_by_role("button", name="New conversation").click()
        expect(chat.page.locator(".pa-hero")).to_be_visible()
        chat.ask(case.question)
        marks = chat.last.locator(".pa-slot-refs .pa-cite")
        for number in range(min(4, marks.count())):
            marks.nth(number).hover()
            quote = chat.page.locator(".pa-tip q").inner_text().rstrip("…")
            marks.nth(number).click()
            chat.page.wait_for_function(MARKED, arg=quote)
            seen += 1
        if chat.page.locator(".pa-source").count():
            chat.page.get_by_role("button", name="Close the source").click()
    assert seen >= 30


def test_a_day_at_the_desk(visit: Open, real: str) -> None:
    chat = visit(real)
    page = chat.page
    expect(page.locator(".pa-hero")).to_contain_text("documents in force today")
    check_axe(chat.page)
    chat.ask(RETURN)
    expect(chat.last.locator(".pa-strip")).to_contain_text("All rails and regions · Index")
    chat.last.locator(".pa-next .pa-chip").first.click()
    expect(page.locator(".pa-turn")).to_have_count(2)
    expect(chat.last).to_have_attribute("data-state", "done")
    chat.ask("CS guide vs sepa SOP on recall answer deadline, which number")
    expect(chat.last.locator(".pa-ref").filter(has_text="SEP").first).to_be_visible()
    chat.ask("What does the dental plan cover?")
    expect(chat.last).to_contain_text("The procedures do not answer this.")
    chat.last.get_by_role("button", name="Not right").click()
    chat.last.get_by_label("Something is missing").check()
    chat.last.get_by_role("button", name="Send", exact=True).click()
    expect(chat.last).to_contain_text("It is recorded with this answer")
    check_axe(chat.page)
    page.get_by_role("button", name="Filters").click()
    page.get_by_role("spinbutton", name="year, In force on").click()
    page.keyboard.type("20260115")
    page.mouse.click(1200, 300)
    chat.ask(CUTOFF)
    expect(chat.last.locator(".pa-strip strong")).to_have_text("In force on 15 Jan 2026")
    expect(chat.last.locator(".pa-ref").first).to_contain_text("REF-CUT-001 v7.0")
    expect(chat.last.locator(".pa-flag").first).to_have_text("Not in force today")
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as got:
        page.locator("[data-testid=stPopoverBody]").get_by_role("button", name="PDF").click()
    text = " ".join(" ".join(sheet.extract_text() for sheet in PdfReader(got.value.path()).pages).split())
    for part in (RETURN, CUTOFF, "Procedures in force on 2026-01-15", "REF-CUT-001 v7.0", "Ledger id"):
        assert part in text
    page.keyboard.press("Escape")
    page.get_by_role("button", name="New conversation").click()
    page.locator(".pa-history-row .pa-row").filter(has_text="AC04").first.click()
    expect(page.locator(".pa-turn")).to_have_count(5)
    page.get_by_role("link", name="Library status").click()
    expect(page.get_by_label("Documents in the index")).to_contain_text("% sure")
    check_axe(chat.page)
    page.get_by_role("link", name="Review").click()
    expect(page.locator(".pa-item").filter(has_text="dental plan")).to_contain_text("Something is missing")
    expect(page.get_by_label("Documents cited most")).to_contain_text("REF-CUT-001")
    check_axe(chat.page)


def test_an_answer_is_worked_with_by_keyboard_alone(visit: Open, real: str) -> None:
    chat = visit(real)
    page, hands = chat.page, Keys(chat.page)
    hands.ask("What are the steps of going back after a site switch?")
    hands.press(chat.last.locator(".pa-steps input").first, "Space")
    expect(chat.last.locator(".pa-done")).to_contain_text("1 of")
    hands.press(chat.last.locator(".pa-cite").first)
    expect(page.locator(".pa-viewer")).to_be_focused()
    hands.keys.press("ArrowRight")
    expect(page.get_by_role("button", name="Back to the quote")).to_be_visible()
    hands.keys.press("+")
    expect(page.locator(".pa-zoom")).to_have_text("125 %")
    hands.keys.press("Escape")
    expect(page.locator(".pa-source")).to_have_count(0)
    for name in ("PDF", "Markdown"):
        with page.expect_download():
            hands.press(chat.last.get_by_role("button", name=name, exact=True))
    hands.press(chat.last.get_by_role("button", name="Not right"))
    expect(chat.last.get_by_label("It is wrong")).to_be_focused()
    hands.keys.press("ArrowDown")
    hands.press(chat.last.get_by_role("button", name="Send", exact=True))
    expect(chat.last).to_contain_text("It is recorded with this answer")
    hands.press(chat.last.locator(".pa-next .pa-chip").first)
    expect(page.locator(".pa-turn")).to_have_count(2)
    expect(chat.last).to_have_attribute("data-state", "done")


def test_filters_and_history_are_used_by_keyboard_alone(visit: Open, real: str) -> None:
    chat = visit(real)
    page, hands = chat.page, Keys(chat.page)
    hands.press(page.get_by_role("button", name="Filters"))
    expect(page.get_by_text("Document type", exact=True)).to_be_visible()
    hands.keys.press("Escape")
    hands.ask("Who closes the repair queues in the evening?")
    hands.press(page.get_by_role("button", name="New conversation"))
    expect(page.locator(".pa-hero")).to_be_visible()
    rows = page.locator(".pa-history-row")
    hands.press(rows.first.get_by_role("button", name="Rename"))
    hands.keys.type("Evening queues")
    hands.keys.press("Enter")
    expect(rows.filter(has_text="Evening queues")).to_have_count(1)
    hands.press(page.get_by_role("button", name="Delete Evening queues"))
    hands.keys.press("Shift+Tab")
    hands.keys.press("Enter")
    expect(rows.filter(has_text="Evening queues")).to_have_count(0)
    hands.press(page.locator(".pa-chip").first)
    expect(chat.last).to_have_attribute("data-state", "done")
    hands.press(page.get_by_role("link", name="Library status"))
    expect(page.get_by_label("Documents in the index")).to_be_visible()
