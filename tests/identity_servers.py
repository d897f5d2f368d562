"""An OIDC provider and a load balancer's key server on loopback, with real keys; both can be told to lie."""

import base64
import json
import secrets
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

CLIENT = "procedures-chat"
SIGNER = "arn:aws:elasticloadbalancing:eu-west-2:123456789012:loadbalancer/app/desk/50dc6c495c0c9188"
ISSUER = "https://login.bank.example"
Lie = Literal["", "expired", "wrong signer", "wrong issuer", "wrong audience", "alg none", "other nonce", "unsigned"]


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, handler: type[BaseHTTPRequestHandler]) -> None:
        super().__init__(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.asked: list[str] = []
        self._thread = threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> Any:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()
        self._thread.join()


class _Handler(BaseHTTPRequestHandler):
    server: Any

    def log_message(self, *_: object) -> None:
        """Tests print nothing."""

    def reply(self, body: bytes, kind: str = "application/json", status: int = 200, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


class _Keys(_Handler):
    def do_GET(self) -> None:  # the name that http.server calls
        self.server.asked.append(self.path)
        key = self.server.keys.get(self.path.removeprefix("/"))
        self.reply(key or b"", "text/plain", 200 if key else 404)


class KeyServer(_Server):
    """Serves the public keys of a load balancer by key id, and signs as the balancer does."""

    def __init__(self) -> None:
        super().__init__(_Keys)
        self.kid = "12345678-1234-1234-1234-123456789012"
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.keys = {self.kid: public_pem(self.key)}

    def sign(self, claims: dict[str, Any], *, key: Any = None, alg: str = "ES256", **header: Any) -> str:
        """A token as AWS makes it: its own facts in the header, base64 with padding."""
        until = int(time.time()) + 120
        facts = {"kid": self.kid, "iss": ISSUER, "client": CLIENT, "signer": SIGNER, "exp": until, **header}
        body = {"iss": ISSUER, "exp": until, **claims}
        token = jwt.encode(
            {k: v for k, v in body.items() if v is not None},
            key or (None if alg == "none" else self.key),
            alg,
            headers={k: v for k, v in facts.items() if v is not None},
        )
        # The signature covers the parts as they are sent, so the padding is added before signing.
        head, payload, _ = token.split(".")
        signed = f"{_padded(head)}.{_padded(payload)}"
        algorithm = jwt.get_algorithm_by_name(alg)
        prepared = algorithm.prepare_key(key or (None if alg == "none" else self.key))
        signature = base64.urlsafe_b64encode(algorithm.sign(signed.encode(), prepared)).decode()
        return f"{signed}.{signature}"


def _padded(part: str) -> str:
    return part + "=" * (-len(part) % 4)


def public_pem(key: Any) -> bytes:
    """The public half of a private key, as PEM."""
    return bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))


@dataclass
class Person:
    """Who signs in at the provider next, how the provider lies about it, and how long ago they did."""

    claims: dict[str, Any] = field(default_factory=dict)
    lie: Lie = ""
    age: int = 0


class _Provider(_Handler):
    def do_GET(self) -> None:  # the name that http.server calls
        address = urlsplit(self.path)
        if address.path == "/.well-known/openid-configuration":
            self.reply(json.dumps(self.server.metadata).encode())
        elif address.path == "/jwks":
            self.reply(json.dumps(self.server.jwks).encode())
        elif address.path == "/authorize":
            self._authorize({name: values[0] for name, values in parse_qs(address.query).items()})
        else:
            self.reply(b"", status=404)

    def _authorize(self, asked: dict[str, str]) -> None:
        code = secrets.token_hex(8)
        self.server.codes[code] = asked
        back = f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"
        self.reply(b"", status=302, Location=back)

    def do_POST(self) -> None:  # the name that http.server calls
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        asked = self.server.codes.pop(form["code"][0])
        token = self.server.id_token(asked.get("nonce", ""))
        answer = {"access_token": secrets.token_hex(8), "token_type": "Bearer", "expires_in": 300, "id_token": token}
        self.reply(json.dumps(answer).encode())


class OidcProvider(_Server):
    """Signs in `person` without asking, with the authorization code flow."""

    def __init__(self) -> None:
        super().__init__(_Provider)
        self.person = Person()
        self.codes: dict[str, dict[str, str]] = {}
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self._stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self._key.public_key()))
        self.jwks = {"keys": [{**public, "kid": "one", "use": "sig", "alg": "RS256"}]}
        self.metadata_url = f"{self.url}/.well-known/openid-configuration"
        self.metadata = {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/jwks",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "code_challenge_methods_supported": ["S256"],
        }

    def id_token(self, nonce: str) -> str:
        """The token of the person, with the lie in it."""
        lie, now = self.person.lie, int(time.time())
        claims = {
            "iss": "https://evil.example" if lie == "wrong issuer" else self.url,
            "aud": "another-client" if lie == "wrong audience" else CLIENT,
            "iat": now - self.person.age,
            "exp": now - 3600 if lie == "expired" else now + 3600,
            "nonce": "another" if lie == "other nonce" else nonce,
            **self.person.claims,
        }
        if lie == "alg none":
            return jwt.encode(claims, None, "none")
        key = self._stranger if lie == "wrong signer" else self._key
        token = jwt.encode(claims, key, "RS256", headers={"kid": "one"})
        return token.rsplit(".", 1)[0] + "." if lie == "unsigned" else token
