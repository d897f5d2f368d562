"""Many people at the real chat at once: each signs in as themselves, opens the page, asks, thinks, and asks again.

Each question carries a word of its own, and every message to everybody is searched for the words of others.
"""

import asyncio
import os
import random
import re
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import psutil

from eval.chat_page import ChatPage, Heard
from eval.scripted_model import CANARY, CLIENT, ISSUER, SIGNER, ScriptedModel

HEADER = "x-amzn-oidc-data"
START_SECONDS = 180.0
_CANARY_BYTES = re.compile(CANARY.pattern.encode())


@dataclass(slots=True)
class Load:
    """How many people, how often they ask, how long they think (seconds), and the questions to take from."""

    people: int
    questions: int
    think: float
    texts: Sequence[str]


@dataclass(slots=True)
class Result:
    """What everybody heard; `leaks` are words of others that reached somebody."""

    heard: list[Heard] = field(default_factory=list)
    leaks: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Served:
    """The chat that runs: its address, its process, and the model behind it."""

    url: str
    process: psutil.Process
    model: ScriptedModel


def canary_of(number: int) -> str:
    """The word of one person: qvkx and eight letters."""
    return "qvkx" + "".join("abcdefghijklmnop"[(number >> shift) & 15] for shift in range(28, -4, -4))


async def run_load(url: str, model: ScriptedModel, load: Load, first: int = 0) -> Result:
    """Everybody of `load` at once, each starting at some moment of the first thinking time."""
    result = Result()
    await asyncio.gather(*(_person(url, model, load, number, result) for number in range(first, first + load.people)))
    return result


async def _person(url: str, model: ScriptedModel, load: Load, number: int, result: Result) -> None:
    own, chance = canary_of(number), random.Random(number)  # noqa: S311  # a reproducible load, no secret

    def watch(message: bytes) -> None:
        others = {word.decode() for word in _CANARY_BYTES.findall(message)} - {own}
        result.leaks.extend(others)

    await asyncio.sleep(chance.random() * load.think)
    try:
        async with ChatPage(url, {HEADER: model.sign(f"person-{number}")}, watch) as page:
            for turn in range(load.questions):
                text = load.texts[(number + turn) % len(load.texts)]
                result.heard.append(await page.ask(f"{text} ({own})"))
                await asyncio.sleep(load.think * (0.5 + chance.random()) if turn + 1 < load.questions else 0)
    except Exception as error:  # noqa: BLE001  # whatever goes wrong for one person is what is measured
        result.errors.append(f"{type(error).__name__}: {error}")


@contextmanager
def served(index: Path, state: Path, model: ScriptedModel) -> Iterator[Served]:
    """The real chat in a process of its own, signing people in by header."""
    rules = state / "access.yaml"
    rules.write_text("rules: [{when: everyone, role: analyst}]\n")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    plain = {name: value for name, value in os.environ.items() if not name.startswith("APP_")}
    ours = {
        "APP_LLM": "local",
        "APP_LOCAL_URL": f"{model.url}/v1",
        "APP_STATE": str(state),
        "APP_SIGN_IN": "proxy",
        "APP_ACCESS_RULES": str(rules),
        "APP_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "APP_PROXY_KEYS_URL": model.url + "/keys/{kid}",
        "APP_PROXY_SIGNER": SIGNER,
        "APP_PROXY_ISSUER": ISSUER,
        "APP_PROXY_CLIENT": CLIENT,
        "OMP_NUM_THREADS": "1",
    }
    command = [sys.executable, "-m", "app", "chat", "--index", str(index), "--port", str(port)]
    with subprocess.Popen(command, env=plain | ours, stdout=subprocess.DEVNULL) as process:
        try:
            url = f"http://127.0.0.1:{port}"
            _wait_until_ready(url, process)
            yield Served(url, psutil.Process(process.pid), model)
        finally:
            process.terminate()


def _wait_until_ready(url: str, process: "subprocess.Popen[bytes]") -> None:
    for _ in range(int(START_SECONDS / 0.2)):
        try:
            with urlopen(f"{url}/readyz", timeout=30):  # noqa: S310  # our own address on loopback
                return
        except (URLError, OSError):
            try:
                process.wait(0.2)
            except subprocess.TimeoutExpired:
                continue
            raise RuntimeError("the chat did not start") from None
    raise RuntimeError("the chat did not get ready")
