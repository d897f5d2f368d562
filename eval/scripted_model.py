"""A model that takes its time: repeats passages of its prompt, streamed over a set number of seconds.

It speaks the OpenAI protocol on loopback. The same server stands for the key server of a load balancer, and signs.
"""

import json
import re
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

CHUNKS = 20
NAME, KEY_ID, SIGNER, ISSUER, CLIENT = "scripted", "bench", "bench-balancer", "https://bench.example", "bench"
CANARY = re.compile(r"qvkx[a-p]{8}")
_PASSAGE = re.compile(r"^\[(\d+)\] (?:\([^)]*\) )?(.*)$", re.MULTILINE)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "ScriptedModel"

    def log_message(self, format: str, *args: object) -> None:
        """A bench prints its own lines only."""

    def do_GET(self) -> None:
        """The list of models, or a public key."""
        models = {"object": "list", "data": [{"id": NAME, "object": "model", "created": 0, "owned_by": "bench"}]}
        self._reply(self.server.public_key if self.path.startswith("/keys/") else json.dumps(models).encode())

    def do_POST(self) -> None:
        """Stream the answer."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        text = _answer("\n".join(str(message["content"]) for message in body["messages"]))
        if not body.get("stream"):
            choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}
            return self._reply(json.dumps(_envelope([choice])).encode())
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        size = -(-len(text) // CHUNKS)
        for start in range(0, len(text), size):
            time.sleep(self.server.seconds * size / len(text))
            self._event({"index": 0, "finish_reason": None, "delta": {"content": text[start : start + size]}})
        self._event({"index": 0, "finish_reason": "stop", "delta": {}})
        self.wfile.write(b"data: [DONE]\n\n")
        self.close_connection = True
        return None

    def _event(self, choice: dict[str, Any]) -> None:
        self.wfile.write(f"data: {json.dumps(_envelope([choice]))}\n\n".encode())

    def _reply(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class ScriptedModel(ThreadingHTTPServer):
    """Answers in `seconds` each while used in a with statement."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, seconds: float) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.seconds = seconds
        self.url = f"http://127.0.0.1:{self.server_port}"
        self._key = ec.generate_private_key(ec.SECP256R1())
        self.public_key = self._key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    def sign(self, name: str) -> str:
        """The token of a person, as a load balancer makes it."""
        head = {"kid": KEY_ID, "signer": SIGNER, "iss": ISSUER, "client": CLIENT}
        claims = {"sub": name, "iss": ISSUER, "exp": int(time.time()) + 3600}
        return jwt.encode(claims, self._key, "ES256", headers=head)

    def __enter__(self) -> "ScriptedModel":
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()


def _answer(prompt: str) -> str:
    """Two passages word for word, and the canary of the question if it has one."""
    lines = [f"- {text} [{number}]" for number, text in _PASSAGE.findall(prompt)[:2]]
    canary = CANARY.findall(prompt)[-1:]
    return "\n".join([*lines, *(f"- The word is {word}. [1]" for word in canary)]) or "- Nothing. [1]"


def _envelope(choices: list[dict[str, Any]]) -> dict[str, Any]:
    return {"id": "bench", "object": "chat.completion.chunk", "created": 0, "model": NAME, "choices": choices}
