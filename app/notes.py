"""What an answer says besides its statements: sentences of the program's own, each from what was found."""

from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from app.clock import time_notes
from app.evidence import Selection
from app.procedure import procedures
from app.question import Question
from app.retrieve import Filters, Retrieval
from app.statement import Statement
from app.unit import Unit
from ingest.index import Index


def refusal(problem: str, retrieval: Retrieval, filters: Filters) -> str:
    """Why nothing is answered, and what was searched."""
    on = filters.as_of or date.today()
    limits = ", ".join(
        f"{name} {'/'.join(values)}"
        for name, values in (("rail", filters.rails), ("region", filters.regions), ("type", filters.doc_types))
        if values
    )
    searched = f"{retrieval.documents_searched} documents in force on {on:%d %b %Y}" + (
        f" ({limits})" if limits else ""
    )
    return f"The procedures don't say: {problem}. Searched: {searched}."


def which_is_meant(meanings: Sequence[str]) -> tuple[str, ...]:
    """The one question back, where what was asked can mean several things."""
    return (
        (f"Which do you mean: {', or '.join(meanings)}? Ask again with it for a narrower answer.",) if meanings else ()
    )


def disagreement(statements: Sequence[Statement]) -> tuple[str, ...]:
    """What to do about two procedures in force that contradict each other: their owners decide, not the reader."""
    sides = [statement.citations[0] for statement in statements if statement.disagrees]
    if not sides:
        return ()
    owners = " and ".join(dict.fromkeys(side.owner for side in sides if side.owner)) or "their owners"
    documents = " and ".join(dict.fromkeys(f"{side.doc_id} version {side.version}" for side in sides))
    return (f"{documents} are both in force and differ here. Ask {owners} which holds before you act.",)


def left_out(units: Sequence[Unit], index: Index) -> tuple[str, ...]:
    """That a procedure has more steps than stand here: nobody is to follow some of them for the whole."""
    short = [steps for steps in procedures(units, index) if steps.partly]
    named = ", ".join(dict.fromkeys(f"“{steps.quoted[0].heading}” has {steps.total}" for steps in short))
    return (f"Steps are left out here: {named}. Open the source for all of them.",) if short else ()


def better_out_of_force(retrieval: Retrieval) -> tuple[str, ...]:
    """That a version which is not in force would have come first."""
    hit = retrieval.out_of_force
    if hit is None or any(hit.doc_id == other.doc_id for other in retrieval.hits[:1]):
        return ()
    return (
        f"A closer match stands in {hit.doc_id} version {hit.version}, which is not in force on the date asked for.",
    )


def time_left(
    asked: Question, selection: Selection, statements: Sequence[Statement], zone: ZoneInfo | None, as_of: date | None
) -> tuple[str, ...]:
    """Where a time was asked for: the stated one on the reader's clock, and how long is left today."""
    now = datetime.now(zone).astimezone(zone)
    if not statements or asked.wants != "time" or as_of not in (None, now.date()):
        return ()
    best = max(selection.chosen, key=lambda unit: unit.score)
    shown = (
        s.text for s in statements if (s.citations[0].chunk_id, s.citations[0].quote) == (best.chunk_id, best.text)
    )
    return time_notes(list(shown), now)
