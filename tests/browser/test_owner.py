"""What owners and administrators see and do, and what others don't."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Chat, Keys, Visit, check_axe
from ingest_folder import run, settings_for
from playwright.sync_api import expect
from procedures import write_procedures

from app.ledger import Ledger
from eval.cases import parse_case
from ingest.generations import current_generation

QUESTION = "pacs.004 came back with AC04, what do I do?"
Open = Callable[..., Visit]


@pytest.fixture
def own_index(tmp_path: Path) -> Path:
    """An index of this test alone, with two generations."""
    corpus = write_procedures(tmp_path / "corpus")
    run(settings_for(tmp_path))
    path = corpus / "chaps.html"
    path.write_text(path.read_text("utf-8").replace("17:40", "17:45"), "utf-8")
    run(settings_for(tmp_path))
    return tmp_path / "index"


def test_owners_turn_feedback_and_gaps_into_golden_cases(visit: Open, chat: Chat, index: Path, tmp_path: Path) -> None:
    with chat(index, APP_STATE=str(tmp_path), APP_READERS="owners") as url:
        one = visit(url)
        one.ask(QUESTION)
        one.last.get_by_role("button", name="Not right").click()
        one.last.get_by_label("It is outdated").check()
        one.last.get_by_label("Comment (optional)").fill("Step 2 changed")
        one.last.get_by_role("button", name="Send", exact=True).click()
        expect(one.last).to_contain_text("It is recorded with this answer")
        # Complained of and not answered: it stands in one place only.
        one.ask("Who waters the plants?")
        one.last.get_by_role("button", name="Not right").click()
        one.last.get_by_role("button", name="Send", exact=True).click()
        expect(one.last).to_contain_text("It is recorded with this answer")
        one.ask("What does the dental plan cover?")
        one.ask("What does our dental plan cover?")
        page, hands = one.page, Keys(one.page)
        hands.press(page.get_by_role("link", name="Review"))
        expect(page.get_by_role("heading", name="Marked as not right (2)")).to_be_visible()
        check_axe(page)
        hands.press(page.locator("[class*=st-key-item]").first.get_by_role("button", name="Done"))
        expect(page.get_by_role("heading", name="Marked as not right (1)")).to_be_visible()
        expect(page.locator(".pa-item").first).to_contain_text("It is outdated · GDE-RET-204 v3.1")
        expect(page.locator(".pa-item").first).to_contain_text("Step 2 changed")
        expect(page.get_by_role("heading", name="Not answered (2)")).to_be_visible()
        expect(page.locator(".pa-item")).to_have_count(2)
        expect(page.locator(".pa-item").last).to_contain_text("2 times")
        expect(page.get_by_label("Documents never cited")).to_contain_text("CHAPS cut-off times")
        for left in (1, 0):
            hands.press(page.get_by_role("button", name="Make golden case").first)
            expect(page.locator(".pa-item")).to_have_count(left)
        with page.expect_download() as got:
            hands.press(page.get_by_role("button", name="Download the drafts"))
        drafts = [json.loads(line) for line in Path(got.value.path()).read_text("utf-8").splitlines()]
        page.context.close()
    assert [draft["status"] for draft in drafts] == ["draft", "draft"]
    assert all(parse_case(draft) is None for draft in drafts)
    answered, gap = (parse_case({**draft, "status": "reviewed"}) for draft in drafts)
    assert answered is not None
    assert answered.gold[0].doc == "us/returns.pdf"
    assert "Step 2 changed" in drafts[0]["note"]
    assert gap is not None
    assert not gap.answerable
    assert {entry.body["action"] for entry in Ledger(tmp_path).latest(10, "action")} == {"reviewed"}


def test_analysts_see_no_review_runs_or_operations(visit: Open, url: str) -> None:
    page = visit(url).page
    expect(page.get_by_role("link", name="Library status")).to_be_visible()
    assert page.get_by_role("link", name="Review").count() == 0
    page.get_by_role("link", name="Library status").click()
    expect(page.get_by_label("Documents in the index")).to_contain_text("Returned payments")
    for name in ("Runs", "Generations", "Actions"):
        assert page.get_by_role("heading", name=name, exact=True).count() == 0
    assert page.get_by_role("button", name="Roll back").count() == 0


def test_administrators_roll_back_and_ingest_again(visit: Open, chat: Chat, own_index: Path, tmp_path: Path) -> None:
    first = current_generation(own_index)
    state = tmp_path / "state"
    with chat(own_index, APP_STATE=str(state), APP_READERS="administrators") as url:
        page = visit(url).page
        hands = Keys(page)
        hands.press(page.get_by_role("link", name="Library status"))
        hands.press(page.get_by_role("button", name="Roll back"))
        check_axe(page)
        _confirm(hands, "Roll back", "wrong cut-off published")
        expect(page.get_by_role("note").filter(has_text="recorded with your reason")).to_be_visible()
        assert current_generation(own_index) != first
        expect(page.locator(".pa-tiles").first).to_contain_text("Index 1")
        added = tmp_path / "corpus" / "recalls.md"
        added.write_text(added.read_text("utf-8") + "\nSay it twice.\n", "utf-8")
        hands.press(page.get_by_role("button", name="Ingest again"))
        _confirm(hands, "Ingest now", "recalls were mended")
        expect(page.get_by_role("note").filter(has_text="The run has ended")).to_be_visible(timeout=90_000)
        expect(page.locator(".pa-tiles").first).to_contain_text("Index 3")
        expect(page.get_by_label("Actions")).to_contain_text("wrong cut-off published")
        expect(page.get_by_label("Runs")).to_contain_text("published")
        with page.expect_download() as got:
            hands.press(page.get_by_role("button", name="Download as CSV"))
        table = Path(got.value.path()).read_text("utf-8").splitlines()
        page.context.close()
    assert table[0].startswith("Document,Version,Status,In force,Pages,Passages,Last seen")
    assert any("GDE-RET-204" in row for row in table)
    assert [entry.body["action"] for entry in Ledger(state).latest(10, "action")] == ["re-ingest", "rollback"]


def _confirm(hands: Keys, label: str, reason: str) -> None:
    body = hands.page.locator("[data-testid=stPopoverBody]")
    button = body.get_by_role("button", name=label)
    expect(button).to_be_disabled()
    hands.write(body.get_by_label("Reason"), reason)
    hands.keys.press("Enter")
    hands.press(body.get_by_role("checkbox"), "Space")
    expect(button).to_be_enabled()
    hands.press(button)
