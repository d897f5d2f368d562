"""Sixty hostile strings in documents, register, questions and a streamed answer: no request elsewhere, no script."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml
from conftest import Chat
from hostile_strings import HOST, HOSTILE
from ingest_folder import run, settings_for
from openai_server import KEY, openai_server
from playwright.sync_api import Browser, Page, expect
from wire_server import Reply

BATCH = 30  # as many as fit into one question
INTRO = "Answer recall number"
HARM = """() => ({
  pwned: window.pwned,
  frames: window.frames.length,
  links: document.querySelectorAll(
    '[src*="evil"],[href*="evil"],[srcset*="evil"],[style*="evil"],[data*="evil"]').length,
  handlers: document.querySelectorAll('[onerror],[onload],[onfocus],[ontoggle],[onmouseover],[onbegin]').length,
})"""
NO_HARM = {"pwned": None, "frames": 0, "links": 0, "handlers": 0}


@pytest.fixture(scope="module")
def hostile_index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Each string stands in a paragraph of one text, and in the title and the owner of a document."""
    folder = tmp_path_factory.mktemp("hostile")
    corpus = folder / "corpus"
    corpus.mkdir()
    lines = [f"{INTRO} {number} within 60 minutes: {text}" for number, text in enumerate(HOSTILE)]
    (corpus / "recalls.txt").write_text("Recalls\n\n" + "\n\n".join(lines) + "\n", "utf-8")
    documents = [_record("REC-1", "Recalls", "Ops", "recalls.txt")]
    for number, text in enumerate(HOSTILE):
        (corpus / f"{number}.txt").write_text(f"Note {number}\n\nThe note number {number} says nothing.\n", "utf-8")
        documents.append(_record(f"N-{number}", f"Note {number} {text}", f"Owner {text}", f"{number}.txt"))
    (corpus / "register.yaml").write_text(yaml.safe_dump({"documents": documents}), "utf-8")
    assert not run(settings_for(folder)).failed
    return folder / "index"


def _record(doc_id: str, title: str, owner: str, file: str) -> dict[str, object]:
    return {"id": doc_id, "title": title, "version": "1", "status": "approved", "owner": owner, "file": file}


@pytest.fixture
def watched(browser: Browser) -> Iterator[tuple[Page, list[str]]]:
    """A page, and whatever it tried to reach besides this machine; nothing of that gets through."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.set_default_timeout(30_000)
    tried: list[str] = []
    page = context.new_page()

    def stop(route: object, request: object) -> None:
        tried.append(request.url)  # type: ignore[attr-defined]  # playwright's
        route.abort()  # type: ignore[attr-defined]

    context.route(lambda url: not url.startswith(("http://127.0.0.1:", "data:", "blob:")), stop)
    page.on("websocket", lambda one: tried.append(one.url) if not one.url.startswith("ws://127.0.0.1:") else None)
    page.on("dialog", lambda dialog: (tried.append(f"dialog {dialog.message}"), dialog.dismiss()))
    context.on("page", lambda other: tried.append(f"window {other.url}"))
    yield page, tried
    context.close()


def test_the_watch_sees_what_it_is_there_for(watched: tuple[Page, list[str]]) -> None:
    page, tried = watched
    page.set_content(f"<img src=x onerror=window.pwned=1><img src='http://{HOST}/1.png'>")
    page.wait_for_function("window.pwned === 1")
    expect(page.locator("img")).to_have_count(2)
    assert tried == [f"http://{HOST}/1.png"]
    assert page.evaluate(HARM) != NO_HARM


def test_sixty_hostile_strings_stay_text(watched: tuple[Page, list[str]], chat: Chat, hostile_index: Path) -> None:
    page, tried = watched
    assert len(set(HOSTILE)) == 60
    answer = "".join(f"- {text} [1]\n" for text in HOSTILE)
    with openai_server() as model:
        # Seven characters an event: tags and addresses come in pieces.
        model.script.play(Reply(words=tuple(answer[at : at + 7] for at in range(0, len(answer), 7))))
        with chat(hostile_index, APP_LLM="local", APP_LOCAL_URL=f"{model.url}/v1", APP_LOCAL_API_KEY=KEY) as url:
            page.goto(url)
            ask = _asker(page)
            ask(f"{INTRO} 7 within which time?")
            page.locator(".pa-withheld summary").last.click()
            shown = page.locator(".pa-withheld").last.inner_text() + page.locator(".pa-slot-blocks").last.inner_text()
            assert [text for text in HOSTILE if _plain(text) not in _plain(shown)] == []
            page.locator(".pa-cite").first.click()
            expect(page.locator(".pa-viewer mark").first).to_be_visible()
            source = _plain(page.locator(".pa-viewer").inner_text())
            assert [text for text in HOSTILE if _plain(text) not in source] == []
            assert page.evaluate(HARM) == NO_HARM
            for start in range(0, len(HOSTILE), BATCH):
                ask(" ".join(HOSTILE[start : start + BATCH]))
            assert page.evaluate(HARM) == NO_HARM
            page.get_by_role("link", name="Library status").click()
            expect(page.locator(".pa-grid").first).to_be_visible()
            titles = _plain(page.locator(".pa-grid").first.inner_text())
            assert [text for text in HOSTILE if _plain(text) not in titles] == []
            assert page.evaluate(HARM) == NO_HARM
    assert tried == []


def _asker(page: Page) -> Callable[[str], None]:
    def ask(question: str) -> None:
        count = page.locator(".pa-turn").count()
        box = page.get_by_label("Ask about a procedure")
        box.fill(question)
        box.press("Enter")
        expect(page.locator(".pa-turn")).to_have_count(count + 1)
        expect(page.locator(".pa-turn").last).to_have_attribute("data-state", "done")

    return ask


def _plain(text: str) -> str:
    """Letters, digits and marks without blanks: line breaks and invisible marks fall where they like."""
    return "".join(character for character in text if character.isprintable() and not character.isspace())
