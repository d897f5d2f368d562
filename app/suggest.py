"""What the library offers a reader: questions to begin with, questions to go on with, and values to filter by."""

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import groupby, zip_longest

from app.access import Reader, may_read
from app.answer import Answer
from app.source_page import CELL
from ingest.chunk import Chunk, Part
from ingest.index import Index
from ingest.register import Record

FEWEST_STEPS = 4
FEWEST_ROWS = 3
LONGEST = 70  # characters of a heading that still reads as a question
_CODE = re.compile(r"[A-Z]{1,3}\d{2}")
_TIME = re.compile(r"\b\d{1,2}[:.]\d\d\b")
_ASIDE = re.compile(r"escalat|exception", re.IGNORECASE)
_ABOUT_ITSELF = re.compile(r"\b(?:purpose|scope|roles?|records?|history|changes|related|definitions?)\b", re.IGNORECASE)
_NUMBER = re.compile(r"^(?:(?:section|chapter|part|table|figure|annex)\s+)?\d[\d.]*[.):]?\s*[-–—:]?\s+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A question to offer, and the title of the document that answers it."""

    question: str
    title: str


def suggest_questions(index: Index, reader: Reader, on: date, each: int = 2) -> list[Suggestion]:
    """At most `each` questions of a kind, from documents in force on the day that `reader` may read."""
    open_ones = [
        kinds
        for document, kinds in zip(index.documents, _offers(index), strict=True)
        if document.record.in_force(on) and may_read(reader, document.record.readers)
    ]
    by_kind = ([one for kinds in open_ones for one in kinds[kind]] for kind in range(len(_makers())))
    return [suggestion for found in by_kind for suggestion in _spread(found, each)]


@lru_cache(maxsize=2)
def _offers(index: Index) -> tuple[tuple[tuple[Suggestion, ...], ...], ...]:
    """What each document offers, by kind; made once for everybody, because it reads every passage."""
    offers = []
    for number, document in enumerate(index.documents):
        title, chunks = document.record.title, index.document_chunks(number)
        offers.append(tuple(tuple(Suggestion(text, title) for text in make(title, chunks)) for make in _makers()))
    return tuple(offers)


def _makers() -> tuple[Callable[[str, Sequence[Chunk]], Iterator[str]], ...]:
    return (_on_steps, _on_codes, _on_times, _on_escalation)


def follow_ups(index: Index, reader: Reader, answer: Answer, on: date, limit: int = 3) -> list[Suggestion]:
    """At most `limit` questions on other sections of the documents that an answer cites.

    Documents that `reader` may not read, or that are not in force on the day, offer nothing.
    """
    cited = dict.fromkeys(citation.doc for statement in answer.statements for citation in statement.citations)
    known = {citation.chunk_id for statement in answer.statements for citation in statement.citations}
    numbers = {document.record.file: number for number, document in enumerate(index.documents)}
    groups: list[list[Suggestion]] = []
    for file in cited:
        record = index.documents[numbers[file]].record if file in numbers else None
        if record and record.in_force(on) and may_read(reader, record.readers):
            chunks = _chunks_of(index, numbers[file])
            groups.append([Suggestion(question, record.title) for question in _next_questions(record, chunks, known)])
    return list(dict.fromkeys(_in_turn(groups)))[:limit]


@lru_cache(maxsize=64)
def _chunks_of(index: Index, number: int) -> list[Chunk]:
    # The page asks again with every redraw.
    return list(index.document_chunks(number))


def _next_questions(record: Record, chunks: Sequence[Chunk], known: Collection[str]) -> Iterator[str]:
    """Questions on the sections after the cited ones, then on those before; steps first, exceptions last."""
    sections = [(path, list(members)) for path, members in groupby(chunks, key=lambda chunk: chunk.heading_path)]
    seen = [at for at, (_, members) in enumerate(sections) if any(chunk.id in known for chunk in members)]
    last = seen[-1] if seen else -1
    order = [*range(last + 1, len(sections)), *range(last)]
    asides = []
    for path, members in (sections[at] for at in order if at not in seen):
        question = _section_question(record.title, path, members)
        if question and _ASIDE.search(path[-1]):
            asides.append(question)
        elif question:
            yield question
    yield from asides


def _section_question(title: str, path: tuple[str, ...], members: Sequence[Chunk]) -> str:
    heading = _NUMBER.sub("", path[-1]).strip(" .:") if path else ""
    about = title.partition(" - ")[0]
    if not heading or len(heading) > LONGEST or len(about) > LONGEST or heading == title or heading.isupper():
        return ""
    if _ASIDE.search(heading):
        exceptions = f"{about}: which exceptions are there?"
        return exceptions if "escalat" not in heading.lower() else f"{about}: who do I escalate to?"
    if _ABOUT_ITSELF.search(heading):
        return ""
    named = f"{about}, {heading}"
    steps = sum(part.kind == "step" for chunk in members for part in chunk.parts)
    if steps >= FEWEST_STEPS - 1:
        return f"{named}: what are the steps?"
    if any(_rows_with_times(chunk, part) >= FEWEST_ROWS for chunk, part in _tables(members)):
        return f"{named}: which times apply?"
    return ""


def _in_turn(groups: Sequence[Sequence[Suggestion]]) -> Iterator[Suggestion]:
    """The first of each group, then the second of each..."""
    return (one for rank in zip_longest(*groups) for one in rank if one)


def filter_values(index: Index, reader: Reader) -> dict[str, list[str]]:
    """Rails, regions and document types of what `reader` may read, each sorted."""
    records = [d.record for d in index.documents if may_read(reader, d.record.readers)]
    return {
        "rails": sorted({rail for record in records for rail in record.rails}),
        "regions": sorted({region for record in records for region in record.regions}),
        "doc_types": sorted({record.doc_type for record in records if record.doc_type}),
    }


def _on_steps(title: str, chunks: Sequence[Chunk]) -> Iterator[str]:
    if len(title) <= LONGEST and sum(part.kind == "step" for chunk in chunks for part in chunk.parts) >= FEWEST_STEPS:
        yield f"{title}: what are the steps?"


def _on_codes(_title: str, chunks: Sequence[Chunk]) -> Iterator[str]:
    for chunk, part in _tables(chunks):
        codes = [code for code in _column(chunk, part) if _CODE.fullmatch(code)]
        if len(codes) >= FEWEST_ROWS:
            yield f"What does {codes[len(codes) // 2]} mean, and what do I do?"
            return


def _on_times(title: str, chunks: Sequence[Chunk]) -> Iterator[str]:
    for chunk, part in _tables(chunks):
        heading = _NUMBER.sub("", chunk.heading_path[-1]).strip(" .:") if chunk.heading_path else ""
        if (
            _rows_with_times(chunk, part) >= FEWEST_ROWS
            and " " in heading
            and len(heading) <= LONGEST
            and not heading.isupper()
        ):
            yield f"{title.partition(' - ')[0]}, {heading}: which times apply?"
            return


def _tables(chunks: Sequence[Chunk]) -> Iterator[tuple[Chunk, Part]]:
    return ((chunk, part) for chunk in chunks for part in chunk.parts if part.kind == "table")


def _on_escalation(title: str, chunks: Sequence[Chunk]) -> Iterator[str]:
    about = title.partition(" - ")[0]
    if len(about) <= LONGEST and any(
        "escalation" in path[-1].lower() for chunk in chunks if (path := chunk.heading_path)
    ):
        yield f"{about}: who do I escalate to?"


def _rows_with_times(chunk: Chunk, part: Part) -> int:
    return sum(bool(_TIME.search(row)) for row in chunk.text[part.start : part.end].split("\n"))


def _column(chunk: Chunk, part: Part) -> list[str]:
    rows = chunk.text[part.start : part.end].split("\n")[1:]
    return [row.split(CELL)[0].strip() for row in rows]


def _spread(items: Sequence[Suggestion], limit: int) -> list[Suggestion]:
    """At most `limit` of the items, from all over the list."""
    return [items[i * len(items) // limit] for i in range(limit)] if len(items) > limit else list(items)
