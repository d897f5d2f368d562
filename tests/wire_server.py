"""A threaded HTTP server on loopback that does what a script says: the fake services of the model tests."""

import json
import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal

Act = Literal[
    "text",
    "throttle",
    "error",
    "hang",
    "throttle_in_stream",
    "cut",
    "end_early",
    "stall",
    "guardrail",
    "length",
    "deny",
]


@dataclass(frozen=True)
class Reply:
    """What to do with one request: `words` are sent one event each, up to the point where `act` strikes."""

    act: Act = "text"
    words: tuple[str, ...] = ("Release ", "the ", "payment.")
    cached_tokens: int = 0


@dataclass(frozen=True)
class Request:
    """What the client sent."""

    path: str
    headers: Mapping[str, str]
    body: Mapping[str, Any]


@dataclass
class Script:
    """Replies in order; the last one is repeated. `requests` are those that came, in order."""

    replies: deque[Reply] = field(default_factory=lambda: deque([Reply()]))
    requests: list[Request] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)
    """Set at the end, so that no handler hangs longer than its test."""
    asked: threading.Event = field(default_factory=threading.Event)
    """Set when a request has come."""
    dropped: threading.Event = field(default_factory=threading.Event)
    """Set when a client went away while its stream stalled."""

    def play(self, *replies: Reply) -> None:
        """Forget what was, and give these replies from now on."""
        self.requests.clear()
        self.replies = deque(replies)

    def next(self) -> Reply:
        """The reply for the request that just came."""
        self.asked.set()
        return self.replies.popleft() if len(self.replies) > 1 else self.replies[0]


class Handler(BaseHTTPRequestHandler):
    """Chunked HTTP/1.1; subclasses speak one protocol."""

    protocol_version = "HTTP/1.1"
    server: "WireServer"

    def log_message(self, *_: object) -> None:
        """Tests print nothing."""

    def receive(self) -> Reply:
        """Note the request and take the next reply."""
        size = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(size) or b"{}")
        self.server.script.requests.append(Request(self.path, dict(self.headers), body))
        return self.server.script.next()

    def send_json(self, status: int, body: object, **headers: str) -> None:
        """A whole reply."""
        data = json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def begin(self, content_type: str) -> None:
        """The head of a streamed reply."""
        self.send_response(200)
        self.send_header("Content-Type", content_type)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def chunk(self, data: bytes) -> None:
        """One piece of a streamed reply; an empty one ends it."""
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        self.wfile.flush()

    def break_off(self) -> None:
        """Close the connection in the middle."""
        self.close_connection = True

    def wait(self) -> None:
        """Say nothing more until the test is over or the client is gone."""
        self.connection.settimeout(0.02)
        while not self.server.script.released.is_set():
            try:
                gone = self.connection.recv(1) == b""
            except TimeoutError:
                continue
            except OSError:  # it went with words of ours unread: the connection is reset, not closed
                gone = True
            if gone:
                self.server.script.dropped.set()
                break
        self.close_connection = True


class WireServer(ThreadingHTTPServer):
    """Listens on a free port of 127.0.0.1 while used as a context manager."""

    daemon_threads = True

    def __init__(self, handler: type[Handler]) -> None:
        super().__init__(("127.0.0.1", 0), handler)
        self.script = Script()
        self.url = f"http://127.0.0.1:{self.server_port}"
        self._thread = threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True)

    def handle_error(self, *_: object) -> None:
        """Clients that went away are part of the tests."""

    def __enter__(self) -> "WireServer":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.script.released.set()
        self.shutdown()
        self.server_close()
        self._thread.join()
