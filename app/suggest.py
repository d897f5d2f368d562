"""Example questions taken from the library itself, so that each of them has an answer in it."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from app.access import Reader, may_read
from ingest.chunk import Chunk
from ingest.index import Index

LONGEST = 70  # characters of a heading that still reads as a question
_NUMBER = re.compile(
    r"^(?:(?:step|section|chapter|part|table|figure|annex|appendix)\s+)?(?:\d[\d.]*|[A-Z](?:\.\d+)+|[IVX]+\.)[.):]?\s*[-–—:]?\s+",
    re.IGNORECASE,
)
_GENERAL = re.compile(
    r"^(?:purpose|scope|introduction|overview|references?|definitions?|glossary|contents|revision|version|change|document|"
    r"owner|approval|background|summary|about|general|contacts?|related|appendix|annex)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A question to offer: `label` is what is shown above the document's `title`, `question` what is asked."""

    label: str
    title: str
    question: str


def suggest_questions(index: Index, reader: Reader, on: date, limit: int = 6) -> list[Suggestion]:
    """Questions on sections with steps, at most one a document; only documents in force that `reader` may read."""
    found: dict[str, Suggestion] = {}
    for number, document in enumerate(index.documents):
        record = document.record
        if record.in_force(on) and may_read(reader, record.readers):
            heading = _telling_heading(index.document_chunks(number))
            if heading:
                question = f"{record.title}, {heading}: what are the steps?"
                found.setdefault(heading.lower(), Suggestion(f"{heading}: what are the steps?", record.title, question))
    return _spread(list(found.values()), limit)


def _telling_heading(chunks: Iterable[Chunk]) -> str:
    """The heading above the document's longest run of steps, without its number, or ""."""
    steps: dict[str, int] = {}
    for chunk in chunks:
        heading = _NUMBER.sub("", chunk.heading_path[-1]).strip(" .:") if len(chunk.heading_path) > 1 else ""
        count = sum(part.kind == "step" for part in chunk.parts)
        if count and " " in heading and len(heading) <= LONGEST and not _GENERAL.match(heading):
            steps[heading] = steps.get(heading, 0) + count
    return max(steps, key=lambda heading: steps[heading], default="")


def _spread(items: Sequence[Suggestion], limit: int) -> list[Suggestion]:
    """At most `limit` of the items, from all over the list."""
    return [items[i * len(items) // limit] for i in range(limit)] if len(items) > limit else list(items)
