"""Recorded answers, read back from the ledger as they were, for those who may read what they cite."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime

from pydantic import TypeAdapter, ValidationError

from app.access import Reader, may_read
from app.answer import Answer, Citation, Filters, Statement
from app.ledger import Entry, Ledger
from ingest.errors import LedgerError
from ingest.index import Index
from ingest.register import Record

# One text for all: whoever may not read an answer must not learn that there is one.
REFUSED = "There is no such answer, or it cites a document that you may not read."
_ANSWER, _FILTERS = TypeAdapter(Answer), TypeAdapter(Filters)


@dataclass(frozen=True, slots=True)
class Recorded:
    """An answer as it was given, with its question masked; `asker` is a pseudonym."""

    answer: Answer
    filters: Filters
    asked_at: datetime
    asker: str


def read_record(entry: Entry) -> Recorded:
    """The answer in a ledger entry; raises LedgerError if it was written in another form."""
    try:
        answer = _ANSWER.validate_python(entry.body["answer"])
        filters = _FILTERS.validate_python(entry.body["filters"])
        at = datetime.fromisoformat(entry.body["at"])
    except (ValidationError, KeyError, ValueError) as error:
        raise LedgerError(f"the answer {entry.id} was recorded in a form that can't be shown") from error
    return Recorded(replace(answer, id=entry.id), filters, at, str(entry.body.get("reader", "")))


def find_answer(ledger: Ledger, answer_id: str, index: Index, reader: Reader) -> Recorded:
    """The recorded answer with this id; raises LedgerError with the same words for "unknown" and "not for you"."""
    try:
        entry = ledger.get(answer_id)
        recorded = read_record(entry) if entry.kind == "answer" else None
    except LedgerError:
        recorded = None
    if recorded is None or not may_see(recorded.answer, index, reader):
        raise LedgerError(REFUSED)
    return replace(recorded, answer=_without_hints(recorded.answer, index, reader))


def may_see(answer: Answer, index: Index, reader: Reader) -> bool:
    """Whether `reader` may read every document that the answer shows, by the register of today.

    A document that the library no longer has in any version counts as closed: nothing says any more who may read it.
    """
    return all(_readable(doc_id, version, index, reader) for doc_id, version in _shown(answer))


def outdated(answer: Answer, index: Index, today: date) -> list[str]:
    """One sentence for each cited document that has another version in force by now, or none."""
    cited = dict.fromkeys((citation.doc_id, citation.version) for citation in _citations(answer.statements))
    return [line for doc_id, version in cited if (line := _outdated(doc_id, version, index, today))]


def _outdated(doc_id: str, version: str, index: Index, today: date) -> str:
    records = _versions(doc_id, index)
    name = f"{doc_id} {_version(version)}".strip()
    own = next((record for record in records if record.version == version), None)
    if own and own.in_force(today):
        return ""
    successor = next((record for record in records if record.in_force(today)), None)
    if successor:
        since = f" since {_day(successor.effective_from)}" if successor.effective_from else ""
        return f"{name} has been superseded by {_version(successor.version)}, in force{since}.".replace("  ", " ")
    if own is None:
        return f"{name} is no longer in the library."
    return f"{name} is not in force today."


def _shown(answer: Answer) -> set[tuple[str, str]]:
    statements = [*answer.statements, *answer.withheld, *([answer.escalation] if answer.escalation else [])]
    # Passages that were found and not cited are shown only where nothing was answered.
    hits = answer.hits if answer.abstained else ()
    return {(c.doc_id, c.version) for c in _citations(statements)} | {(hit.doc_id, hit.version) for hit in hits}


def _citations(statements: Iterable[Statement]) -> Iterable[Citation]:
    return (citation for statement in statements for citation in statement.citations)


def _readable(doc_id: str, version: str, index: Index, reader: Reader) -> bool:
    records = _versions(doc_id, index)
    exact = [record for record in records if record.version == version] or records
    return bool(exact) and all(may_read(reader, record.readers) for record in exact)


def _versions(doc_id: str, index: Index) -> list[Record]:
    return [document.record for document in index.documents if document.record.doc_id == doc_id]


def _without_hints(answer: Answer, index: Index, reader: Reader) -> Answer:
    """The answer without notes that name a document which this reader may not read."""
    closed = {d.record.doc_id for d in index.documents if not may_read(reader, d.record.readers)}
    return replace(answer, notes=tuple(note for note in answer.notes if not any(doc in note for doc in closed)))


def _version(version: str) -> str:
    return f"v{version.removeprefix('v')}" if version else "a version without number"


def _day(day: date) -> str:
    return f"{day.day} {day:%b %Y}"
