"""Sign-in at an OIDC provider: Streamlit's st.login with Authlib, and our own rules about what its cookie is worth."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import Headers
from streamlit.auth_util import get_cookie_with_chunks
from streamlit.web.server.starlette.starlette_app_utils import decode_signed_value
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME

from app.entitlements import Claims, Entitlements
from app.identity import ENDED, SIGNED_OUT, Identity
from app.settings import Settings
from ingest.errors import SignInError

CLOCK_SECONDS = 120  # the provider's clock may be that far ahead


@dataclass(frozen=True, slots=True)
class OidcSignIn:
    """People whom the provider signed in, for `hours` after it did.

    Authlib checked signature, issuer, audience, expiry and nonce of the ID token when they came back from the
    provider; its claims then stand in a cookie that Streamlit signs and keeps for 30 days. The shorter session
    is ours.
    """

    entitlements: Entitlements
    provider: Mapping[str, str]
    origin: str
    hours: float
    page_is_open: bool = True

    @classmethod
    def of_settings(cls, settings: Settings, entitlements: Entitlements) -> "OidcSignIn":
        """The provider that the settings name."""
        provider = {
            "redirect_uri": f"{settings.public_url}/oauth2callback",
            "cookie_secret": settings.cookie_secret.get_secret_value(),
            "client_id": settings.oidc_client_id,
            "client_secret": settings.oidc_client_secret.get_secret_value(),
            "server_metadata_url": settings.oidc_metadata_url,
        }
        return cls(entitlements, provider, settings.public_url, settings.session_hours)

    def page_options(self) -> Mapping[str, Any]:
        """The address that people see."""
        return {"server.corsAllowedOrigins": [self.origin]}

    def page_secrets(self) -> Mapping[str, Any]:
        """What st.login reads."""
        return {"auth": dict(self.provider)}

    def of_page(self, user: Claims, since: float) -> Identity:
        """Who is at the page, from the claims in Streamlit's cookie."""
        if user.get("is_logged_in") is not True:
            raise SignInError(SIGNED_OUT)
        audience = user.get("aud")
        if self.provider["client_id"] not in (audience if isinstance(audience, list) else [audience]):
            raise SignInError(SIGNED_OUT)
        issued = user.get("iat")
        now = time.time()
        if not isinstance(issued, int | float) or issued > now + CLOCK_SECONDS:
            raise SignInError(SIGNED_OUT)
        until = issued + self.hours * 3600
        if now >= until:
            raise SignInError(ENDED, hint="sign in again")
        return Identity(self.entitlements.reader_of(user), until)

    def of_request(self, headers: Headers, cookies: Mapping[str, str]) -> Identity:
        """Who sends the cookie."""
        claims = self._claims(cookies)
        if claims.get("origin") != self.origin:
            raise SignInError(SIGNED_OUT)
        return self.of_page(claims, time.time())

    def _claims(self, cookies: Mapping[str, str]) -> dict[str, Any]:
        def read(name: str) -> bytes | None:
            return decode_signed_value(self.provider["cookie_secret"], name, cookies.get(name, ""))

        try:
            claims = json.loads(get_cookie_with_chunks(read, USER_COOKIE_NAME) or b"{}")
        except ValueError:
            claims = {}
        return claims if isinstance(claims, dict) else {}
