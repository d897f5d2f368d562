"""Procedures: the steps of one section, of which an answer quotes all or some."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from app.rank_units import section_steps
from app.unit import Unit
from ingest.index import Index


@dataclass(frozen=True, slots=True)
class Procedure:
    """The steps of a section that are `quoted`, one after the other, and how many it has in `total`."""

    quoted: tuple[Unit, ...]
    total: int

    @property
    def whole(self) -> bool:
        """Whether no step is left out; a single step is no procedure."""
        return len(self.quoted) == self.total > 1

    @property
    def partly(self) -> bool:
        """Whether several steps are quoted and others left out."""
        return 1 < len(self.quoted) < self.total


def procedures(units: Sequence[Unit], index: Index) -> list[Procedure]:
    """Each run of steps of one section among the units, in their order."""
    runs = (list(run) for _, run in groupby(units, key=lambda unit: _section(unit, index)))
    return [Procedure(tuple(run), len(section_steps(run[0], index))) for run in runs if run[0].kind == "step"]


def _section(unit: Unit, index: Index) -> str:
    """The section of a step; nothing for other units, which part the steps that they stand between."""
    chunk = index.chunk(unit.chunk_id) if unit.kind == "step" else None
    return chunk.section_id if chunk else ""
