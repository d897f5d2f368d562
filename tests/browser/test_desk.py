"""What a reader keeps: exports, links, the own history, follow-ups and checklists."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path

from conftest import Chat, Keys, Visit, check_axe
from playwright.sync_api import expect
from procedures import SECRET, STEPS
from pypdf import PdfReader

from app.ledger import Ledger

QUESTION = "pacs.004 came back with AC04, what do I do?"
CUTOFF = "When is the CHAPS cut-off for customer payments?"
Open = Callable[..., Visit]


def saved(chat: Visit, name: str, *, within: str = ".pa-turn") -> Path:
    with chat.page.expect_download() as got:
        chat.page.locator(within).last.get_by_role("button", name=name, exact=True).click()
    return Path(got.value.path())


def read(path: Path | BytesIO) -> str:
    return " ".join(" ".join(page.extract_text() for page in PdfReader(path).pages).split())


def link_of(chat: Visit) -> str:
    chat.last.get_by_role("button", name="Link").click()
    expect(chat.last.get_by_role("button", name="Copied")).to_be_visible()
    return str(chat.page.evaluate("navigator.clipboard.readText()"))


def ask_as_of(chat: Visit, question: str, day: str) -> None:
    hands = Keys(chat.page)
    hands.press(chat.page.get_by_role("button", name="Filters"))
    hands.write(chat.page.get_by_role("spinbutton", name="year, In force on"), day)
    for key in ("Tab", "Tab"):  # past the calendar's button: a date counts once its field is left
        hands.keys.press(key)
    expect(chat.page.get_by_role("button", name="Filters (1 set)")).to_be_visible()
    hands.keys.press("Escape")
    hands.ask(question)


def test_an_answer_and_a_conversation_are_saved_as_evidence(visit: Open, url: str) -> None:
    chat = visit(url)
    chat.ask(QUESTION)
    text = read(saved(chat, "PDF"))
    for part in (QUESTION, f"☐ {STEPS[1]} [2]", "Index generation 00000", "Ledger id 0", "GDE-RET-204 v3.1"):
        assert part in text
    assert "p. 2 (printed 1) · in force since 1 Jan 2026 · owner Investigations · us/returns.pdf" in text
    assert text.count(STEPS[1]) == 2  # as a statement, and as the quote
    chat.ask(CUTOFF)
    chat.page.get_by_role("button", name="Export").click()
    whole = read(saved(chat, "PDF", within="[data-testid=stPopoverBody]"))
    for part in ("2 questions", QUESTION, CUTOFF, "17:40", STEPS[4]):
        assert part in whole
    assert CUTOFF in saved(chat, "Markdown", within="[data-testid=stPopoverBody]").read_text("utf-8")


def test_a_link_shows_the_answer_as_it_was_and_what_has_changed(visit: Open, url: str) -> None:
    chat = visit(url, permissions=["clipboard-read", "clipboard-write"])
    ask_as_of(chat, CUTOFF, "20250601")
    expect(chat.last).to_contain_text("16:30")
    other = visit(link_of(chat), opened=url).page
    expect(other.locator(".pa-callout")).to_contain_text("A recorded answer")
    expect(other.locator(".pa-callout")).to_contain_text("WIK-CHP-001 v1 has been superseded by v2")
    expect(other.locator(".pa-turn")).to_contain_text("16:30")
    expect(other.locator(".pa-flag")).to_contain_text("Not in force today")
    other.locator(".pa-cite").first.click()
    expect(other.locator(".pa-viewer mark")).to_contain_text("16:30")
    other.get_by_role("button", name="Ask this today").click()
    expect(other.locator(".pa-turn").last).to_contain_text("17:40")
    assert "answer=" not in other.url


def test_a_link_is_refused_to_who_may_not_read_what_it_cites(
    visit: Open, chat: Chat, index: Path, tmp_path: Path
) -> None:
    state = str(tmp_path / "state")
    with chat(index, APP_STATE=state, APP_READERS="sanctions") as url:
        entitled = visit(url, permissions=["clipboard-read", "clipboard-write"])
        entitled.ask("Which queue holds a payment with a sanctions hit?")
        expect(entitled.last).to_contain_text(SECRET)
        link = link_of(entitled)
        entitled.page.context.close()
    with chat(index, APP_STATE=state) as url:
        refused = visit(url + link[link.index("/?") :], opened=url).page
        expect(refused.locator(".pa-callout")).to_contain_text("There is no such answer, or it cites a document")
        assert "OWL" not in refused.content()
        said = refused.locator(".pa-callout p").inner_text()
        # What is not for this reader and what does not exist are told in the same words.
        refused.goto(f"{url}/?answer=000099-0123456789")
        expect(refused.locator(".pa-callout p")).to_have_text(said)
        assert refused.locator(".pa-turn").count() == 0
        refused.context.close()


def test_the_own_history_is_searched_renamed_and_deleted(visit: Open, chat: Chat, index: Path, tmp_path: Path) -> None:
    with chat(index, APP_STATE=str(tmp_path)) as url:
        first = visit(url)
        first.ask(QUESTION)
        first.ask("And who is it escalated to?")
        first.page.get_by_role("button", name="New conversation").click()
        first.ask(CUTOFF)
        first.page.context.close()
        page = visit(url).page
        rows = page.locator(".pa-history-row")
        expect(rows).to_have_count(2)
        page.get_by_label("Search your conversations").fill("escalated")
        expect(rows).to_have_count(1)
        expect(rows).to_contain_text("2 questions")
        rows.get_by_role("button").first.click()
        expect(page.locator(".pa-turn")).to_have_count(2)
        expect(page.locator(".pa-turn").first.locator(".pa-steps label")).to_have_count(len(STEPS))
        page.get_by_label("Search your conversations").fill("")
        expect(rows).to_have_count(2)
        page.get_by_role("button", name=f"Rename {QUESTION}").click()
        page.get_by_label("New name").fill("Case 4711")
        page.keyboard.press("Enter")
        expect(rows.filter(has_text="Case 4711")).to_have_count(1)
        page.get_by_role("button", name="Delete Case 4711").click()
        page.get_by_role("button", name="Delete", exact=True).click()
        expect(rows).to_have_count(1)
        expect(page.locator(".pa-hero")).to_be_visible()
        page.context.close()
    assert len(Ledger(tmp_path).latest(10)) == 3


def test_a_follow_up_goes_on_within_the_cited_procedures(visit: Open, url: str) -> None:
    chat = visit(url)
    chat.ask(QUESTION)
    offered = chat.last.locator(".pa-next .pa-chip")
    expect(offered.first).to_have_text("Returned payments: who do I escalate to?")
    offered.first.click()
    expect(chat.page.locator(".pa-turn")).to_have_count(2)
    expect(chat.last).to_contain_text("extension 4410")


def test_steps_are_ticked_copied_and_printed(visit: Open, url: str) -> None:
    chat = visit(url, permissions=["clipboard-read", "clipboard-write"])
    chat.ask(CUTOFF)
    chat.ask(QUESTION)
    expect(chat.last.locator(".pa-done")).to_have_text("5 steps")
    chat.last.locator(".pa-steps input").first.check()
    expect(chat.last.locator(".pa-done")).to_have_text("1 of 5 steps done")
    chat.last.get_by_role("button", name="Copy steps").click()
    expect(chat.last.get_by_role("button", name="Copied")).to_be_visible()
    assert chat.page.evaluate("navigator.clipboard.readText()") == "\n".join(f"☐ {step}" for step in STEPS)
    chat.page.evaluate("window.print = () => {}")
    chat.last.get_by_role("button", name="Print", exact=True).click()
    printed = read(BytesIO(chat.page.pdf()))
    assert STEPS[4] in printed
    assert CUTOFF not in printed
    assert "New conversation" not in printed


def test_a_question_is_edited_by_keyboard(visit: Open, url: str) -> None:
    chat = visit(url)
    chat.ask(CUTOFF)
    chat.last.get_by_role("button", name="Edit this question").focus()
    chat.page.keyboard.press("Enter")
    box = chat.page.get_by_label("Ask about a procedure")
    expect(box).to_be_focused()
    expect(box).to_have_value(CUTOFF)
    chat.page.keyboard.press("End")
    chat.page.keyboard.type(" Today?")
    chat.page.keyboard.press("Enter")
    expect(chat.page.locator(".pa-turn h2").last).to_have_text(CUTOFF + " Today?")
    expect(chat.last).to_have_attribute("data-state", "done")


def test_what_is_taken_away_is_reached_by_keyboard(visit: Open, url: str) -> None:
    chat = visit(url, permissions=["clipboard-read", "clipboard-write"], color_scheme="dark")
    page, hands = chat.page, Keys(chat.page)
    hands.ask(QUESTION)
    for name, said in (("Copy", "Copied"), ("Link", "Copied"), ("Copy steps", "Copied")):
        hands.press(chat.last.get_by_role("button", name=name, exact=True))
        expect(chat.last.get_by_role("button", name=said)).to_be_visible()
        expect(chat.last.get_by_role("button", name=said)).to_have_count(0)
    page.evaluate("window.print = () => { window.printed = true }")
    hands.press(chat.last.get_by_role("button", name="Print", exact=True))
    assert page.evaluate("window.printed")
    hands.press(page.get_by_role("button", name="Export"))
    with page.expect_download():
        hands.press(page.locator("[data-testid=stPopoverBody]").get_by_role("button", name="PDF"))
    hands.keys.press("Escape")
    hands.press(chat.last.get_by_role("button", name="Ask again"))
    expect(page.locator(".pa-turn")).to_have_count(2)
    hands.press(chat.last.locator(".pa-cite").first)
    with page.expect_download():
        hands.press(page.get_by_role("button", name="Open original"))
    hands.press(page.get_by_role("button", name="Close the source"))
    hands.write(page.get_by_label("Search your conversations"), "AC04")
    hands.choose_rail("chaps")
    hands.ask(CUTOFF)
    expect(chat.last.locator(".pa-strip strong")).to_have_text("chaps")


def test_a_shared_answer_is_used_by_keyboard(visit: Open, url: str) -> None:
    chat = visit(url, permissions=["clipboard-read", "clipboard-write"])
    chat.ask(QUESTION)
    for scheme in ("light", "dark"):
        page = visit(link_of(chat), opened=url, color_scheme=scheme).page
        hands = Keys(page)
        expect(page.locator(".pa-turn .pa-steps")).to_be_visible()
        check_axe(page)
    hands.press(page.get_by_role("button", name="Ask this today"))
    expect(page.locator(".pa-turn").last).to_have_attribute("data-state", "done")
