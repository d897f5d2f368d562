"""Conflicts and clarifying questions on the page, and answers that nobody watched to their end."""

from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Chat, Keys, Visit, check_axe
from ingest_folder import run, settings_for
from playwright.sync_api import expect
from procedures import write_procedures

from eval.scripted_model import ScriptedModel

RULE = "# {}\n\n## Telling\n\nThe originator of a returned payment is told within {} of the verified return.\n"
CODES = """# Codes

## Returns (pacs.004)

| Code | Meaning | What to do |
|---|---|---|
| RR04 | Regulatory reason | Ask compliance first |

## Answers (camt.029)

| Code | Meaning | What to do |
|---|---|---|
| RR04 | Recall refused by rule | Close the case |
"""
MORE = """
- {id: SOP-TEL-1, title: Telling originators, version: "1", status: approved, effective_from: 2026-01-01,
   owner: Investigations, doc_type: sop, rails: [swift], regions: [us], readers: [], file: telling.md}
- {id: GDE-TEL-2, title: Desk guide, version: "4", status: approved, effective_from: 2026-01-01,
   owner: Client Service, doc_type: guide, rails: [swift], regions: [us], readers: [desk], file: desk.md}
- {id: REF-COD-3, title: Reason codes, version: "1", status: approved, effective_from: 2026-01-01,
   doc_type: reference, rails: [swift], regions: [us], readers: [], file: codes.md}
"""
QUESTION = "pacs.004 came back with AC04, what do I do?"
Open = Callable[..., Visit]


@pytest.fixture(scope="module")
def torn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index with two procedures that contradict each other, one of them for the desk only."""
    folder = tmp_path_factory.mktemp("torn")
    corpus = write_procedures(folder / "corpus")
    (corpus / "telling.md").write_text(RULE.format("Telling originators", "2 hours"), "utf-8")
    (corpus / "desk.md").write_text(RULE.format("Desk guide", "4 hours"), "utf-8")
    (corpus / "codes.md").write_text(CODES, "utf-8")
    register = corpus / "register.yaml"
    register.write_text(register.read_text("utf-8").rstrip() + MORE, "utf-8")
    assert not run(settings_for(folder)).failed
    return folder / "index"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_both_sides_of_a_conflict_are_opened_by_keyboard(visit: Open, chat: Chat, torn: Path, scheme: str) -> None:
    with chat(torn, APP_READERS="desk") as url:
        one = visit(url, color_scheme=scheme)
        page, hands = one.page, Keys(one.page)
        hands.press(page.get_by_role("link", name="Library status"))
        conflict = page.locator(".pa-conflict")
        expect(conflict).to_have_count(1)
        expect(conflict).to_contain_text("Periods differ")
        for text in ("2 hours", "4 hours", "Owner: Investigations", "Owner: Client Service", "SOP-TEL-1 v1"):
            expect(conflict).to_contain_text(text)
        check_axe(one.page)
        for side, told in enumerate(conflict.locator("q").all_inner_texts()):
            hands.press(page.locator(f"[data-side='{side}']"))
            expect(page.locator(".pa-viewer")).to_be_focused()
            expect(page.locator(".pa-viewer mark")).to_have_text(told.strip("“”\"'"))
            check_axe(one.page)
            hands.keys.press("Escape")
            expect(page.locator(".pa-source")).to_have_count(0)
            expect(page.locator(f"[data-side='{side}']")).to_be_focused()
        page.context.close()


def test_who_may_not_read_one_side_sees_no_conflict(visit: Open, chat: Chat, torn: Path) -> None:
    with chat(torn) as url:
        page = visit(url).page
        page.get_by_role("link", name="Library status").click()
        expect(page.get_by_label("Documents in the index")).to_contain_text("Telling originators")
        assert page.get_by_role("heading", name="Conflicts").count() == 0
        assert "Desk guide" not in page.content()
        page.context.close()


def test_a_clarifying_question_is_answered_by_keyboard(visit: Open, chat: Chat, torn: Path) -> None:
    with chat(torn) as url:
        one = visit(url)
        hands = Keys(one.page)
        hands.ask("RR04, what to do?")
        expect(one.last.get_by_role("heading", name="Which do you mean?")).to_be_visible()
        choices = one.last.locator(".pa-which .pa-chip")
        expect(choices).to_have_count(2)
        check_axe(one.page)
        with one.page.expect_download() as got:
            hands.press(one.last.get_by_role("button", name="Markdown"))
        assert "Which do you mean" in Path(got.value.path()).read_text("utf-8")
        hands.press(choices.filter(has_text="camt.029"))
        expect(one.page.locator(".pa-turn")).to_have_count(2)
        expect(one.last).to_have_attribute("data-state", "done")
        expect(one.last.locator("h2")).to_have_text("RR04, what to do in camt.029?")
        expect(one.last).to_contain_text("Close the case")
        expect(one.last.locator(".pa-which")).to_have_count(0)
        one.page.context.close()


def test_an_answer_that_was_left_or_stopped_stands_in_the_history(visit: Open, chat: Chat, index: Path) -> None:
    with ScriptedModel(1.5) as model, chat(index, APP_LLM="local", APP_LOCAL_URL=f"{model.url}/v1") as url:
        left = visit(url)
        left.type(QUESTION)
        expect(left.last.locator(".pa-evidence")).to_be_visible()
        left.page.context.close()
        later = visit(url)
        rows = later.page.locator(".pa-history-row")
        expect(rows).to_have_count(1)
        model.seconds = 8.0  # long enough for hands that press Tab until they are there
        later.type("When is the CHAPS cut-off for customer payments?")
        expect(later.last.locator(".pa-draft")).to_be_visible()
        Keys(later.page).press(later.last.get_by_role("button", name="Stop"))
        expect(later.last.locator(".pa-status")).to_contain_text("Stopped.")
        expect(later.last.get_by_role("button", name="Link")).to_be_visible()
        later.page.context.close()
        back = visit(url)
        back.page.locator(".pa-history-row .pa-row").filter(has_text="AC04").click()
        expect(back.last.locator(".pa-status")).to_contain_text("Checked.")
        back.page.locator(".pa-history-row .pa-row").filter(has_text="CHAPS").click()
        expect(back.last.locator(".pa-note").last).to_contain_text("Stopped by its reader before it was finished.")
        back.page.context.close()
