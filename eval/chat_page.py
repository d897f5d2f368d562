"""The chat's page as a browser uses it, without a browser: Streamlit's own messages over its websocket."""

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

SUBPROTOCOL = Subprotocol("streamlit")
OPENING_SECONDS = 60.0
ANSWER_SECONDS = 120.0
READER = "reader"
Watch = Callable[[bytes], None]


@dataclass(frozen=True, slots=True)
class Heard:
    """What a person saw after Enter, in seconds: the passages, the end; `busy` where the question was refused.

    `composed` tells whether a model was asked.
    """

    passages: float
    done: float
    busy: bool = False
    composed: bool = False
    problem: str = ""


class ChatPage:
    """One open page; `watch` is shown every message that the server sends to it."""

    def __init__(self, url: str, headers: Mapping[str, str], watch: Watch) -> None:
        self._url = url.replace("http", "ws", 1) + "/_stcore/stream"
        self._headers = dict(headers)
        self._watch = watch
        self._cards: dict[str, tuple[dict[str, Any], float, float]] = {}  # question: card, evidence at, done at
        self._question = self._page = ""
        self._ready = asyncio.Event()
        self._changed = asyncio.Event()
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def __aenter__(self) -> "ChatPage":
        self._socket: ClientConnection = await connect(
            self._url,
            subprotocols=[SUBPROTOCOL],
            additional_headers=self._headers,
            max_size=None,
            open_timeout=60,
            ping_interval=None,
        )
        self._tasks[READER] = asyncio.create_task(self._read())
        await self._send(BackMsg())
        await asyncio.wait_for(self._ready.wait(), OPENING_SECONDS)
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks.values():
            task.cancel()
        await self._socket.close()

    async def ask(self, question: str) -> Heard:
        """Type a question, press Enter, and look on until the answer stands."""
        message = BackMsg()
        widget = message.rerun_script.widget_states.widgets.add(id=self._question)
        widget.chat_input_value.data = question
        asked = time.monotonic()
        await self._send(message)
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                while question not in self._cards or not self._cards[question][2]:
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            return Heard(0, ANSWER_SECONDS, problem="no answer in time")
        card, passages, done = self._cards.pop(question)
        reason = str(card.get("reason") or "")
        failed = card["status"]["text"] == "No answer."
        busy = failed and reason.startswith("Too many questions")
        composed = bool(card["withheld"]) or card["status"]["text"] == "Checked."
        return Heard(passages - asked, done - asked, busy, composed, reason if failed and not busy else "")

    async def _send(self, message: BackMsg) -> None:
        message.rerun_script.page_script_hash = self._page
        await self._socket.send(message.SerializeToString())

    async def _read(self) -> None:
        async for data in self._socket:
            if isinstance(data, bytes):
                self._watch(data)
                self._take(ForwardMsg.FromString(data))

    def _take(self, message: ForwardMsg) -> None:
        match message.WhichOneof("type"):
            case "new_session":
                self._page = message.new_session.page_script_hash
            case "delta" if message.delta.HasField("new_element"):
                self._take_element(message.delta.new_element)
            case "auto_rerun":
                self._tick(message.auto_rerun.fragment_id, message.auto_rerun.interval)
            case "stop_auto_rerun":
                for fragment in message.stop_auto_rerun.fragment_ids:
                    self._stop(fragment)
            case "script_finished" if self._question:
                self._ready.set()

    def _take_element(self, element: Any) -> None:
        if element.HasField("chat_input"):
            self._question = element.chat_input.id
        elif element.HasField("bidi_component") and element.bidi_component.component_name.endswith("pa_answer"):
            self._take_card(json.loads(element.bidi_component.json))

    def _take_card(self, card: dict[str, Any]) -> None:
        now = time.monotonic()
        _, passages, done = self._cards.get(card["question"], (None, 0.0, 0.0))
        shown = card["evidence"] or card["blocks"] or card["state"] == "done"
        self._cards[card["question"]] = (
            card,
            passages or (now if shown else 0.0),
            done or (now if card["state"] == "done" else 0.0),
        )
        self._changed.set()
        if card["state"] == "done":
            for fragment in [name for name in self._tasks if name != READER]:
                self._stop(fragment)

    def _tick(self, fragment: str, seconds: float) -> None:
        self._stop(fragment)
        self._tasks[fragment] = asyncio.create_task(self._rerun(fragment, seconds))

    def _stop(self, fragment: str) -> None:
        task = self._tasks.pop(fragment, None)
        if task:
            task.cancel()

    async def _rerun(self, fragment: str, seconds: float) -> None:
        # As the browser does: at its own pace, whether or not the last run has come back.
        with suppress(Exception):
            while True:
                await asyncio.sleep(seconds)
                message = BackMsg()
                message.rerun_script.fragment_id = fragment
                message.rerun_script.is_auto_rerun = True
                await self._send(message)
