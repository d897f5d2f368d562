"""A real Chromium against the real server over an index made by the real pipeline."""

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from importlib import resources
from pathlib import Path

import pytest
from ingest_folder import run, settings_for
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright
from procedures import write_procedures

ROOT = Path(__file__).parents[2]
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
START_SECONDS = 90.0
# A loaded machine is slow, not wrong: waiting ends as soon as a thing is there.
expect.set_options(timeout=30_000)
BACKGROUND = {"light": "rgb(255, 255, 255)", "dark": "rgb(18, 23, 24)"}
# Streamlit hangs its open popovers into a container of its own beside the page's landmarks.
OVERLAY = '{} region: <div data-react-aria-top-layer="true"'
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
Chat = Callable[..., AbstractContextManager[str]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here starts a browser and a server."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.slow)


# Not for the session: Playwright keeps an event loop running in the tests' thread, and later tests start their own.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    executable = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if not executable:
        pytest.skip("no Chromium: install the chromium package or name one in CHROMIUM")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        yield started
        started.close()


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an index over the procedures, which lie beside it."""
    folder = tmp_path_factory.mktemp("library")
    write_procedures(folder / "corpus")
    report = run(settings_for(folder))
    assert not report.failed
    return folder / "index"


@contextmanager
def _served(index: Path, state: Path, **environment: str) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "app", "chat", "--index", str(index), "--port", str(port)]
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("APP_", "STREAMLIT_"))}
    environment = {name: value.replace("{port}", str(port)) for name, value in environment.items()}
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env={**plain, "APP_LLM": "none", "APP_STATE": str(state), "OMP_NUM_THREADS": "1", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout is not None
        said = []
        for line in process.stdout:
            said.append(line)
            if "chat is ready: " in line:
                break
        else:
            pytest.fail(f"the chat did not start: {''.join(said)}")
        try:
            yield line.split("chat is ready: ")[1].strip()
        finally:
            process.terminate()
            process.communicate(timeout=START_SECONDS)


@pytest.fixture(scope="module")
def chat(tmp_path_factory: pytest.TempPathFactory) -> Chat:
    """`with chat(index, APP_X=...) as url:` serves the chat; {port} in a value becomes its port."""
    return lambda index, **environment: _served(index, tmp_path_factory.mktemp("state"), **environment)


@pytest.fixture(scope="module")
def url(chat: Chat, index: Path) -> Iterator[str]:
    """The chat over the index, without a model."""
    with chat(index) as address:
        yield address


class Visit:
    """A page with what went wrong on it: requests to other hosts, dialogs, script errors."""

    def __init__(self, page: Page, url: str, opened: str = "") -> None:
        self.page = page
        self.url = opened or url
        self.trouble: list[str] = []
        page.set_default_timeout(30_000)
        page.on("request", lambda r: self._note(r.url) if not self._own(r.url) else None)
        page.on("dialog", lambda dialog: (self._note(f"dialog {dialog.message}"), dialog.dismiss()))
        page.on("pageerror", lambda error: self._note(f"script {error}"))
        page.on("console", lambda message: self._note(message.text) if message.type == "error" else None)
        page.goto(url)

    def _own(self, address: str) -> bool:
        return address.startswith((self.url, self.url.replace("http", "ws"), "data:", "blob:"))

    def _note(self, what: str) -> None:
        self.trouble.append(what)

    def ask(self, question: str) -> None:
        """Type a question, press Enter and wait for its final answer."""
        self.type(question)
        done = "t => t.dataset.state === 'done' && t.querySelector('h2').textContent === q"
        self.page.wait_for_function(f"q => [...document.querySelectorAll('.pa-turn')].some({done})", arg=question)

    def type(self, question: str) -> None:
        """Type a question and press Enter."""
        box = self.page.get_by_label("Ask about a procedure")
        box.fill(question)
        box.press("Enter")

    @property
    def last(self):  # type: ignore[no-untyped-def]  # playwright's Locator
        """The newest question with its answer."""
        return self.page.locator(".pa-turn").last


class Keys:
    """Hands that have a keyboard alone."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.keys = page.keyboard

    def reach(self, target: Locator) -> None:
        """Tab until the target has the focus."""
        expect(target).to_be_visible()
        for _ in range(120):
            if target.evaluate("node => node === document.activeElement || node.contains(document.activeElement)"):
                return
            self.keys.press("Tab")
        pytest.fail(f"{target} is not reached by Tab")

    def write(self, target: Locator, text: str) -> None:
        """Type into the target."""
        self.reach(target)
        self.keys.type(text)

    def choose_rail(self, name: str) -> None:
        """Set the filter for one rail."""
        self.press(self.page.get_by_role("button", name="Filters"))
        self.write(self.page.get_by_label("Rail"), name)
        for key in ("Enter", "Escape", "Escape"):
            self.keys.press(key)
        expect(self.page.get_by_role("button", name="Filters (1 set)")).to_be_visible()

    def press(self, target: Locator, key: str = "Enter") -> None:
        self.reach(target)
        self.keys.press(key)

    def ask(self, question: str) -> None:
        self.reach(self.page.get_by_label("Ask about a procedure"))
        self.keys.type(question)
        self.keys.press("Enter")
        expect(self.page.locator(".pa-turn").last).to_have_attribute("data-state", "done")


def check_axe(page: Page) -> None:
    """No violation of the rules of WCAG 2.2 AA, or of good practice, on the page as it stands, in both themes."""
    page.evaluate(resources.files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8"))
    was = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]  # playwright's Literal
        expect(page.locator(".stApp")).to_have_css("background-color", BACKGROUND[scheme])
        found = page.evaluate("rules => axe.run(document, {runOnly: rules})", RULES)["violations"]
        shown = [f"{scheme} {one['id']}: {node['html']}" for one in found for node in one["nodes"]]
        assert [one for one in shown if not one.startswith(OVERLAY.format(scheme))] == []
    page.emulate_media(color_scheme="dark" if was else "light")


@pytest.fixture
def visit(browser: Browser) -> Iterator[Callable[..., Visit]]:
    """`visit(url, color_scheme="dark", ...)` opens the chat in a context of its own; trouble fails the test.

    `opened` is the chat's own address where `url` is a page of it.
    """
    visits: list[Visit] = []

    def open_chat(url: str, opened: str = "", **options: object) -> Visit:
        context = browser.new_context(**{"viewport": {"width": 1440, "height": 900}, **options})  # type: ignore[arg-type]  # passed on
        visits.append(Visit(context.new_page(), url, opened))
        return visits[-1]

    yield open_chat
    for one in visits:
        one.page.context.close()
        assert one.trouble == []
