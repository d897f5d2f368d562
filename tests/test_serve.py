"""Where the chat may listen, and what its pages may load."""

import socket
from pathlib import Path

import pytest

from app.serve import run_chat, security_headers, server_options
from app.settings import Settings
from ingest.errors import SettingsError


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "10.0.0.5", "example.com"])  # noqa: S104  the refused ones
def test_without_sign_in_only_loopback_is_served(address: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="without sign-in"):
        run_chat(Settings(index=tmp_path), 8501, address=address)


def test_a_taken_port_is_one_clear_line(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(SettingsError, match="choose another --port"):
            run_chat(Settings(index=tmp_path), taken.getsockname()[1])


def test_nothing_can_be_loaded_from_elsewhere() -> None:
    headers = security_headers()
    policy = dict(rule.split(" ", 1) for rule in headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["connect-src"] == "'self'"
    assert policy["img-src"] == "'self' data: blob:"
    assert policy["frame-ancestors"] == "'none'"
    assert "unsafe" not in policy["script-src"]
    assert "'sha256-" in policy["script-src"]
    assert not any("http" in value or "*" in value for value in policy.values())


def test_streamlit_gets_no_telemetry_uploads_or_foreign_hosts() -> None:
    options = server_options("127.0.0.1", 8501)
    assert options["browser.gatherUsageStats"] is False
    assert options["server.enableXsrfProtection"] is True
    assert options["server.enableStaticServing"] is False
    assert options["server.address"] == "127.0.0.1"
    assert "*" not in options["server.allowedHosts"]
