"""The embedded server's life: started when needed, started again when dead, gone when its parent is gone."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
from llm_backends import MESSAGES, ask

from app.llm import LLM, load_llm
from app.llm.server import EmbeddedServer, ServerSpec
from app.settings import load_settings
from ingest.errors import LLMError

FAKE = Path(__file__).with_name("fake_gguf_server.py")


@pytest.fixture
def weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file to point at, and the scripted program instead of llama.cpp."""
    monkeypatch.setattr("app.llm.server._PROGRAM", FAKE)
    monkeypatch.setenv("PYTHONPATH", str(FAKE.parent))
    path = tmp_path / "tiny.gguf"
    path.write_bytes(b"GGUF")
    return path


@pytest.fixture
def server(weights: Path) -> Iterator[EmbeddedServer]:
    embedded = EmbeddedServer(ServerSpec(weights))
    yield embedded
    embedded.close()


def test_it_starts_once_for_all_who_ask(server: EmbeddedServer) -> None:
    assert server.pid is None
    with ThreadPoolExecutor(8) as pool:
        endpoints = set(pool.map(lambda _: server.ensure(), range(8)))
    assert len(endpoints) == 1
    assert server.pid is not None


def test_it_listens_on_loopback_with_a_key_of_its_own(weights: Path, server: EmbeddedServer) -> None:
    first = server.ensure()
    other = EmbeddedServer(ServerSpec(weights))
    second = other.ensure()
    other.close()
    assert first.url.startswith("http://127.0.0.1:")
    assert first.url != second.url and first.key != second.key and len(first.key) >= 32
    assert server.pid is not None
    command = psutil.Process(server.pid).cmdline()
    assert first.key not in " ".join(command)  # anyone on the machine can read command lines


def test_a_dead_server_is_started_again(server: EmbeddedServer) -> None:
    before = server.ensure()
    assert server.pid is not None
    process = psutil.Process(server.pid)
    process.kill()
    psutil.wait_procs([process], timeout=10)
    after = server.ensure()
    assert after != before and server.pid is not None


def test_closing_stops_it(server: EmbeddedServer) -> None:
    server.ensure()
    assert server.pid is not None
    process = psutil.Process(server.pid)
    server.close()
    assert server.pid is None and not process.is_running()
    server.close()


@pytest.mark.parametrize("end", ["kill -9", "exit"])
def test_it_does_not_outlive_its_parent(weights: Path, end: str) -> None:
    program = (
        "import sys; from pathlib import Path; import app.llm.server as s;"
        f"s._PROGRAM = Path({str(FAKE)!r}); server = s.EmbeddedServer(s.ServerSpec(Path({str(weights)!r})));"
        "server.ensure(); print(server.pid, flush=True); sys.stdin.readline()"
    )
    parent = subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    with parent:
        assert parent.stdout and parent.stdin
        child = psutil.Process(int(parent.stdout.readline()))
        if end == "kill -9":
            os.kill(parent.pid, signal.SIGKILL)
        else:
            parent.stdin.write("\n")
            parent.stdin.flush()
        _, alive = psutil.wait_procs([child], timeout=10)
        assert not alive


@pytest.mark.parametrize(
    ("name", "says"),
    [("killed.gguf", "lack of memory"), ("broken.gguf", "could not be started: something went wrong")],
)
def test_a_start_that_fails_says_why(weights: Path, name: str, says: str) -> None:
    bad = EmbeddedServer(ServerSpec(weights.rename(weights.with_name(name))))
    with pytest.raises(LLMError, match=says) as caught:
        bad.ensure()
    assert caught.value.kind == "missing" and bad.pid is None


def test_a_file_that_is_no_model_is_named(tmp_path: Path) -> None:
    path = tmp_path / "cut.gguf"
    path.write_bytes(b"GGUF\x03\0\0\0" + bytes(64))
    with pytest.raises(LLMError, match=r"cut.gguf is not a GGUF file .*python -m ingest models qwen"):
        EmbeddedServer(ServerSpec(path)).ensure()  # the real program


def test_missing_weights_are_told_without_starting(tmp_path: Path) -> None:
    absent = EmbeddedServer(ServerSpec(tmp_path / "absent.gguf"))
    assert "absent.gguf is not in" in absent.problem()
    with pytest.raises(LLMError, match="python -m ingest models qwen"):
        absent.ensure()


def test_too_little_memory_is_told_without_starting(server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=1))
    assert "of memory" in server.problem()
    with pytest.raises(LLMError, match="APP_LOCAL_CONTEXT"):
        server.ensure()


@pytest.fixture
def llm(weights: Path) -> Iterator[LLM]:
    loaded = load_llm(load_settings(llm="local", local_gguf=weights))
    assert loaded is not None
    yield loaded
    loaded.close()


def test_a_question_starts_it_and_survives_its_death(llm: LLM) -> None:
    assert llm.name == "Local: tiny" and llm.health() == ""
    assert ask(llm)[0] == "Release the payment."
    for child in psutil.Process().children():
        child.kill()
    assert ask(llm)[0] == "Release the payment."


def test_the_deadline_covers_the_start_and_closing_ends_it(weights: Path) -> None:
    llm = load_llm(load_settings(llm="local", local_gguf=weights.rename(weights.with_name("silent.gguf"))))
    assert llm is not None
    before = time.monotonic()
    with pytest.raises(LLMError, match="did not answer in time"):
        list(llm.stream(MESSAGES, deadline_s=0.3))
    llm.close()
    assert time.monotonic() - before < 10  # a server has 120 s to start
    living = [child for child in psutil.Process().children() if child.status() != psutil.STATUS_ZOMBIE]
    assert not living


def test_warming_starts_it(llm: LLM) -> None:
    llm.warm(MESSAGES)
    living = [child for child in psutil.Process().children() if child.status() != psutil.STATUS_ZOMBIE]
    assert [child for child in living if "fake_gguf_server" in " ".join(child.cmdline())]
