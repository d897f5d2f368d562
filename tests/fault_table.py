"""What the analyst sees of each fault of each model backend: python tests/fault_table.py [bedrock|url|embedded]...

Whole questions through the assistant, with the real SDKs against scripted services on loopback and the time limits
that the product has for Bedrock (the local ones' own 120 s, for slow machines, would say nothing more). The exit code
is 1 if an answer took longer than 15 s, or if words of a broken answer stand in it, or passages without the reason.
"""

import contextlib
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
from llm_backends import backend
from rich.console import Console
from rich.table import Table
from small_library import EMBEDDER, build
from wire_server import Reply

import app.llm.server
from app.answer import Answer, Assistant, Done, Evidence
from app.llm import LLM, load_llm
from app.llm.bedrock import ANSWER_S
from app.retrieve import Retriever
from app.settings import load_settings

QUESTION = "How fast are returned funds booked after AC04?"
TOO_LATE_S = 15.0
WORDS = ("Book the funds ", "to the returns account ", "within 2 hours.")
FAULTS: tuple[tuple[str, tuple[Reply, ...]], ...] = (
    ("none", (Reply(words=WORDS),)),
    ("429 once", (Reply("throttle"), Reply(words=WORDS))),
    ("429 always", (Reply("throttle"),)),
    ("500 once", (Reply("error"), Reply(words=WORDS))),
    ("500 always", (Reply("error"),)),
    ("throttled before the first word", (Reply("throttle_in_stream", ()), Reply(words=WORDS))),
    ("throttled in mid-stream", (Reply("throttle_in_stream", WORDS),)),
    ("connection cut before the first word", (Reply("cut", ()), Reply(words=WORDS))),
    ("connection cut in mid-stream", (Reply("cut", WORDS),)),
    ("stream ends without a stop", (Reply("end_early", WORDS),)),
    ("stalls in mid-stream", (Reply("stall", WORDS),)),
    ("never answers", (Reply("hang"),)),
    ("guardrail or filter intervenes", (Reply("guardrail", WORDS),)),
    ("answer longer than allowed", (Reply("length", WORDS),)),
    ("no permission", (Reply("deny"),)),
)
# What the embedded server's program does is in the name of its weights; see fake_gguf_server.py.
EMBEDDED: tuple[tuple[str, str], ...] = (
    ("none", "whole"),
    ("the port is taken", "whole"),
    ("the server died since the last question", "whole"),
    ("dies in mid-answer", "dies"),
    ("connection cut in mid-stream", "cut"),
    ("stalls in mid-stream", "stall"),
    ("never answers", "hang"),
    ("500 always", "error"),
    ("killed for lack of memory while loading", "killed"),
    ("too little memory to start", "whole"),
    ("the program fails at its start", "broken"),
    ("never ready", "silent"),
    ("no weights", "absent"),
)


@dataclass(frozen=True, slots=True)
class Seen:
    """What came of one question: seconds until the passages stood and until the end, and whether it is labelled."""

    result: str
    passages_s: float
    seconds: float
    sound: bool


def ask(assistant: Assistant) -> Seen:
    """Ask, and judge what the analyst is left with."""
    before, passages_s = time.monotonic(), 0.0
    for event in assistant.stream(QUESTION):
        if isinstance(event, Evidence):
            passages_s = time.monotonic() - before
        if isinstance(event, Done):
            seconds = time.monotonic() - before
            return Seen(_result(event.answer), passages_s, seconds, _sound(event.answer) and seconds <= TOO_LATE_S)
    raise AssertionError("a stream ends with Done")


def _result(answer: Answer) -> str:
    if answer.composed_by == "model":
        return "the model's whole answer"
    return f"passages word for word, since: {answer.notes[-1].partition('(')[2].rpartition(')')[0]}"


def _sound(answer: Answer) -> bool:
    """A whole answer, or the passages with the reason; never a part of what the model said."""
    if answer.composed_by == "model":
        return "".join(WORDS) == answer.text
    index_words = [citation.quote for statement in answer.statements for citation in statement.citations]
    verbatim = [statement.text for statement in answer.statements] == index_words
    return verbatim and any("The model could not answer" in note for note in answer.notes)


def over_services(
    kind: str, retriever: Retriever, timeout_s: float = ANSWER_S, chosen: Sequence[str] = ()
) -> Iterator[Any]:
    """(fault, what was seen, requests) for Bedrock ("bedrock") or an OpenAI-compatible URL ("url")."""
    for name, replies in FAULTS:
        if not chosen or name in chosen:
            with backend({"url": "local"}.get(kind, kind), llm_timeout_s=timeout_s) as (server, llm):
                server.script.play(*replies)
                yield name, ask(_assistant(retriever, llm)), len(server.script.requests)


def over_embedded(retriever: Retriever, timeout_s: float = ANSWER_S, chosen: Sequence[str] = ()) -> Iterator[Any]:
    """(fault, what was seen, "") for the embedded server's life."""
    with tempfile.TemporaryDirectory() as folder, _scripted_program():
        for name, act in EMBEDDED:
            if not chosen or name in chosen:
                path = Path(folder, f"{act}.gguf")
                if act != "absent":
                    path.write_bytes(b"GGUF")
                llm = load_llm(load_settings(llm="local", local_gguf=path, llm_timeout_s=timeout_s))
                assert llm is not None
                with contextlib.closing(llm), _circumstance(name, llm, path):
                    yield name, ask(_assistant(retriever, llm)), ""


@contextlib.contextmanager
def _scripted_program() -> Iterator[None]:
    before, here = app.llm.server._PROGRAM, Path(__file__).parent
    app.llm.server._PROGRAM = here / "fake_gguf_server.py"
    os.environ["PYTHONPATH"] = str(here)
    try:
        yield
    finally:
        app.llm.server._PROGRAM = before
        del os.environ["PYTHONPATH"]


@contextlib.contextmanager
def _circumstance(name: str, llm: LLM, path: Path) -> Iterator[None]:
    """What surrounds the question: another server, a death, a full machine."""
    memory = psutil.virtual_memory
    other = load_llm(load_settings(llm="local", local_gguf=path)) if name == "the port is taken" else None
    try:
        if other:
            other.warm()
        if name == "the server died since the last question":
            llm.warm()
            for child in psutil.Process().children():
                child.kill()
        if name == "too little memory to start":
            psutil.virtual_memory = lambda: SimpleNamespace(available=1)
        yield
    finally:
        psutil.virtual_memory = memory
        if other:
            other.close()


def _assistant(retriever: Retriever, llm: LLM) -> Assistant:
    library: Any = SimpleNamespace(current=lambda: retriever)
    return Assistant(library, llm)


def main(kinds: Sequence[str]) -> int:
    """One table a backend; 1 if an answer was late or not labelled."""
    sound = True
    with tempfile.TemporaryDirectory() as folder:
        retriever = Retriever(build(Path(folder, "index")), EMBEDDER)
        for kind in kinds or ("bedrock", "url", "embedded"):
            found = over_embedded(retriever) if kind == "embedded" else over_services(kind, retriever)
            table = Table("fault", "what the analyst sees", "requests", "passages, s", "complete, s", title=kind)
            for name, seen, requests in found:
                sound = sound and seen.sound
                times = f"{seen.passages_s:.2f}", f"{seen.seconds:.1f}{'' if seen.sound else ' UNSOUND'}"
                table.add_row(name, seen.result, str(requests), *times)
            Console(width=150).print(table)
    return 0 if sound else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
