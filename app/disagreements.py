"""Where two procedures in force contradict each other, as far as a reader may read both."""

import threading
from dataclasses import dataclass
from datetime import date

from app.access import Reader, may_read
from app.statement import Citation
from ingest.conflicts import Side, find_conflicts
from ingest.index import Index

MOST_PASSAGES = 20_000  # beyond these the search takes longer than a page may: python -m ingest conflicts does it


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Two quotes that name different values of a kind (time, amount, period) for what seems to be the same thing."""

    kind: str
    first: Citation
    second: Citation


class Disagreements:
    """Finds them once a day and generation for all readers of the same groups; thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._of: tuple[str, date] | None = None
        self._found: dict[frozenset[str], tuple[Disagreement, ...]] = {}

    def find(self, index: Index, reader: Reader, on: date) -> tuple[Disagreement, ...] | None:
        """Those between documents in force that `reader` may read, the surest first; None in too large a library."""
        if len(index) > MOST_PASSAGES:
            return None
        with self._lock:
            if self._of != (index.generation, on):
                self._of, self._found = (index.generation, on), {}
            if reader.groups not in self._found:
                conflicts = find_conflicts(index, on, lambda document: may_read(reader, document.record.readers))
                self._found[reader.groups] = tuple(
                    Disagreement(one.kind, _cite(one.first, index), _cite(one.second, index)) for one in conflicts
                )
            return self._found[reader.groups]


def _cite(side: Side, index: Index) -> Citation:
    document, chunk = index.document_of_chunk(side.chunk_id), index.chunk(side.chunk_id)
    page = chunk.page_at(side.start) if chunk else None
    record = document.record
    return Citation(
        doc=record.file,
        doc_id=record.doc_id,
        version=record.version,
        title=record.title,
        section=" > ".join(chunk.heading_path) if chunk else "",
        page=page,
        page_label=document.page_label(page),
        quote=side.text,
        chunk_id=side.chunk_id,
        start=side.start,
        end=side.start + len(side.text),
        effective_from=record.effective_from,
        owner=record.owner,
    )
