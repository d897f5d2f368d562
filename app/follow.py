"""Where the best sentence only says in which section the answer stands, that section is quoted, too."""

import re
from collections.abc import Sequence
from dataclasses import replace

from app.likeness import QuestionVectors
from app.question import Question
from app.rank_units import rank_units
from app.retrieve import Hit
from app.unit import Unit
from ingest.chunk import Chunk
from ingest.index import Index

MOST_STEPS = 8
MOST_OTHERS = 3

_PLACE = r"(?:(?P<doc>[A-Z]{2,}(?:-[A-Z0-9]+)+)[,:]? (?:in )?)?[Ss]ections? (?P<number>\d+(?:\.\d+)*)"
# "is treated as in section 6.3", "see GDE-1, section 4"; and a cell or sentence that says nothing but the place
_SENDS = re.compile(
    rf"\b(?:as (?:described |set out |laid down )?(?:in|by|under)|see|go to|continue (?:with|in|at)|follow) {_PLACE}"
)
_ONLY_A_PLACE = re.compile(rf"(?:^|\| |[.;,] ){_PLACE}\s*(?:[.;|]|$)")


def follow(best: Unit, hits: Sequence[Hit], question: Question, index: Index, vector: QuestionVectors) -> list[Unit]:
    """The steps, or else the best few units, of the section to which the best unit sends its reader.

    Only documents that the reader may see and that are in force are followed: that of the unit, and those of the hits.
    """
    found = _SENDS.search(best.text) or (best.kind == "row" and _ONLY_A_PLACE.search(best.text)) or None
    hit = _place(found, best.hit, hits, index) if found else None
    if hit is None:
        return []
    units = [unit for unit in rank_units(question, [hit], index, vector) if not unit.hostile]
    steps = [unit for unit in units if unit.kind == "step"][:MOST_STEPS]
    chosen = steps or units[:MOST_OTHERS]
    return sorted(chosen, key=lambda unit: (hit.chunk_ids.index(unit.chunk_id), unit.start))


def _place(found: re.Match[str], here: Hit, hits: Sequence[Hit], index: Index) -> Hit | None:
    """The section with the number, in the document named or, where none is named, in this one."""
    known = any(document.record.doc_id == found["doc"] for document in index.documents)  # else it is a queue, a form...
    among = next((hit for hit in hits if hit.doc_id == found["doc"]), None) if known else here
    if among is None:
        return None
    row = index.row(among.chunk_id)
    chunks = index.document_chunks(int(index.document_of[row])) if row is not None else ()
    section = [chunk for chunk in chunks if _has_number(chunk, found["number"])]
    if not section or here.chunk_id in (chunk.id for chunk in section):
        return None
    return replace(
        among,
        section=" > ".join(section[0].heading_path),
        page=section[0].page,
        page_label=index.document_of_chunk(section[0].id).page_label(section[0].page),
        text="\n".join(chunk.text for chunk in section),
        chunk_id=section[0].id,
        chunk_ids=tuple(chunk.id for chunk in section),
    )


def _has_number(chunk: Chunk, number: str) -> bool:
    return "".join(chunk.heading_path[-1:]).split(" ", 1)[0].rstrip(".") == number
