"""Sign-in in front of the chat: the token that an AWS load balancer signs and sends in a header with each request."""

import json
import logging
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import httpx
import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from starlette.datastructures import Headers

from app.access import Reader
from app.entitlements import Claims, Entitlements
from app.identity import ENDED, SIGNED_OUT, Identity
from app.settings import Settings
from ingest.errors import SignInError

# Set by the gate for the page; what a client sends under this name never gets past it.
READER_HEADER = "x-assistant-reader"
_READER_KEY = "reader"
_KEY_ID = re.compile(r"[0-9A-Za-z-]{1,64}")  # it becomes a part of an address
KEPT_KEYS = 16
RETRY_SECONDS = 30.0  # so that a key id that nobody knows is not asked for with each request
FETCH_SECONDS = 3.0
_LOG = logging.getLogger(__name__)


class PublicKeys:
    """Keys by id from `address`, with {kid} in it; each is fetched once. Thread-safe."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._lock = threading.Lock()
        self._found: OrderedDict[str, tuple[EllipticCurvePublicKey | None, float]] = OrderedDict()

    def find(self, kid: str) -> EllipticCurvePublicKey:
        """The key; SignInError where there is none."""
        with self._lock:
            key, at = self._found.get(kid, (None, 0.0))
            if key is None and time.monotonic() - at > RETRY_SECONDS:
                key = self._fetch(kid) if _KEY_ID.fullmatch(kid) else None
                self._found[kid] = (key, time.monotonic())
                while len(self._found) > KEPT_KEYS:
                    self._found.popitem(last=False)
        if key is None:
            raise SignInError(SIGNED_OUT)
        return key

    def _fetch(self, kid: str) -> EllipticCurvePublicKey | None:
        try:
            reply = httpx.get(self._address.replace("{kid}", kid), timeout=FETCH_SECONDS).raise_for_status()
            key = load_pem_public_key(reply.content)
        except (httpx.HTTPError, ValueError, UnsupportedAlgorithm) as error:
            _LOG.warning("no public key %s: %s", kid, error)
            return None
        return key if isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1) else None


@dataclass(frozen=True, slots=True)
class ProxySignIn:
    """People whom the load balancer vouches for; each socket lives at most `hours`, then a new token counts.

    A request that did not pass the balancer carries no token with its signature and is refused, also where it
    reaches the port directly.
    """

    entitlements: Entitlements
    keys: PublicKeys
    header: str
    expected: Mapping[str, str]  # of the token's header: alg, signer, iss, client
    origin: str
    hours: float
    page_is_open: bool = False

    @classmethod
    def of_settings(cls, settings: Settings, entitlements: Entitlements) -> "ProxySignIn":
        """The balancer that the settings name."""
        expected = {
            "alg": "ES256",
            "signer": settings.proxy_signer,
            "iss": settings.proxy_issuer,
            "client": settings.proxy_client,
        }
        keys = PublicKeys(settings.proxy_keys_url)
        return cls(entitlements, keys, settings.proxy_header, expected, settings.public_url, settings.session_hours)

    def page_options(self) -> Mapping[str, Any]:
        """The address that people see, and where the page finds the reader."""
        headers = json.dumps({READER_HEADER: _READER_KEY})
        return {"server.corsAllowedOrigins": [self.origin], "server.trustedUserHeaders": headers}

    def page_secrets(self) -> Mapping[str, Any]:
        """Nothing."""
        return {}

    def of_request(self, headers: Headers, cookies: Mapping[str, str]) -> Identity:
        """Who is named by the token, if signature, signer, issuer, client and expiry are as they must be."""
        tokens = headers.getlist(self.header)
        if len(tokens) != 1:
            raise SignInError(SIGNED_OUT)
        return Identity(self.entitlements.reader_of(self._claims(tokens[0])), time.time() + self.hours * 3600)

    def _claims(self, token: str) -> Mapping[str, Any]:
        try:
            head = jwt.get_unverified_header(token)
            if any(head.get(name) != value for name, value in self.expected.items()):
                raise SignInError(SIGNED_OUT)
            claims: Mapping[str, Any] = jwt.decode(
                token,
                self.keys.find(str(head.get("kid"))),
                algorithms=["ES256"],
                issuer=self.expected["iss"],
                options={"require": ["exp", "iss", "sub"], "verify_aud": False},
            )
        except jwt.PyJWTError as error:
            _LOG.warning("a signed header was refused: %s", error)
            raise SignInError(SIGNED_OUT) from None
        return claims

    def of_page(self, user: Claims, since: float) -> Identity:
        """Whom the gate let through, as long as the page is not open for too long."""
        try:
            known = json.loads(str(user.get(_READER_KEY)))
            reader = Reader(**{**known, "groups": frozenset(known["groups"])})
        except (ValueError, TypeError, KeyError):
            raise SignInError(SIGNED_OUT) from None
        until = since + self.hours * 3600
        if time.time() >= until:
            raise SignInError(ENDED, hint="load this page again")
        return Identity(reader, until)


def reader_header(reader: Reader) -> bytes:
    """The reader for READER_HEADER: the same bytes for the same person, so that a page can reconnect."""
    return json.dumps({**asdict(reader), "groups": sorted(reader.groups)}).encode()
