"""Which person may fetch which file of the page: Streamlit gives a file to everybody who knows its address."""

import threading
from collections import OrderedDict

from app.access import Reader

REMEMBERED = 10_000  # downloads; Streamlit forgets a file when the page of its session is gone


class Downloads:
    """Files by id, each for the readers to whom a page offered it; thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._allowed: OrderedDict[tuple[str, Reader], None] = OrderedDict()

    def allow(self, file_id: str, reader: Reader) -> None:
        """This reader may fetch the file, as long as their role and groups stay what they are."""
        with self._lock:
            self._allowed[file_id, reader] = None
            while len(self._allowed) > REMEMBERED:
                self._allowed.popitem(last=False)

    def may_fetch(self, file_id: str, reader: Reader) -> bool:
        """Whether a page offered the file to exactly this reader."""
        with self._lock:
            return (file_id, reader) in self._allowed
