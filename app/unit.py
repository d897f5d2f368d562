"""A unit of evidence: one sentence, step or table row of a hit."""

from dataclasses import dataclass

from app.retrieve import Hit
from ingest.units import UnitKind


@dataclass(frozen=True, slots=True)
class Unit:
    """One sentence, step or table row: characters `start` to `end` of the chunk `chunk_id`, one of the hit's.

    `score` is comparable within one question only; `coverage` is the idf-weighted share of the question's terms
    in the unit, its headings and title; `meaning` the cosine of question and unit, `read` the same when both were read
    together (0 where they were not). `hostile` units stand in a
    paragraph that gives orders to the assistant; they are never chosen. `disagrees` names the document that gives
    another value for the same thing.
    """

    hit: Hit
    chunk_id: str
    kind: UnitKind
    start: int
    end: int
    text: str
    heading: str
    score: float = 0.0
    coverage: float = 0.0
    meaning: float = 0.0
    read: float = 0.0
    hostile: bool = False
    disagrees: str = ""

    @property
    def with_headings(self) -> str:
        """The text, then the headings and the title that say what it is about."""
        return f"{self.text}\n{self.hit.section}\n{self.hit.title}"

    @property
    def span(self) -> tuple[str, int, int]:
        """Where it stands; the same for a unit found by another hit or with another score."""
        return self.chunk_id, self.start, self.end
