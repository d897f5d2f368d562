"""Document control: id, version, status, effective dates, owner, rail, region and readers of each file."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

Status = Literal["approved", "superseded", "withdrawn", "draft"]


@dataclass(frozen=True, slots=True)
class Record:
    """One version of one document, as the register states it.

    `file` is the path below the ingested folder, with "/" between parts. A version is in force on the days from
    `effective_from` to `effective_to` (both included, None is open) if it is approved or superseded; drafts and
    withdrawn documents never are. `rails`, `regions` and `readers` hold lower-case names; an empty `rails` or
    `regions` means it applies to all, an empty `readers` means everyone may read it.
    """

    doc_id: str
    file: str
    title: str
    version: str = ""
    status: Status = "approved"
    effective_from: date | None = None
    effective_to: date | None = None
    supersedes: str = ""
    owner: str = ""
    approver: str = ""
    approved_on: date | None = None
    doc_type: str = ""
    rails: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    readers: tuple[str, ...] = ()

    def in_force(self, on: date) -> bool:
        """Whether this version governs on the given day."""
        return (
            self.status in ("approved", "superseded")
            and (self.effective_from is None or self.effective_from <= on)
            and (self.effective_to is None or on <= self.effective_to)
        )
