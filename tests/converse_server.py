"""Amazon Bedrock's Converse and ConverseStream as they are on the wire, for the real boto3 to talk to."""

import json
import re
import struct
import zlib
from collections.abc import Mapping
from typing import Any

from wire_server import Handler, Reply, WireServer

_SIGNATURE = re.compile(
    r"AWS4-HMAC-SHA256 Credential=[^/]+/\d{8}/[^/]+/bedrock/aws4_request, "
    r"SignedHeaders=[^,]*host[^,]*, Signature=[0-9a-f]{64}"
)
_STOP = {"guardrail": "guardrail_intervened", "length": "max_tokens"}
_BLOCKED = "Sorry, I can't talk about that."
_TRACE = {
    "guardrail": {
        "outputAssessments": {
            "gr-1": [
                {"topicPolicy": {"topics": [{"name": "Investment advice", "type": "DENY", "action": "BLOCKED"}]}},
                {"wordPolicy": {"customWords": [{"match": "harmless", "action": "NONE"}]}},
            ]
        }
    }
}


def encode_event(name: str, payload: Mapping[str, Any], *, exception: bool = False) -> bytes:
    """One message of the event stream: prelude, headers, payload, and the CRC-32 of prelude and of all."""
    headers = {
        ":message-type": "exception" if exception else "event",
        ":exception-type" if exception else ":event-type": name,
        ":content-type": "application/json",
    }
    head = b"".join(
        struct.pack("!B", len(key)) + key.encode() + struct.pack("!BH", 7, len(value)) + value.encode()
        for key, value in headers.items()
    )
    body = json.dumps(payload).encode()
    prelude = struct.pack("!II", 16 + len(head) + len(body), len(head))
    message = prelude + struct.pack("!I", zlib.crc32(prelude)) + head + body
    return message + struct.pack("!I", zlib.crc32(message))


class ConverseHandler(Handler):
    """POST /model/ID/converse and /model/ID/converse-stream."""

    def do_POST(self) -> None:  # noqa: N802  # the name that http.server calls
        """Answer as the script says; unsigned requests are turned away as AWS does."""
        reply = self.receive()
        if not _SIGNATURE.fullmatch(self.headers.get("Authorization", "")):
            self._refuse(403, "MissingAuthenticationTokenException", "Missing Authentication Token")
        elif reply.act == "throttle":
            self._refuse(429, "ThrottlingException", "Too many tokens, please wait before trying again.")
        elif reply.act == "error":
            self._refuse(500, "InternalServerException", "The system encountered an unexpected error.")
        elif reply.act == "deny":
            self._refuse(403, "AccessDeniedException", "You don't have access to the model.")
        elif reply.act == "hang":
            self.wait()
        elif self.path.endswith("/converse-stream"):
            self._stream(reply)
        else:
            self._whole(reply)

    def _refuse(self, status: int, code: str, message: str) -> None:
        self.send_json(status, {"message": message}, x_amzn_ErrorType=code)

    def _whole(self, reply: Reply) -> None:
        blocked = reply.act == "guardrail"
        content = [{"text": _BLOCKED if blocked else "".join(reply.words)}]
        self.send_json(
            200,
            {
                "output": {"message": {"role": "assistant", "content": content}},
                "stopReason": _STOP.get(reply.act, "end_turn"),
                "usage": _usage(reply),
                "metrics": {"latencyMs": 5},
            },
        )

    def _stream(self, reply: Reply) -> None:
        self.begin("application/vnd.amazon.eventstream")
        self._event("messageStart", {"role": "assistant"})
        words = (_BLOCKED,) if reply.act == "guardrail" else reply.words
        for word in words:
            self._event("contentBlockDelta", {"delta": {"text": word}, "contentBlockIndex": 0})
        if reply.act == "stall":
            return self.wait()
        if reply.act == "cut":
            return self.break_off()
        if reply.act == "throttle_in_stream":
            self.chunk(encode_event("throttlingException", {"message": "Too many tokens."}, exception=True))
        elif reply.act != "end_early":
            self._event("contentBlockStop", {"contentBlockIndex": 0})
            self._event("messageStop", {"stopReason": _STOP.get(reply.act, "end_turn")})
            trace = {"trace": _TRACE} if reply.act == "guardrail" else {}
            self._event("metadata", {"usage": _usage(reply), "metrics": {"latencyMs": 5}, **trace})
        self.chunk(b"")

    def _event(self, name: str, payload: Mapping[str, Any]) -> None:
        self.chunk(encode_event(name, payload))


def _usage(reply: Reply) -> dict[str, int]:
    written = len(reply.words)
    fresh = 100 - reply.cached_tokens
    return {
        "inputTokens": fresh,
        "outputTokens": written,
        "totalTokens": 100 + written,
        "cacheReadInputTokens": reply.cached_tokens,
    }


def converse_server() -> WireServer:
    """A Bedrock Runtime on loopback, to be used in a with statement."""
    return WireServer(ConverseHandler)
