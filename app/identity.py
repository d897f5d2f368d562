"""Who is at the page: nobody asked (this machine only), an OIDC provider's word, or a proxy's signed header."""

import ipaddress
import time
from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from typing import Any, Protocol
from urllib.parse import urlsplit

from starlette.datastructures import Headers

from app.access import Reader, local_reader
from app.entitlements import Claims, load_entitlements
from app.settings import PREFIX, Settings
from ingest.errors import SettingsError, SignInError

HINT = "see docs/deployment.md"
SIGNED_OUT = "you are not signed in"
ENDED = "your session has ended"
SHORTEST_SECRET = 32  # characters
_NEEDED = {
    "none": (),
    "oidc": ("access_rules", "public_url", "cookie_secret", "oidc_metadata_url", "oidc_client_id"),
    "proxy": ("access_rules", "public_url", "proxy_keys_url", "proxy_signer", "proxy_issuer", "proxy_client"),
}


@dataclass(frozen=True, slots=True)
class Identity:
    """A person who may use the chat until `until` (seconds since the epoch)."""

    reader: Reader
    until: float = inf

    def check(self) -> Reader:
        """The reader; SignInError once the session is over."""
        if time.time() >= self.until:
            raise SignInError(ENDED, hint="sign in again")
        return self.reader


class SignIn(Protocol):
    """One way to know people; whoever can't be known is a SignInError."""

    @property
    def page_is_open(self) -> bool:
        """Whether people who are not signed in get the page, in order to sign in there."""

    def of_request(self, headers: Headers, cookies: Mapping[str, str]) -> Identity:
        """Who sends this request: for the page's socket, its files and the routes beside it."""

    def of_page(self, user: Claims, since: float) -> Identity:
        """Who is at the page: `user` is Streamlit's `st.user`, `since` when the page was opened."""

    def page_options(self) -> Mapping[str, Any]:
        """Streamlit's options that this way needs."""

    def page_secrets(self) -> Mapping[str, Any]:
        """Streamlit's secrets that this way needs."""


@dataclass(frozen=True, slots=True)
class ThisMachine:
    """No sign-in: whoever reaches loopback is the person at this machine."""

    reader: Reader
    page_is_open: bool = True

    def of_request(self, headers: Headers, cookies: Mapping[str, str]) -> Identity:
        """The person at this machine."""
        return Identity(self.reader)

    def of_page(self, user: Claims, since: float) -> Identity:
        """The person at this machine."""
        return Identity(self.reader)

    def page_options(self) -> Mapping[str, Any]:
        """Nothing."""
        return {}

    def page_secrets(self) -> Mapping[str, Any]:
        """Nothing."""
        return {}


def open_sign_in(settings: Settings) -> SignIn:
    """The way that the settings choose; raises SettingsError where it lacks something or would be unsafe."""
    _check(settings)
    if settings.sign_in == "none" or settings.access_rules is None:
        return ThisMachine(local_reader(settings))
    rules = load_entitlements(settings.access_rules)
    if settings.sign_in == "proxy":
        from app.identity_proxy import ProxySignIn  # noqa: PLC0415  # each way brings its own libraries

        return ProxySignIn.of_settings(settings, rules)
    from app.identity_oidc import OidcSignIn  # noqa: PLC0415

    return OidcSignIn.of_settings(settings, rules)


def is_loopback(host: str) -> bool:
    """Whether the host is this machine."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def _check(settings: Settings) -> None:
    missing = [name for name in _NEEDED[settings.sign_in] if not _given(settings, name)]
    if missing:
        names = ", ".join(f"{PREFIX}{name}".upper() for name in missing)
        raise SettingsError(f"APP_SIGN_IN={settings.sign_in} needs {names}", hint=HINT)
    for name in ("public_url", "oidc_metadata_url", "proxy_keys_url"):
        url = urlsplit(getattr(settings, name))
        if url.scheme == "http" and not is_loopback(url.hostname or ""):
            raise SettingsError(f"{PREFIX}{name}".upper() + " must begin with https://", hint=HINT)
    if settings.sign_in == "oidc" and len(settings.cookie_secret.get_secret_value()) < SHORTEST_SECRET:
        make = 'make one: python -c "import secrets; print(secrets.token_urlsafe(32))"'
        raise SettingsError(f"APP_COOKIE_SECRET has less than {SHORTEST_SECRET} characters", hint=make)
    if "{kid}" not in (settings.proxy_keys_url or "{kid}"):
        raise SettingsError("APP_PROXY_KEYS_URL has no {kid}", hint=HINT)


def _given(settings: Settings, name: str) -> bool:
    value = getattr(settings, name)
    return bool(value.get_secret_value() if name == "cookie_secret" else value)
