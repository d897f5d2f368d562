"""A person's path through the chat, in a real browser."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Chat, Keys, Visit, check_axe
from echo_model import INVENTED, echo_model
from openai_server import KEY
from playwright.sync_api import expect
from procedures import EVIL, SECRET, STEPS
from wire_server import Reply

QUESTION = "pacs.004 came back with AC04, what do I do?"
Open = Callable[..., Visit]
# The share of dark pixels inside the first box, and in a strip above it that must be white.
INK = """sheet => {
  const img = sheet.querySelector('img'), style = sheet.querySelector('mark').style;
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [img.naturalWidth, img.naturalHeight];
  const paint = canvas.getContext('2d');
  paint.drawImage(img, 0, 0);
  const part = (value, size) => parseFloat(value) / 100 * size;
  const [x, w] = [style.left, style.width].map(value => part(value, canvas.width));
  const [y, h] = [style.top, style.height].map(value => part(value, canvas.height));
  const dark = (...area) => {
    const pixels = paint.getImageData(...area).data;
    let found = 0;
    for (let i = 0; i < pixels.length; i += 4) found += pixels[i] < 128;
    return found / (pixels.length / 4);
  };
  return [dark(x, y, w, h), dark(x, y - h / 2, w, h / 3)];
}"""


def words(text: str) -> list[str]:
    return re.findall(r"[\w.]+", text)


def test_a_question_is_answered_with_the_cited_page_beside(visit: Open, url: str, tmp_path: Path) -> None:
    chat = visit(url)
    chat.ask(QUESTION)
    assert chat.last.locator(".pa-steps label").all_inner_texts() == list(STEPS)
    for number, step in enumerate(STEPS):
        chat.last.locator(".pa-steps .pa-cite").nth(number).click()
        boxes = chat.page.locator(".pa-box")
        expect(boxes.first).to_contain_text(step[:12])
        assert words(" ".join(boxes.all_inner_texts())) == words(step)
    expect(chat.page.locator(".pa-page")).to_have_text("Page 2 of 3 (printed 1)")
    chat.page.screenshot(path=tmp_path / "page.png")


def test_the_highlight_lies_on_ink(visit: Open, url: str) -> None:
    chat = visit(url)
    chat.ask(QUESTION)
    chat.last.locator(".pa-cite").first.click()
    dark = chat.page.locator(".pa-sheet").evaluate(INK)
    assert dark[0] > 0.05
    assert dark[1] < dark[0] / 2


def test_pages_turn_zoom_and_close_by_keyboard(visit: Open, url: str) -> None:
    chat = visit(url)
    chat.ask(QUESTION)
    chat.last.locator(".pa-cite").first.focus()
    chat.page.keyboard.press("Enter")
    viewer = chat.page.locator(".pa-viewer")
    expect(viewer).to_be_focused()
    chat.page.keyboard.press("ArrowRight")
    expect(chat.page.locator(".pa-page")).to_have_text("Page 3 of 3 (printed 2)")
    expect(chat.page.locator(".pa-box")).to_have_count(0)
    chat.page.get_by_role("button", name="Back to the quote").click()
    expect(chat.page.locator(".pa-box").first).to_be_visible()
    chat.page.get_by_role("button", name="Zoom in").click()
    expect(chat.page.locator(".pa-zoom")).to_have_text("125 %")
    chat.page.keyboard.press("Escape")
    expect(chat.page.locator(".pa-source")).to_have_count(0)
    expect(chat.last.locator(".pa-cite").first).to_be_focused()


def test_the_original_can_be_had(visit: Open, url: str, index: Path) -> None:
    chat = visit(url)
    chat.ask(QUESTION)
    chat.last.locator(".pa-cite").first.click()
    with chat.page.expect_download() as got:
        chat.page.get_by_role("button", name="Open original").click()
    assert Path(got.value.path()).read_bytes() == (index.parent / "corpus" / "us" / "returns.pdf").read_bytes()


def test_foreign_text_stays_text(visit: Open, url: str) -> None:
    chat = visit(url)
    Keys(chat.page).choose_rail("sepa")
    chat.ask("What is the limit in JPY for a camt.056 recall?")
    # Passages with planted addresses are no evidence; those of the only document searched are still the closest.
    chat.last.locator(".pa-ref-text").filter(has_text="<b id=").first.click()
    expect(chat.page.locator(".pa-viewer")).to_contain_text(f"http://{EVIL}")
    expect(chat.page.locator(".pa-source-head")).to_contain_text("<b id=")
    chat.page.get_by_role("button", name="New conversation").click()
    hostile = f'Dental <img src="http://{EVIL}/q.png" onerror="window.pwned=1"> ![x](http://{EVIL}/q2.png) :material/x:'
    chat.ask(hostile)
    expect(chat.page.get_by_role("button", name="Dental <img").first).to_be_visible()
    chat.page.get_by_role("link", name="Library status").click()
    expect(chat.page.locator(".pa-grid").first).to_contain_text(f"http://{EVIL}/title.png")
    assert chat.page.evaluate("window.pwned") is None
    assert chat.page.locator("#pwned").count() == 0
    assert chat.page.locator(f'[src*="{EVIL}"], [href*="{EVIL}"]').count() == 0


def test_an_unanswerable_question_says_what_was_searched(visit: Open, url: str) -> None:
    chat = visit(url)
    chat.ask("What does the dental plan cover?")
    expect(chat.last).to_contain_text("The procedures do not answer this.")
    expect(chat.last).to_contain_text("3 documents in force")
    expect(chat.last.locator(".pa-steps, .pa-statement")).to_have_count(0)


def test_the_as_of_date_chooses_the_version(visit: Open, url: str) -> None:
    chat = visit(url)
    question = "When is the CHAPS cut-off for customer payments?"
    chat.ask(question)
    expect(chat.last).to_contain_text("17:40")
    chat.page.get_by_role("button", name="Filters").click()
    chat.page.get_by_role("spinbutton", name="year, In force on").click()
    chat.page.keyboard.type("20250601")
    chat.page.mouse.click(1200, 300)
    expect(chat.page.get_by_role("button", name="Filters (1 set)")).to_be_visible()
    chat.ask(question + " Then?")
    expect(chat.last).to_contain_text("In force on 1 Jun 2025")
    expect(chat.last).to_contain_text("16:30")
    expect(chat.last).not_to_contain_text("17:40")


def test_documents_for_others_leave_no_trace(visit: Open, url: str) -> None:
    chat = visit(url)
    expect(chat.page.locator(".pa-hero")).to_contain_text("3 documents in force today")
    chat.ask("Which queue for sanctions hits?")
    chat.page.get_by_role("link", name="Library status").click()
    expect(chat.page.locator(".pa-grid").first).to_contain_text("Returned payments")
    assert "Sanctions holds" not in chat.page.content()
    assert SECRET not in chat.page.content()


def test_conversations_of_the_session_can_be_taken_up(visit: Open, url: str) -> None:
    chat = visit(url)
    chat.ask(QUESTION)
    chat.last.locator(".pa-cite").first.click()
    expect(chat.page.locator(".pa-source")).to_be_visible()
    chat.page.get_by_role("button", name="New conversation").click()
    expect(chat.page.locator(".pa-hero")).to_be_visible()
    expect(chat.page.locator(".pa-source")).to_have_count(0)
    chat.page.get_by_role("button", name=re.compile("^pacs.004 came back")).first.click()
    expect(chat.last.locator(".pa-steps")).to_be_visible()


def test_an_example_question_is_answered(visit: Open, url: str) -> None:
    chat = visit(url)
    chat.page.locator(".pa-chip").first.click()
    expect(chat.last).to_have_attribute("data-state", "done")
    expect(chat.last.locator(".pa-status")).to_contain_text("Word for word")


def test_an_answer_is_copied_exported_and_rated(visit: Open, url: str) -> None:
    chat = visit(url, permissions=["clipboard-read", "clipboard-write"])
    chat.ask(QUESTION)
    chat.last.get_by_role("button", name="Copy", exact=True).click()
    expect(chat.last.get_by_role("button", name="Copied")).to_be_visible()
    copied = chat.page.evaluate("navigator.clipboard.readText()")
    assert f"{STEPS[1]} [2]" in copied
    assert "[2] GDE-RET-204 v3.1, Returned payments" in copied
    with chat.page.expect_download() as got:
        chat.last.get_by_role("button", name="Markdown").click()
    saved = Path(got.value.path()).read_text("utf-8")
    assert saved.startswith("# pacs.004 came back with AC04")
    assert "GDE-RET-204 v3.1" in saved
    chat.last.get_by_role("button", name="Not right").click()
    chat.last.get_by_label("It is outdated").check()
    chat.last.get_by_label("Comment (optional)").fill("Step 2 changed")
    chat.last.get_by_role("button", name="Send").click()
    expect(chat.last).to_contain_text("It is recorded with this answer")


def test_without_an_index_the_page_says_what_to_do_and_then_finds_it(
    visit: Open, chat: Chat, index: Path, tmp_path: Path
) -> None:
    missing = tmp_path / "later"
    with chat(missing) as url:
        page = visit(url).page
        expect(page.get_by_text("No index yet")).to_be_visible()
        said = page.request.get(f"{url}/readyz")
        assert (said.status, said.text()) == (503, "not ready")
        assert page.request.get(f"{url}/healthz").text() == "alive"
        expect(page.locator("code")).to_have_text(f"python -m ingest run --index {missing}")
        missing.symlink_to(index)
        assert page.request.get(f"{url}/readyz").text() == "ready"
        page.get_by_role("button", name="Look again").click()
        expect(page.locator(".pa-hero")).to_be_visible()
        page.context.close()


@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_width_and_theme_can_be_used(visit: Open, url: str, tmp_path: Path, width: int, scheme: str) -> None:
    chat = visit(url, viewport={"width": width, "height": 844}, color_scheme=scheme)
    chat.ask(QUESTION)
    chat.last.locator(".pa-cite").first.click()
    source = chat.page.locator(".pa-source").bounding_box()
    assert source is not None
    assert source["x"] >= 0
    assert source["x"] + source["width"] <= width
    chat.page.screenshot(path=tmp_path / "source.png")
    chat.page.get_by_role("button", name="Close the source").click()
    assert chat.page.evaluate("document.documentElement.scrollWidth") <= width
    background = chat.page.locator(".stApp").evaluate("e => getComputedStyle(e).backgroundColor")
    assert background == ("rgb(255, 255, 255)" if scheme == "light" else "rgb(18, 23, 24)")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_any_view(visit: Open, url: str, scheme: str) -> None:
    chat = visit(url, color_scheme=scheme)
    expect(chat.page.locator(".pa-chip").first).to_be_visible()
    check_axe(chat.page)
    chat.ask(QUESTION)
    check_axe(chat.page)
    chat.last.locator(".pa-cite").first.click()
    expect(chat.page.locator(".pa-box").first).to_be_visible()
    check_axe(chat.page)
    chat.page.get_by_role("button", name="Close the source").click()
    chat.ask("What does the dental plan cover?")
    check_axe(chat.page)
    chat.page.get_by_role("link", name="Library status").click()
    expect(chat.page.locator(".pa-grid").first).to_be_visible()
    check_axe(chat.page)


def test_a_question_can_be_edited_and_asked_again(visit: Open, url: str) -> None:
    chat = visit(url)
    chat.ask(QUESTION)
    chat.last.locator(".pa-steps input").nth(1).check()
    chat.last.locator(".pa-cite").first.click()
    expect(chat.page.locator(".pa-box").first).to_be_visible()
    expect(chat.last.locator(".pa-steps input:checked")).to_have_count(1)
    chat.last.get_by_role("button", name="Edit this question").click()
    expect(chat.page.get_by_label("Ask about a procedure")).to_have_value(QUESTION)
    chat.last.get_by_role("button", name="Ask again").click()
    expect(chat.page.locator(".pa-turn")).to_have_count(2)
    expect(chat.last).to_have_attribute("data-state", "done")
    expect(chat.page.locator(".pa-box").first).to_be_visible()


def test_a_models_draft_is_shown_as_such_until_it_is_checked(visit: Open, chat: Chat, index: Path) -> None:
    with echo_model() as model:
        model.script.play(Reply("stall"))
        with chat(index, APP_LLM="local", APP_LOCAL_URL=f"{model.url}/v1", APP_LOCAL_API_KEY=KEY) as url:
            page = visit(url)
            page.type(QUESTION)
            expect(page.last.locator(".pa-draft")).to_contain_text("This sentence is not")
            expect(page.last.locator(".pa-draft")).to_contain_text("not checked yet")
            expect(page.last.locator(".pa-evidence")).to_contain_text(STEPS[4])
            expect(page.last.locator(".pa-withheld")).to_contain_text("1 statement withheld")
            page.last.locator(".pa-cite").first.click()
            expect(page.page.locator(".pa-box").first).to_be_visible()
            page.page.get_by_role("button", name="Stop").click()
            expect(page.last.locator(".pa-status")).to_contain_text("Stopped.")
            expect(page.last.locator(".pa-draft")).to_have_count(0)
            assert INVENTED not in page.last.locator(".pa-slot-blocks").inner_text()
            expect(page.page.locator(".pa-box").first).to_be_visible()
            page.page.context.close()


def test_a_models_statements_are_checked_and_the_rest_withheld(visit: Open, chat: Chat, index: Path) -> None:
    with echo_model() as model:
        model.script.play(Reply())
        with chat(index, APP_LLM="local", APP_LOCAL_URL=f"{model.url}/v1", APP_LOCAL_API_KEY=KEY) as url:
            page = visit(url)
            page.ask(QUESTION)
            expect(page.last.locator(".pa-status")).to_contain_text("Checked.")
            expect(page.last.locator(".pa-meta")).to_contain_text("Local: model at")
            assert INVENTED not in page.last.locator(".pa-slot-blocks").inner_text()
            page.last.locator(".pa-withheld summary").click()
            expect(page.last.locator(".pa-withheld")).to_contain_text(INVENTED)
            expect(page.last.locator(".pa-withheld")).to_contain_text("They are not answers")
            page.page.context.close()


def test_a_model_that_is_down_leaves_the_passages(visit: Open, chat: Chat, index: Path) -> None:
    with chat(index, APP_LLM="local", APP_LOCAL_URL="http://127.0.0.1:9/v1", APP_LOCAL_MODEL="gone") as url:
        page = visit(url)
        page.ask(QUESTION)
        expect(page.last.locator(".pa-status")).to_contain_text("Word for word")
        expect(page.last.locator(".pa-note")).to_contain_text("model could not answer")
        expect(page.last.locator(".pa-steps")).to_contain_text(STEPS[0])
        page.page.context.close()
