"""The nginx example is a configuration that nginx takes, and says what the documentation says."""

import re
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

EXAMPLE = (Path(__file__).parents[1] / "docs" / "nginx.conf").read_text("utf-8")
NGINX = shutil.which("nginx") or shutil.which("/usr/sbin/nginx")


def directives(name: str) -> list[str]:
    return re.findall(rf'^\s*{name}\s+((?:"[^"]*"|[^;"])+);', EXAMPLE, re.MULTILINE)


def test_uploads_metrics_and_foreign_identities_are_closed() -> None:
    for path in ("/_stcore/upload_file", "/_stcore/metrics", "/_stcore/agent"):
        assert re.search(rf"location \^~ {path}\s+{{ return 404; }}", EXAMPLE)
    assert directives("client_max_body_size") == ["16k"]
    assert 'X-Amzn-Oidc-Data ""' in directives("proxy_set_header")
    assert directives("proxy_cookie_flags") == ["~ secure"]


def test_every_answer_has_a_policy() -> None:
    headers = directives("add_header")
    assert "Content-Security-Policy $chat_policy always" in headers
    assert any(header.startswith("Strict-Transport-Security") and header.endswith("always") for header in headers)
    assert "default-src 'none'; frame-ancestors 'none'" in EXAMPLE
    # A location with headers of its own would lose those of the server.
    assert "add_header" not in EXAMPLE[EXAMPLE.index("location /") :]


@pytest.mark.skipif(not NGINX, reason="no nginx here")
def test_nginx_takes_it(tmp_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "chat.bank.example")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    (tmp_path / "chat.crt").write_bytes(certificate.public_bytes(Encoding.PEM))
    (tmp_path / "chat.key").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    inner = EXAMPLE.replace("/etc/nginx/tls", str(tmp_path)).replace("listen 80;", "listen 127.0.0.1:18080;")
    inner = inner.replace("listen 443 ssl;", "listen 127.0.0.1:18443 ssl;")
    logs = f"pid {tmp_path}/pid; error_log stderr;"
    (tmp_path / "nginx.conf").write_text(f"{logs} events {{}} http {{ access_log off; {inner} }}")
    command = [str(NGINX), "-t", "-p", str(tmp_path), "-c", str(tmp_path / "nginx.conf")]
    checked = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert checked.returncode == 0, checked.stderr
