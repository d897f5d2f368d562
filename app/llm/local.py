"""Models behind an OpenAI-compatible URL: Ollama, vLLM, llama-server, or the embedded server."""

import os
import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import httpx2
import openai
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import BaseMessage
from langchain_openai import ChatOpenAI
from pydantic import SecretStr

from app.llm.backend import ChatBackend, Limits
from app.llm.fault import Fault
from app.llm.feed import Chunks, Feed, LoopThread, TaskFeed
from app.llm.openai_faults import explain, explain_stop
from app.llm.server import EmbeddedServer, Endpoint, ServerSpec
from app.settings import Settings
from ingest.errors import LLMError, ModelError
from ingest.models import QWEN, find_model

ANSWER_S = 120.0
STALL_SHARE = 0.25  # of the time for the answer
CONNECT_S = 3.0


class LocalLLM(ChatBackend):
    """A model behind a URL, or behind the embedded server where there is none."""

    def __init__(self, settings: Settings, name: str, model_id: str, server: EmbeddedServer | None = None) -> None:
        super().__init__(name, model_id, settings)
        answer_s = settings.llm_timeout_s or ANSWER_S
        self.limits = Limits(answer_s, stall_s=answer_s * STALL_SHARE)
        self._settings = settings
        self._server = server
        self._lock = threading.Lock()
        self._loop: LoopThread | None = None
        self._connected: tuple[Endpoint, ChatOpenAI] | None = None

    @property
    def chat_model(self) -> BaseChatModel:
        """See LLM; starts the embedded server."""
        return self._connect()

    @property
    def structured(self) -> bool:
        """See LLM."""
        return True

    def warm(self, messages: Sequence[BaseMessage] = ()) -> None:
        """See LLM."""
        model = self._connect()
        if messages:
            try:
                model.invoke(list(messages), extra_body={"max_tokens": 1})
            except (openai.OpenAIError, httpx2.HTTPError) as error:
                raise self._explain(error).error() from error

    def close(self) -> None:
        """See LLM."""
        with self._lock:
            if self._connected:
                self._disconnect(self._connected[1])
            if self._loop:
                self._loop.close()
            self._connected = self._loop = None
        if self._server:
            self._server.close()

    def _open(self, messages: list[BaseMessage], schema: Mapping[str, Any] | None) -> Feed:
        body: dict[str, Any] = {"max_tokens": self._settings.llm_max_tokens}
        if schema:
            bound = {"name": "answer", "schema": dict(schema), "strict": True}
            body["response_format"] = {"type": "json_schema", "json_schema": bound}

        def connect() -> Chunks:
            model = self._connect()
            return lambda: model.astream(messages, extra_body=body)

        return TaskFeed(self._running_loop(), connect)

    def _connect(self) -> ChatOpenAI:
        """The chat model for the endpoint of now: a server that was started again has another."""
        endpoint = self._server.ensure() if self._server else self._remote()
        with self._lock:
            if self._connected is None or self._connected[0] != endpoint:
                if self._connected:
                    self._disconnect(self._connected[1])
                self._connected = (endpoint, self._make_model(endpoint))
            return self._connected[1]

    def _remote(self) -> Endpoint:
        return Endpoint(self._settings.local_url, self._settings.local_api_key.get_secret_value())

    def _make_model(self, endpoint: Endpoint) -> ChatOpenAI:
        # Proxies of the environment are for the world outside, not for this machine.
        outside = urlsplit(endpoint.url).hostname not in ("127.0.0.1", "::1", "localhost")
        timeout = openai.Timeout(self.limits.answer_s, connect=CONNECT_S)
        client = openai.DefaultHttpxClient(trust_env=outside)
        key = endpoint.key or "none"  # the client insists on one
        url = endpoint.url + ("/v1" if self._server else "")
        if not self._server and not self._settings.local_model:
            self.model_id = self._first_model(openai.OpenAI(base_url=url, api_key=key, http_client=client))
        return ChatOpenAI(
            model=self.model_id,
            base_url=url,
            api_key=SecretStr(key),
            temperature=self._settings.temperature,
            timeout=timeout,
            max_retries=1,
            stream_usage=True,
            stream_chunk_timeout=None,  # the feed's caller watches the clock
            http_client=client,
            http_async_client=openai.DefaultAsyncHttpxClient(trust_env=outside),
        )

    def _first_model(self, client: openai.OpenAI) -> str:
        try:
            models = client.with_options(timeout=CONNECT_S, max_retries=1).models.list().data
        except (openai.OpenAIError, httpx2.HTTPError) as error:
            raise self._explain(error).error() from error
        if not models:
            raise LLMError(f"{self.name} offers no model", hint="set APP_LOCAL_MODEL", kind="refused")
        return str(models[0].id)

    def _disconnect(self, model: ChatOpenAI) -> None:
        model.root_client.close()
        if self._loop:
            self._loop.run(model.root_async_client.close())

    def _running_loop(self) -> LoopThread:
        with self._lock:
            self._loop = self._loop or LoopThread()
            return self._loop

    def _explain(self, error: BaseException) -> Fault:
        fault = explain(error, self.name)
        if fault.kind != "unreachable":
            return fault
        # A dead embedded server is started again by the next attempt.
        return (
            replace(fault, again=True)
            if self._server
            else replace(fault, hint=f"is it running at {self._settings.local_url}?")
        )

    def _stopped(self, reason: str, metadata: Mapping[str, Any]) -> Fault | None:
        return explain_stop(reason, self.name)

    def _check(self) -> str:
        if self._server:
            return self._server.problem()
        try:
            model = self._connect()
            model.root_client.with_options(timeout=CONNECT_S, max_retries=0).models.list()
        except LLMError as error:
            return str(error)
        except (openai.OpenAIError, httpx2.HTTPError) as error:
            return str(self._explain(error).error())
        return ""


def load_local(settings: Settings) -> LocalLLM:
    """The local backend of the settings; raises LLMError where the weights are missing."""
    if settings.local_url:
        host = urlsplit(settings.local_url).netloc
        return LocalLLM(settings, f"Local: {settings.local_model or 'model'} at {host}", settings.local_model)
    path, title = settings.local_gguf, ""
    if path is None:
        try:
            path, title = find_model(QWEN, settings.models), QWEN.title
        except ModelError as error:
            raise LLMError(error.message, hint=error.hint, kind="missing") from None
    spec = ServerSpec(path, settings.local_context, settings.local_threads or _cores())
    return LocalLLM(settings, f"Local: {title or path.stem}", path.name, EmbeddedServer(spec))


def _cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
