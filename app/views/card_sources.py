"""The sources of an answer as plain data for the answer component."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from app.answer import Answer, Citation, Hit, Statement
from app.views.markup import say_quote, shorten
from app.views.references import Numbering, say_document, say_effective, say_place
from ingest.index import Index


def list_references(numbering: Numbering, listed: Sequence[Statement], index: Index) -> list[dict[str, Any]]:
    """The sources in the order of their numbers; those of `listed` statements stand in the list below the answer."""
    # Verbatim statements are their quotes: once is enough.
    quoted = any(s.text != c.quote for s in listed for c in s.citations if s.kind != "row")
    cited = {number for statement in listed for number in numbering.marks(statement)}
    today = date.today()
    return [
        {
            "n": number,
            "title": citation.title,
            "document": say_document(citation.doc_id, citation.version),
            "where": say_place(citation),
            "effective": say_effective(citation),
            "short": shorten(say_quote(citation.quote)),
            "quoted": quoted,
            "flag": _flag(citation, index, today),
            "listed": number in cited,
        }
        for number, citation in enumerate(numbering.citations, 1)
    ]


def _flag(citation: Citation, index: Index, today: date) -> str:
    if index.row(citation.chunk_id) is None:
        return "No longer in the library"
    document = index.document_of_chunk(citation.chunk_id)
    if document.stale:
        return "Newer file unreadable"
    return "" if document.record.in_force(today) else "Not in force today"


def nearest_hits(answer: Answer | None, limit: int = 3) -> list[Hit]:
    """The best passages of a question that was not answered."""
    return list(answer.hits[:limit]) if answer and answer.abstained else []


def list_closest(answer: Answer | None) -> list[dict[str, Any]]:
    """These passages as the card shows them."""
    return [
        {
            "n": number,
            "title": hit.title,
            "document": say_document(hit.doc_id, hit.version),
            "where": say_place(hit),
            "short": shorten(say_quote(hit.text), 200),
        }
        for number, hit in enumerate(nearest_hits(answer))
    ]
