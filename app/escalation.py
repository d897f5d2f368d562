"""Whom to ask where the procedures don't answer: what a near passage says, and the owner of the nearest procedure."""

import re

from app.evidence import Selection
from app.unit import Unit
from ingest.index import Index

NEAR = 0.36  # cosine; what is farther away is about something else, and so are its owner and its escalation
_ESCALATES = re.compile(r"\bescalat(?:e[ds]?|ion)\b.{0,60}\b(?:to|with)\b", re.IGNORECASE)


def find_escalation(selection: Selection) -> Unit | None:
    """The best unit near the question that says to whom to escalate, or None."""
    near = (unit for unit in selection.ranked if unit.hit.similarity >= NEAR and not unit.hostile)
    return next((unit for unit in near if _ESCALATES.search(unit.text)), None)


def owner_to_ask(selection: Selection, index: Index) -> tuple[str, ...]:
    """One sentence that names the owner of the nearest procedure; nothing where none is near."""
    nearest = max(selection.closest, key=lambda hit: hit.similarity, default=None)
    if nearest is None or nearest.similarity < NEAR:
        return ()
    owner = index.document_of_chunk(nearest.chunk_id).record.owner
    return (f"The closest procedure is {nearest.doc_id}, {nearest.title}. Ask its owner, {owner}.",) if owner else ()
