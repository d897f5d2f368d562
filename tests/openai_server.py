"""The OpenAI chat protocol (SSE) as Ollama, vLLM and llama-server speak it."""

import json
from collections.abc import Mapping
from typing import Any

from wire_server import Handler, Reply, WireServer

KEY = "test-key"
MODEL = "test-model"
_STOP = {"guardrail": "content_filter", "length": "length"}


class OpenAIHandler(Handler):
    """GET /v1/models and POST /v1/chat/completions."""

    def do_GET(self) -> None:  # noqa: N802  # the name that http.server calls
        """The list of models."""
        self.send_json(
            200, {"object": "list", "data": [{"id": MODEL, "object": "model", "created": 0, "owned_by": "us"}]}
        )

    def do_POST(self) -> None:  # noqa: N802  # the name that http.server calls
        """Answer as the script says; a wrong key is turned away."""
        reply = self.receive()
        if self.headers.get("Authorization") != f"Bearer {KEY}" or reply.act == "deny":
            self._refuse(401, "Invalid API Key")
        elif reply.act == "throttle":
            self._refuse(429, "Rate limit reached", Retry_After="0.05")
        elif reply.act == "error":
            self._refuse(500, "Internal error", Retry_After="0.05")
        elif reply.act == "hang":
            self.wait()
        elif self.server.script.requests[-1].body.get("stream"):
            self._stream(reply)
        else:
            message = {"role": "assistant", "content": "".join(reply.words)}
            self.send_json(200, _envelope({"message": message}, "stop") | {"usage": _usage(reply)})

    def _refuse(self, status: int, message: str, **headers: str) -> None:
        self.send_json(status, {"error": {"message": message, "type": "error", "code": status}}, **headers)

    def _stream(self, reply: Reply) -> None:
        self.begin("text/event-stream")
        self._event(_envelope({"delta": {"role": "assistant", "content": ""}}))
        for word in reply.words:
            self._event(_envelope({"delta": {"content": word}}))
        if reply.act == "stall":
            return self.wait()
        if reply.act == "cut":
            return self.break_off()
        if reply.act == "throttle_in_stream":
            self._event({"error": {"message": "Rate limit reached", "type": "error", "code": 429}})
        elif reply.act != "end_early":
            self._event(_envelope({"delta": {}}, _STOP.get(reply.act, "stop")))
            self._event({**_envelope({}), "choices": [], "usage": _usage(reply)})
            self.chunk(b"data: [DONE]\n\n")
        self.chunk(b"")

    def _event(self, payload: Mapping[str, Any]) -> None:
        self.chunk(f"data: {json.dumps(payload)}\n\n".encode())


def _envelope(choice: Mapping[str, Any], reason: str | None = None) -> dict[str, Any]:
    return {
        "id": "chat-1",
        "object": "chat.completion.chunk",
        "created": 0,
        "model": MODEL,
        "choices": [{"index": 0, "finish_reason": reason, **choice}],
    }


def _usage(reply: Reply) -> dict[str, Any]:
    return {
        "prompt_tokens": 100,
        "completion_tokens": len(reply.words),
        "total_tokens": 100 + len(reply.words),
        "prompt_tokens_details": {"cached_tokens": reply.cached_tokens},
    }


def openai_server() -> WireServer:
    """An OpenAI-compatible server on loopback, to be used in a with statement."""
    return WireServer(OpenAIHandler)
