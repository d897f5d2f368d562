"""A model that repeats the passages it is given, adds one sentence of its own, or stops in the middle."""

import json
import re
from typing import Any

from openai_server import OpenAIHandler
from wire_server import Reply, WireServer

INVENTED = "Wait until 23:59 before anything else."
_PASSAGE = re.compile(r"^\[(\d+)\] (?:\([^)]*\) )?(.*)$", re.MULTILINE)


class EchoHandler(OpenAIHandler):
    """Answers each question from the passages in its prompt; the script's last word says how it ends."""

    def receive(self) -> Reply:
        """The scripted reply with the words made from the prompt."""
        reply = super().receive()
        body = self.server.script.requests[-1].body
        return Reply(reply.act, tuple(_words(body)), reply.cached_tokens)


def _words(body: Any) -> list[str]:
    prompt = json.dumps([message["content"] for message in body.get("messages", [])])
    passages = _PASSAGE.findall(json.loads(prompt)[-1])[:3]
    lines = [f"- {text} [{number}]\n" for number, text in passages]
    return re.findall(r"\S+\s*", "".join([*lines, f"- {INVENTED} [1]\n", "- This sentence is not"]))


def echo_model() -> WireServer:
    """The server, to be used in a with statement."""
    return WireServer(EchoHandler)
