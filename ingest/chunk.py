"""Document -> Chunk: by heading and step, tables whole, stable ids, heading path as context."""

from dataclasses import dataclass

from ingest.document import Span


@dataclass(frozen=True, slots=True)
class Part:
    """The characters `start` to `end` of a chunk come from one block on `page`, `anchor` (HTML id or "")."""

    start: int
    end: int
    page: int | None
    kind: str
    anchor: str = ""


@dataclass(frozen=True, slots=True)
class Chunk:
    """A passage that is embedded and retrieved whole; `text` is verbatim, blocks joined by a line break.

    `id` depends on the document id, version, section and text only. `section_id` names the parent section,
    whose chunks in order of `ordinal` (position in the document) give the section's text.
    """

    id: str
    doc_id: str
    section_id: str
    ordinal: int
    kind: str
    heading_path: tuple[str, ...]
    text: str
    page: int | None
    parts: tuple[Part, ...]
    spans: tuple[Span, ...]
