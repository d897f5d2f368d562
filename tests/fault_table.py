"""Prints what each backend makes of each fault of its service: python tests/fault_table.py [bedrock|local]...

The real SDKs talk to scripted services on loopback, with the time limits that the product has by default (for the
local backend those of Bedrock, as its own 120 s for a slow machine would say nothing more).
"""

import sys
import time

from llm_backends import MESSAGES, backend
from rich.console import Console
from rich.table import Table
from wire_server import Reply

from app.llm import LLM, Finish
from app.llm.bedrock import ANSWER_S
from ingest.errors import LLMError

FAULTS: tuple[tuple[str, tuple[Reply, ...]], ...] = (
    ("none", (Reply(),)),
    ("429 once", (Reply("throttle"), Reply())),
    ("429 always", (Reply("throttle"),)),
    ("500 once", (Reply("error"), Reply())),
    ("500 always", (Reply("error"),)),
    ("throttled before the first word", (Reply("throttle_in_stream", ()), Reply())),
    ("throttled in mid-stream", (Reply("throttle_in_stream"),)),
    ("connection cut before the first word", (Reply("cut", ()), Reply())),
    ("connection cut in mid-stream", (Reply("cut"),)),
    ("stream ends without a stop", (Reply("end_early"),)),
    ("stalls in mid-stream", (Reply("stall"),)),
    ("never answers", (Reply("hang"),)),
    ("guardrail or filter intervenes", (Reply("guardrail"),)),
    ("answer longer than allowed", (Reply("length"),)),
    ("no permission", (Reply("deny"),)),
)


def outcome(llm: LLM) -> tuple[str, float]:
    """What a caller gets, and after how many seconds."""
    before = time.monotonic()
    said, result = "", ""
    try:
        for piece in llm.stream(MESSAGES):
            if isinstance(piece, Finish):
                result = "complete answer"
            else:
                said += piece
    except LLMError as error:
        result = f"{error.kind}{', after a part' if said else ''}: verbatim passages instead"
    return result, time.monotonic() - before


def main() -> None:
    """One table a backend."""
    for kind in sys.argv[1:] or ("bedrock", "local"):
        table = Table("fault of the service", "what the caller gets", "requests", "seconds", title=kind)
        for name, replies in FAULTS:
            with backend(kind, llm_timeout_s=ANSWER_S) as (server, llm):
                server.script.play(*replies)
                result, seconds = outcome(llm)
                table.add_row(name, result, str(len(server.script.requests)), f"{seconds:.1f}")
        Console().print(table)


if __name__ == "__main__":
    main()
