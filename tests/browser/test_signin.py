"""People sign in at a real provider or in front of a proxy and see what they may; everybody else sees nothing."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import Chat, Keys, check_axe
from cryptography.hazmat.primitives.asymmetric import ec
from identity_servers import CLIENT, ISSUER, SIGNER, KeyServer, Lie, OidcProvider, Person
from playwright.sync_api import Browser, BrowserContext, Page, expect
from procedures import SECRET

RULES = """
name: sub
rules:
- when: {groups: ops}
  role: analyst
- when: {groups: sanctions}
  readers: [sanctions]
- when: {groups: leads}
  role: owner
"""
ANN: dict[str, Any] = {"sub": "ann", "name": "Ann <b>Analyst</b>", "groups": ["ops"]}
SARA: dict[str, Any] = {"sub": "sara", "name": "Sara Sanctions", "groups": ["ops", "sanctions"]}
QUESTION = "Which queue for sanctions hits?"
HEADER = "x-amzn-oidc-data"
Open = Callable[..., Page]


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("rules") / "access.yaml"
    path.write_text(RULES)
    return path


@pytest.fixture(scope="module")
def provider() -> Iterator[OidcProvider]:
    with OidcProvider() as server:
        yield server


def behind(way: str, rules: Path) -> dict[str, str]:
    return {"APP_SIGN_IN": way, "APP_ACCESS_RULES": str(rules), "APP_PUBLIC_URL": "http://127.0.0.1:{port}"}


@pytest.fixture(scope="module")
def url(chat: Chat, index: Path, rules: Path, provider: OidcProvider) -> Iterator[str]:
    with chat(
        index,
        **behind("oidc", rules),
        APP_COOKIE_SECRET="a-key-of-more-than-thirty-two-characters",
        APP_OIDC_METADATA_URL=provider.metadata_url,
        APP_OIDC_CLIENT_ID=CLIENT,
        APP_OIDC_CLIENT_SECRET="client-secret",
    ) as address:
        yield address


@pytest.fixture
def fresh(browser: Browser) -> Iterator[Callable[..., BrowserContext]]:
    """Browser profiles that share nothing."""
    opened: list[BrowserContext] = []

    def make(**options: Any) -> BrowserContext:
        opened.append(browser.new_context(viewport={"width": 1440, "height": 900}, **options))
        opened[-1].set_default_timeout(30_000)
        return opened[-1]

    yield make
    for context in opened:
        context.close()


def sign_in(page: Page, url: str, provider: OidcProvider, person: Person) -> None:
    provider.person = person
    page.goto(url)
    Keys(page).press(page.get_by_role("button", name="Sign in"))


def ask(page: Page, question: str) -> None:
    box = page.get_by_label("Ask about a procedure")
    box.fill(question)
    box.press("Enter")
    expect(page.locator(".pa-turn").last).to_have_attribute("data-state", "done")


def test_two_people_see_two_libraries(fresh: Callable[..., BrowserContext], url: str, provider: OidcProvider) -> None:
    ann, sara = fresh().new_page(), fresh().new_page()
    seen: list[str] = []
    ann.on("websocket", lambda socket: socket.on("framereceived", lambda frame: seen.append(str(frame))))
    sign_in(ann, url, provider, Person(ANN))
    expect(ann.locator(".pa-hero")).to_contain_text("3 documents in force today")
    expect(ann.get_by_text("Ann <b>Analyst</b>")).to_be_visible()
    sign_in(sara, url, provider, Person(SARA))
    expect(sara.locator(".pa-hero")).to_contain_text("4 documents in force today")
    ask(sara, QUESTION)
    expect(sara.locator(".pa-turn").last).to_contain_text("queue OWL")
    ask(ann, QUESTION)
    expect(ann.locator(".pa-turn").last).to_contain_text("The procedures do not answer this.")
    expect(ann.locator(".pa-turn").last).to_contain_text("3 documents in force")
    for page, closed in ((ann, True), (sara, False)):
        page.get_by_role("link", name="Library status").click()
        expect(page.locator(".pa-grid").first).to_contain_text("Returned payments")
        assert ("Sanctions holds" not in page.content()) is closed
    assert not [frame for frame in seen if "Sanctions holds" in frame or SECRET in frame or "sanctions.md" in frame]


def test_no_false_word_of_a_provider_signs_anybody_in(
    fresh: Callable[..., BrowserContext], url: str, provider: OidcProvider
) -> None:
    lies: tuple[Lie, ...] = (
        "expired",
        "wrong signer",
        "wrong issuer",
        "wrong audience",
        "alg none",
        "other nonce",
        "unsigned",
    )
    page = fresh().new_page()
    with page.expect_request(re.compile("/auth/login")) as asked:
        sign_in(page, url, provider, Person(ANN, "expired"))

    def identity() -> list[str]:
        # The same way again, with its cookies, as far as it goes.
        assert page.request.get(asked.value.url).url == f"{url}/"
        return [one["name"] for one in page.context.cookies() if one["name"].startswith("_streamlit_user")]

    for lie in lies:
        provider.person = Person(ANN, lie)
        assert identity() == [], lie
    page.goto(url)
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    provider.person = Person(ANN)
    assert identity() != []


def test_who_has_no_role_is_told_so_and_can_leave(
    fresh: Callable[..., BrowserContext], url: str, provider: OidcProvider
) -> None:
    page = fresh().new_page()
    sign_in(page, url, provider, Person({"sub": "bob", "name": "Bob", "groups": ["sales"]}))
    expect(page.get_by_text("Bob is signed in, but not entitled to use this.")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_text("The procedures are for people of this organisation.")).to_be_visible()


def test_the_page_ends_with_the_session(fresh: Callable[..., BrowserContext], url: str, provider: OidcProvider) -> None:
    page = fresh().new_page()
    sign_in(page, url, provider, Person(ANN, age=8 * 3600 - 12))
    ask(page, "Which queue?")
    expect(page.get_by_text("Your session has ended.")).to_be_visible()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    assert page.locator(".pa-turn").count() == 0


def test_a_file_of_the_page_is_for_its_reader_alone(
    fresh: Callable[..., BrowserContext], url: str, provider: OidcProvider
) -> None:
    page = fresh().new_page()
    sign_in(page, url, provider, Person(ANN))
    page.get_by_role("link", name="Library status").click()
    with page.expect_download() as got:
        page.get_by_role("button", name="Download as CSV").click()
    assert "Sanctions" not in Path(got.value.path()).read_text("utf-8")
    address = got.value.url
    assert address.startswith(f"{url}/media/")
    assert page.request.get(address).status == 200
    assert fresh().request.get(address).status == 401
    other = fresh().new_page()
    sign_in(other, url, provider, Person(SARA))
    expect(other.locator(".pa-hero")).to_be_visible()
    assert other.request.get(address).status == 404
    Keys(page).press(page.get_by_role("button", name="Sign out"))
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    check_axe(page)
    assert page.request.get(address).status == 401


@pytest.fixture(scope="module")
def keys() -> Iterator[KeyServer]:
    with KeyServer() as server:
        yield server


@pytest.fixture(scope="module")
def proxied(chat: Chat, index: Path, rules: Path, keys: KeyServer) -> Iterator[str]:
    with chat(
        index,
        **behind("proxy", rules),
        APP_PROXY_KEYS_URL=keys.url + "/{kid}",
        APP_PROXY_SIGNER=SIGNER,
        APP_PROXY_ISSUER=ISSUER,
        APP_PROXY_CLIENT=CLIENT,
    ) as address:
        yield address


def test_a_signed_header_opens_the_library_of_its_person(
    fresh: Callable[..., BrowserContext], proxied: str, keys: KeyServer
) -> None:
    for claims, count in ((ANN, 3), (SARA, 4)):
        page = fresh(extra_http_headers={HEADER: keys.sign(claims)}).new_page()
        page.goto(proxied)
        expect(page.locator(".pa-hero")).to_contain_text(f"{count} documents in force today")
        ask(page, QUESTION)
        assert (SECRET in page.content()) is (count == 4)
        assert page.get_by_role("button", name="Sign out").count() == 0


def test_a_header_that_is_not_the_proxys_opens_nothing(
    fresh: Callable[..., BrowserContext], proxied: str, keys: KeyServer
) -> None:
    reader = json.dumps({"name": "root", "groups": ["sanctions"], "role": "administrator", "label": "x"})
    for headers in (
        {},
        {"x-amzn-oidc-identity": "sara"},
        {"x-assistant-reader": reader},
        {HEADER: json.dumps(SARA)},
        {HEADER: keys.sign(SARA, alg="none")},
        {HEADER: keys.sign(SARA, key=ec.generate_private_key(ec.SECP256R1()))},
        {HEADER: keys.sign(SARA, signer=SIGNER + "x")},
        {HEADER: keys.sign({**SARA, "exp": 1})},
    ):
        page = fresh(extra_http_headers=headers).new_page()
        response = page.goto(proxied)
        assert response is not None
        assert response.status == 401
        assert page.locator("body").inner_text() == "you are not signed in"
        assert page.request.get(f"{proxied}/static/index.html").status == 401
        assert page.evaluate(SOCKET, proxied.replace("http", "ws")) == "refused"


SOCKET = """address => new Promise(done => {
  const socket = new WebSocket(address + '/_stcore/stream', ['streamlit']);
  socket.onopen = () => done('open');
  socket.onerror = () => done('refused');
})"""
