"""The gate before every request: who is not known gets no page, no file and no socket."""

import asyncio
import re
import time
from math import inf

from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.downloads import Downloads
from app.identity import ENDED, Identity, SignIn
from app.identity_proxy import READER_HEADER, reader_header
from ingest.errors import SignInError

HEALTH = ("/healthz", "/readyz", "/_stcore/health")
# What Streamlit's page consists of before anything of ours is on it.
_OPEN = re.compile(
    r"/[\w-]*|/(?:favicon|logo)[\w.-]*|/static/.*|/auth/log(?:in|out)|/oauth2callback"
    r"|/_stcore/(?:host-config|stream|bidi-components/.*)"
)
MEDIA = "/media/"
UPLOADS = "/_stcore/upload_file"
USER_COOKIE = "_streamlit_user"  # and those that begin with it: tokens, and parts of what is too long for one
GRACE_SECONDS = 5.0  # the page says by itself that the session is over; it needs its socket for that
VIOLATION = 1008  # the websocket protocol's code for a policy


class Gate:
    """ASGI middleware: who is behind a request stands in the scope's state from here on."""

    def __init__(self, app: ASGIApp, sign_in: SignIn, downloads: Downloads) -> None:
        self.app = app
        self.sign_in = sign_in
        self.downloads = downloads

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it here."""
        if scope["type"] not in ("http", "websocket") or scope["path"] in HEALTH:
            return await self.app(scope, receive, send)
        if scope["path"].startswith(UPLOADS):
            return await _refuse(scope, receive, send, "nothing can be uploaded", 404)
        connection = HTTPConnection(scope)
        try:
            identity = await run_in_threadpool(self.sign_in.of_request, connection.headers, connection.cookies)
        except SignInError as error:
            if not (self.sign_in.page_is_open and _OPEN.fullmatch(scope["path"])):
                return await _refuse(scope, receive, send, error.message, 401)
            scope = _introduce(scope, None)
            # Without its cookie Streamlit does not take the old session up again, with what stood on its page.
            return await self.app(_without_cookies(scope) if error.message == ENDED else scope, receive, send)
        if scope["path"].startswith(MEDIA) and not self._may_fetch(scope["path"], identity):
            return await _refuse(scope, receive, send, "there is no such file", 404)
        if scope["type"] == "websocket":
            receive = _until(identity, receive, send)
        await self.app(_introduce(scope, identity), receive, send)

    def _may_fetch(self, path: str, identity: Identity) -> bool:
        file_id = path.removeprefix(MEDIA).partition(".")[0]
        return self.downloads.may_fetch(file_id, identity.reader)


def _introduce(scope: Scope, identity: Identity | None) -> Scope:
    """The scope with the person in it, and without what a client may have said about that itself."""
    name = READER_HEADER.encode()
    headers = [(key, value) for key, value in scope["headers"] if key.lower() != name]
    if identity:
        headers.append((name, reader_header(identity.reader)))
    return {**scope, "headers": headers, "state": {**scope.get("state", {}), "identity": identity}}


def _without_cookies(scope: Scope) -> Scope:
    def kept(cookies: bytes) -> bytes:
        return b";".join(one for one in cookies.split(b";") if not one.strip().startswith(USER_COOKIE.encode()))

    headers = [(key, kept(value) if key.lower() == b"cookie" else value) for key, value in scope["headers"]]
    return {**scope, "headers": headers}


def _until(identity: Identity, receive: Receive, send: Send) -> Receive:
    """`receive` of a socket that is closed when the session is over, whether or not anything is said."""
    if identity.until == inf:
        return receive

    async def receive_in_time() -> Message:
        try:
            async with asyncio.timeout(identity.until + GRACE_SECONDS - time.time()):
                return await receive()
        except TimeoutError:
            await send({"type": "websocket.close", "code": VIOLATION, "reason": "the session has ended"})
            return {"type": "websocket.disconnect", "code": VIOLATION}

    return receive_in_time


async def _refuse(scope: Scope, receive: Receive, send: Send, reason: str, status: int) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": VIOLATION, "reason": reason})
        return
    await PlainTextResponse(reason, status_code=status)(scope, receive, send)
