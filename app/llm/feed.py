"""Runs a model's stream beside the caller, so that waiting for it can end at any moment."""

import asyncio
import queue
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine, Iterator
from concurrent.futures import Future
from typing import Any, Protocol

from langchain_core.messages import BaseMessageChunk

Item = BaseMessageChunk | BaseException | None
"""A chunk, the error that ended the stream, or None at its end."""
Chunks = Callable[[], AsyncIterator[BaseMessageChunk]]


class Feed(Protocol):
    """A stream that is being read somewhere else."""

    def next(self, timeout: float) -> Item:
        """The next item; raises queue.Empty if none comes in `timeout` seconds."""

    def cancel(self) -> None:
        """Stop reading; harmless at any time."""


class ThreadFeed:
    """Reads a blocking iterator in a daemon thread.

    The thread can't be interrupted while it waits for the network: it ends with the client's own read time-out.
    """

    def __init__(self, chunks: Callable[[], Iterator[BaseMessageChunk]]) -> None:
        self._items: queue.SimpleQueue[Item] = queue.SimpleQueue()
        self._cancelled = threading.Event()
        threading.Thread(target=self._read, args=(chunks,), name="llm-stream", daemon=True).start()

    def next(self, timeout: float) -> Item:
        """See Feed."""
        return self._items.get(timeout=max(0.0, timeout))

    def cancel(self) -> None:
        """See Feed."""
        self._cancelled.set()

    def _read(self, chunks: Callable[[], Iterator[BaseMessageChunk]]) -> None:
        try:
            for chunk in chunks():
                if self._cancelled.is_set():
                    return
                self._items.put(chunk)
            self._items.put(None)
        except BaseException as error:  # noqa: BLE001  # handed to the caller, who raises it
            self._items.put(error)


class LoopThread:
    """One daemon thread with an event loop, shared by the streams of a backend."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, name="llm-loop", daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, None]) -> None:
        """Do `work` in the loop and wait for it."""
        asyncio.run_coroutine_threadsafe(work, self.loop).result(timeout=5)

    def close(self) -> None:
        """Stop the loop and wait for its thread."""
        if self.loop.is_closed():
            return
        self.run(self.loop.shutdown_asyncgens())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(timeout=5)
        if not self._thread.is_alive():
            self.loop.close()


class TaskFeed:
    """Reads an asynchronous iterator as a task; cancelling closes its connection at once.

    `connect` may block (it starts servers), so it has a thread of its own; it returns what opens the stream.
    """

    def __init__(self, loop: LoopThread, connect: Callable[[], Chunks]) -> None:
        self._items: queue.SimpleQueue[Item] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._cancelled = False
        self._task: Future[None] | None = None
        threading.Thread(target=self._start, args=(loop, connect), name="llm-connect", daemon=True).start()

    def next(self, timeout: float) -> Item:
        """See Feed."""
        return self._items.get(timeout=max(0.0, timeout))

    def cancel(self) -> None:
        """See Feed."""
        with self._lock:
            self._cancelled = True
            if self._task:
                self._task.cancel()

    def _start(self, loop: LoopThread, connect: Callable[[], Chunks]) -> None:
        try:
            chunks = connect()
        except BaseException as error:  # noqa: BLE001  # handed to the caller, who raises it
            self._items.put(error)
            return
        with self._lock:
            if not self._cancelled:
                self._task = asyncio.run_coroutine_threadsafe(self._read(chunks), loop.loop)

    async def _read(self, chunks: Chunks) -> None:
        try:
            stream = chunks()
            try:
                async for chunk in stream:
                    self._items.put(chunk)
            finally:
                if isinstance(stream, AsyncGenerator):
                    await stream.aclose()  # closes the connection now, not when the generator is collected
            self._items.put(None)
        except asyncio.CancelledError:
            raise
        except BaseException as error:  # noqa: BLE001  # handed to the caller, who raises it
            self._items.put(error)
