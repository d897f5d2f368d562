"""Forged, expired and foreign identities are refused; the gate lets nobody past without one."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from identity_servers import CLIENT, ISSUER, SIGNER, KeyServer, public_pem
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket, WebSocketDisconnect
from streamlit.web.server.starlette.starlette_app_utils import create_signed_value
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME

from app.access import Reader
from app.downloads import Downloads
from app.gate import Gate
from app.identity import ENDED, SIGNED_OUT, SignIn, ThisMachine, open_sign_in
from app.identity_proxy import READER_HEADER, reader_header
from app.settings import Settings
from ingest.errors import SettingsError, SignInError

HEADER = "x-amzn-oidc-data"
ANN = {"sub": "ann", "groups": ["ops"]}
SECRET = "a-key-of-more-than-thirty-two-characters"
ORIGIN = "https://chat.bank.example"


@pytest.fixture(scope="module")
def keys() -> Iterator[KeyServer]:
    with KeyServer() as server:
        yield server


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    path = tmp_path / "access.yaml"
    path.write_text("rules: [{when: {groups: ops}, role: analyst, readers: [ops]}]")
    return path


@pytest.fixture
def proxy(keys: KeyServer, rules: Path) -> SignIn:
    return open_sign_in(proxy_settings(keys, rules))


def proxy_settings(keys: KeyServer, rules: Path, **changed: Any) -> Settings:
    known = {"proxy_keys_url": keys.url + "/{kid}", "proxy_signer": SIGNER, "proxy_issuer": ISSUER}
    return Settings(sign_in="proxy", access_rules=rules, public_url=ORIGIN, proxy_client=CLIENT, **{**known, **changed})


@pytest.fixture
def oidc(rules: Path) -> SignIn:
    return open_sign_in(oidc_settings(rules))


def oidc_settings(rules: Path, **changed: Any) -> Settings:
    known = {
        "public_url": ORIGIN,
        "cookie_secret": SECRET,
        "oidc_metadata_url": "https://login.bank.example/x",
        "oidc_client_id": CLIENT,
    }
    return Settings(sign_in="oidc", access_rules=rules, **{**known, **changed})


def sent(*tokens: str, name: str = HEADER) -> Headers:
    return Headers(raw=[(name.encode(), token.encode()) for token in tokens])


def cookie(secret: str = SECRET, **changed: Any) -> dict[str, str]:
    claims = {"is_logged_in": True, "origin": ORIGIN, "aud": CLIENT, "iat": int(time.time()), **ANN, **changed}
    return {USER_COOKIE_NAME: create_signed_value(secret, USER_COOKIE_NAME, json.dumps(claims)).decode()}


def test_the_balancers_word_counts_and_its_key_is_fetched_once(keys: KeyServer, proxy: SignIn) -> None:
    keys.asked.clear()
    for _ in range(3):
        identity = proxy.of_request(sent(keys.sign(ANN)), {})
    assert identity.check() == Reader("ann", frozenset({"ops"}), "analyst", "ann")
    assert 7.9 * 3600 < identity.until - time.time() < 8.1 * 3600
    assert len(keys.asked) == 1


FORGED: dict[str, Any] = {
    "another key": lambda keys: keys.sign(ANN, key=ec.generate_private_key(ec.SECP256R1())),
    "no signature": lambda keys: keys.sign(ANN).rsplit(".", 1)[0] + ".",
    "alg none": lambda keys: keys.sign(ANN, alg="none"),
    "alg none, named ES256": lambda keys: keys.sign(ANN).rsplit(".", 1)[0] + ".AAAA",
    "the public key as a shared secret": lambda keys: keys.sign(ANN, key="public key as a secret" * 2, alg="HS256"),
    "another balancer": lambda keys: keys.sign(ANN, signer=SIGNER.replace("desk", "guest")),
    "no balancer": lambda keys: keys.sign(ANN, signer=None),
    "another issuer": lambda keys: keys.sign({**ANN, "iss": "https://evil.example"}),
    "another issuer in the header": lambda keys: keys.sign(ANN, iss="https://evil.example"),
    "another client": lambda keys: keys.sign(ANN, client="another"),
    "expired": lambda keys: keys.sign({**ANN, "exp": int(time.time()) - 1}),
    "no expiry": lambda keys: keys.sign({**ANN, "exp": None}),
    "nobody": lambda keys: keys.sign({**ANN, "sub": None}),
    "an unknown key id": lambda keys: keys.sign(ANN, kid="00000000"),
    "a key id that leaves the path": lambda keys: keys.sign(ANN, kid="../" + keys.kid),
    "no key id": lambda keys: keys.sign(ANN, kid=None),
    "plain claims": lambda _: json.dumps(ANN),
    "nothing": lambda _: "",
    "not entitled": lambda keys: keys.sign({"sub": "bob", "groups": ["sales"]}),
}


@pytest.mark.parametrize("forged", FORGED)
def test_every_other_word_is_refused(keys: KeyServer, proxy: SignIn, forged: str) -> None:
    with pytest.raises(SignInError):
        proxy.of_request(sent(FORGED[forged](keys)), {})


def test_a_changed_payload_under_a_good_signature_is_refused(keys: KeyServer, proxy: SignIn) -> None:
    head, _, signature = keys.sign(ANN).split(".")
    _, payload, _ = keys.sign({"sub": "bob", "groups": ["ops"]}).split(".")
    with pytest.raises(SignInError):
        proxy.of_request(sent(f"{head}.{payload}.{signature}"), {})


def test_the_balancers_other_headers_and_a_second_token_prove_nothing(keys: KeyServer, proxy: SignIn) -> None:
    good = keys.sign(ANN)
    for headers in (
        Headers({}),
        sent("ann", name="x-amzn-oidc-identity"),
        sent("ann", name="x-forwarded-user"),
        sent(good, good),
        Headers({READER_HEADER: reader_header(Reader("ann", role="administrator")).decode()}),
    ):
        with pytest.raises(SignInError, match=SIGNED_OUT):
            proxy.of_request(headers, {})


def test_a_key_id_that_nobody_knows_is_not_asked_for_again_at_once(keys: KeyServer, proxy: SignIn) -> None:
    keys.asked.clear()
    for kid in ("unknown", "unknown", "a/b", "x" * 65):
        with pytest.raises(SignInError):
            proxy.of_request(sent(keys.sign(ANN, kid=kid)), {})
    assert keys.asked == ["/unknown"]


def test_what_is_no_p256_key_does_not_count(keys: KeyServer, rules: Path) -> None:
    keys.keys |= {"p384": public_pem(ec.generate_private_key(ec.SECP384R1())), "text": b"no key"}
    for kid in ("p384", "text"):
        with pytest.raises(SignInError):
            open_sign_in(proxy_settings(keys, rules)).of_request(sent(keys.sign(ANN, kid=kid)), {})


def test_the_page_finds_whom_the_gate_let_through_for_eight_hours(proxy: SignIn) -> None:
    reader = Reader("ann", frozenset({"ops"}), "owner", "Ann")
    user = {"reader": reader_header(reader).decode()}
    assert proxy.of_page(user, time.time()).check() == reader
    with pytest.raises(SignInError, match=ENDED):
        proxy.of_page(user, time.time() - 8 * 3600)
    for nobody in ({}, {"reader": None}, {"reader": "ann"}, {"reader": "[]"}, {"is_logged_in": True, "sub": "ann"}):
        with pytest.raises(SignInError, match=SIGNED_OUT):
            proxy.of_page(nobody, time.time())


def test_the_cookie_of_a_sign_in_counts_for_eight_hours(oidc: SignIn) -> None:
    assert oidc.of_request(Headers({}), cookie()).check().name == "ann"
    assert oidc.of_request(Headers({}), cookie(iat=time.time() - 7.9 * 3600)).until < time.time() + 0.2 * 3600
    with pytest.raises(SignInError, match=ENDED):
        oidc.of_request(Headers({}), cookie(iat=time.time() - 8 * 3600))


@pytest.mark.parametrize(
    "cookies",
    [
        {},
        cookie("another-key-of-more-than-thirty-two-chars"),
        {USER_COOKIE_NAME: "e30"},
        cookie(origin="https://evil.example"),
        cookie(is_logged_in=False),
        cookie(is_logged_in="yes"),
        cookie(aud="another"),
        cookie(aud=["another"]),
        cookie(iat=None),
        cookie(iat=time.time() + 9999),
        cookie(groups=[]),
    ],
)
def test_no_other_cookie_counts(oidc: SignIn, cookies: dict[str, str]) -> None:
    with pytest.raises(SignInError):
        oidc.of_request(Headers({}), cookies)


def test_a_session_that_is_over_ends_every_use(oidc: SignIn, monkeypatch: pytest.MonkeyPatch) -> None:
    identity = oidc.of_request(Headers({}), cookie())
    monkeypatch.setattr(time, "time", lambda: identity.until)
    with pytest.raises(SignInError, match=ENDED):
        identity.check()


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"public_url": "http://chat.bank.example"}, "APP_PUBLIC_URL must begin with https://"),
        ({"oidc_metadata_url": "http://login.bank.example"}, "APP_OIDC_METADATA_URL must begin with https://"),
        ({"cookie_secret": "short"}, "APP_COOKIE_SECRET has less than 32 characters"),
        ({"cookie_secret": "", "oidc_client_id": ""}, "APP_SIGN_IN=oidc needs APP_COOKIE_SECRET, APP_OIDC_CLIENT_ID"),
    ],
)
def test_half_a_setting_is_refused(rules: Path, changed: dict[str, str], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        open_sign_in(oidc_settings(rules, **changed))


def test_a_proxy_without_its_facts_is_refused(keys: KeyServer, rules: Path) -> None:
    with pytest.raises(SettingsError, match="APP_SIGN_IN=proxy needs APP_PROXY_SIGNER, APP_PROXY_ISSUER"):
        open_sign_in(proxy_settings(keys, rules, proxy_signer="", proxy_issuer=""))
    with pytest.raises(SettingsError, match=r"has no \{kid\}"):
        open_sign_in(proxy_settings(keys, rules, proxy_keys_url=keys.url))


async def _who(request: Request) -> Response:
    return PlainTextResponse(f"{request.state.identity.reader.name} {request.headers.get(READER_HEADER, '')}")


async def _socket(socket: WebSocket) -> None:
    await socket.accept()
    await socket.send_text("hello")
    await socket.receive()


def behind_the_gate(sign_in: SignIn) -> TestClient:
    paths = ["/", "/status", "/healthz", "/media/secret.pdf", "/original/1", "/_stcore/upload_file/x"]
    routes = [*(Route(path, _who) for path in paths), WebSocketRoute("/_stcore/stream", _socket)]
    downloads = Downloads()
    downloads.allow("secret", Reader("ann", frozenset({"ops"}), label="ann"))
    app = Starlette(routes=routes, middleware=[Middleware(Gate, sign_in=sign_in, downloads=downloads)])
    return TestClient(app, raise_server_exceptions=False)


def test_behind_a_proxy_nothing_is_served_without_a_signed_header(keys: KeyServer, proxy: SignIn) -> None:
    client = behind_the_gate(proxy)
    for path in ("/", "/status", "/media/secret.pdf", "/original/1"):
        assert client.get(path).status_code == 401
        assert client.get(path, headers={HEADER: keys.sign(ANN)}).text.startswith("ann ")
    with pytest.raises(WebSocketDisconnect), client.websocket_connect("/_stcore/stream"):
        pass
    with client.websocket_connect("/_stcore/stream", headers={HEADER: keys.sign(ANN)}) as socket:
        assert socket.receive_text() == "hello"


def test_what_a_client_says_about_the_reader_is_dropped(keys: KeyServer, proxy: SignIn) -> None:
    lie = {READER_HEADER: reader_header(Reader("root", role="administrator")).decode(), HEADER: keys.sign(ANN)}
    assert "root" not in behind_the_gate(proxy).get("/", headers=lie).text
    assert "root" not in behind_the_gate(ThisMachine(Reader("local"))).get("/", headers=lie).text


def test_before_sign_in_only_the_empty_page_is_served(oidc: SignIn) -> None:
    client = behind_the_gate(oidc)
    assert client.get("/status").status_code == 500  # let through, and the route finds nobody
    assert client.get("/media/secret.pdf").status_code == 401
    assert client.get("/original/1").status_code == 401
    client.cookies.update(cookie())
    assert client.get("/media/secret.pdf").text.startswith("ann ")


def test_a_file_goes_to_the_person_whose_page_offered_it(keys: KeyServer, proxy: SignIn) -> None:
    client = behind_the_gate(proxy)

    def fetch(path: str, **claims: Any) -> int:
        return client.get(path, headers={HEADER: keys.sign({**ANN, **claims})}).status_code

    assert fetch("/media/secret.pdf") == 200
    assert fetch("/media/secret.pdf", sub="bob") == 404
    assert fetch("/media/other.pdf") == 404
    assert fetch("/media/") == fetch("/media/x/secret.pdf") == 404


def test_who_lost_a_group_gets_no_file_offered_before() -> None:
    downloads = Downloads()
    downloads.allow("secret", Reader("ann", frozenset({"ops"})))
    assert downloads.may_fetch("secret", Reader("ann", frozenset({"ops"})))
    assert not downloads.may_fetch("secret", Reader("ann"))


def test_nothing_is_uploaded(oidc: SignIn) -> None:
    client = behind_the_gate(oidc)
    client.cookies.update(cookie())
    assert client.put("/_stcore/upload_file/x").status_code == 404
    assert behind_the_gate(ThisMachine(Reader("local"))).put("/_stcore/upload_file/x").status_code == 404


def test_a_socket_is_closed_when_the_session_ends(oidc: SignIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.gate.GRACE_SECONDS", 0)
    client = behind_the_gate(oidc)
    client.cookies.update(cookie(iat=time.time() - 8 * 3600 + 0.3))
    with client.websocket_connect("/_stcore/stream") as socket:
        assert socket.receive_text() == "hello"
        with pytest.raises(WebSocketDisconnect) as closed:
            socket.receive_text()
    assert closed.value.code == 1008
