"""Start the chat: check where it may listen, warm up, then serve the page with safe settings."""

import base64
import hashlib
import importlib
import logging
import re
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import streamlit
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.access import Reader
from app.gate import Gate
from app.identity import SignIn, ThisMachine, is_loopback
from app.service import Service, settle_memory
from app.settings import Settings
from app.suggest import suggest_questions
from ingest.errors import AssistantError, SettingsError

PAGE = Path(__file__).with_name("chat.py")
_LOG = logging.getLogger(__name__)
# Streamlit runs the page as a script and passes it nothing, so this is where the page finds what was started.
_served: list[Service] = []


def current_service() -> Service:
    """The service that `run_chat` started; the page's way to it."""
    return _served[-1]


def run_chat(settings: Settings, port: int, *, address: str = "127.0.0.1") -> int:
    """Serve the chat until it is stopped and return the exit code; raises SettingsError where it may not listen.

    A missing index is not an error here: the page says so and picks the index up once it is there.
    """
    service = Service(settings)
    _check_address(address, service.sign_in)
    _check_port(address, port)
    _served.append(service)
    try:
        service.warm()
        _warm_page(service)
    except AssistantError as error:
        _LOG.warning("the chat starts without answers: %s", error)
    settle_memory()
    app = streamlit.App(
        PAGE,
        secrets=service.sign_in.page_secrets(),
        lifespan=partial(_announce, url=f"http://{address}:{port}", service=service),
        routes=[Route("/healthz", _alive), Route("/readyz", _ready)],
        middleware=[
            Middleware(_SecurityHeaders, headers=security_headers()),
            Middleware(Gate, sign_in=service.sign_in, downloads=service.downloads),
        ],
    )
    # Streamlit looks for .streamlit/ beside argv[0], wherever the process was started.
    sys.argv = [str(PAGE)]
    app.run(config={**server_options(address, port, settings.public_url), **service.sign_in.page_options()})
    return 0


def _warm_page(service: Service) -> None:
    """Load what the first page would otherwise load while somebody waits for it."""
    for name in ("pandas", "app.views.conversation", "app.views.status", "app.views.review", "app.views.shared"):
        importlib.import_module(name)
    suggest_questions(service.assistant().library.index, Reader("warm"), date.today())


def _check_address(address: str, sign_in: SignIn) -> None:
    if isinstance(sign_in, ThisMachine) and not is_loopback(address):
        hint = "set APP_SIGN_IN to oidc or proxy (docs/deployment.md), or use 127.0.0.1"
        raise SettingsError(f"the chat does not listen on {address} without sign-in", hint=hint)


def _check_port(address: str, port: int) -> None:
    # Streamlit would log a traceback, or take another port than the one it was given.
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError as error:
            raise SettingsError(f"port {port} on {address}: {error.strerror}", hint="choose another --port") from None


def server_options(address: str, port: int, public_url: str = "") -> dict[str, Any]:
    """Streamlit's options; given as overrides, so that no file or variable can loosen them."""
    return {
        "server.address": address,
        "server.port": port,
        "server.headless": True,
        "server.allowedHosts": ["localhost", "127.0.0.1", "::1", address, urlsplit(public_url).hostname or address],
        "server.enableXsrfProtection": True,
        "server.enableCORS": True,
        "server.enableStaticServing": False,
        "server.enableAgentApi": False,
        "server.maxUploadSize": 1,
        "server.fileWatcherType": "none",
        "server.runOnSave": False,
        "browser.gatherUsageStats": False,
        "client.toolbarMode": "minimal",
        "client.showErrorDetails": "none",
        "client.showErrorLinks": False,
        "runner.magicEnabled": False,
        # A full collection after each redraw of a streamed answer holds all threads; Python's own are enough.
        "runner.postScriptGC": False,
        "logger.hideWelcomeMessage": True,
    }


def security_headers() -> Mapping[str, str]:
    """Headers of every response; the page may run Streamlit's own scripts and load from nowhere else."""
    policy = {
        "default-src": "'none'",
        # Streamlit loads component scripts, which are ours and constant, through blob: addresses.
        "script-src": f"'self' blob: {_inline_scripts()}",
        "worker-src": "'self' blob:",
        "style-src": "'self' 'unsafe-inline'",
        "img-src": "'self' data: blob:",
        "font-src": "'self' data:",
        "media-src": "'self'",
        "connect-src": "'self'",
        "manifest-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
    }
    return {
        "Content-Security-Policy": "; ".join(f"{name} {value}".strip() for name, value in policy.items()),
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "no-referrer",
        "Permissions-Policy": "camera=(), microphone=(), geolocation=(), display-capture=()",
        "Cross-Origin-Opener-Policy": "same-origin",
    }


def _inline_scripts() -> str:
    """The sha256 sources of the scripts inside Streamlit's own index.html."""
    page = (Path(streamlit.__file__).parent / "static" / "index.html").read_text("utf-8")
    scripts = re.findall(r"<script(?![^>]*\ssrc=)[^>]*>(.*?)</script>", page, re.DOTALL)
    digests = (base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts)
    return " ".join(f"'sha256-{digest}'" for digest in digests)


class _SecurityHeaders:
    def __init__(self, app: ASGIApp, headers: Mapping[str, str]) -> None:
        self.app = app
        self.headers = headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(self.headers)
            await send(message)

        await self.app(scope, receive, send_with_headers)


@asynccontextmanager
async def _announce(_app: object, url: str, service: Service) -> AsyncIterator[None]:
    sys.stdout.write(f"The chat is ready: {url}\n")
    sys.stdout.flush()
    yield
    await run_in_threadpool(service.close)


async def _alive(_request: Request) -> Response:
    return PlainTextResponse("alive")


async def _ready(_request: Request) -> Response:
    try:
        await run_in_threadpool(current_service().assistant)
    except AssistantError as error:
        # Whoever asks need not be signed in: the reason is for the log.
        _LOG.warning("not ready: %s", error)
        return PlainTextResponse("not ready", status_code=503)
    return PlainTextResponse("ready")
