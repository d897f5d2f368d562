"""Numbers for the citations of an answer, and how a citation is named."""

from collections.abc import Iterable

from app.answer import Citation, Hit, Statement
from app.views.markup import say_date


class Numbering:
    """Gives each quoted passage one number, in order of first appearance."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[str, int, int], int] = {}
        self.citations: list[Citation] = []

    def marks(self, statement: Statement) -> list[int]:
        """The numbers of a statement's citations, each once."""
        return sorted({self.number(citation) for citation in statement.citations})

    def number(self, citation: Citation) -> int:
        """The number of one citation; the first time it is seen it gets the next."""
        key = (citation.chunk_id, citation.start, citation.end)
        if key not in self._numbers:
            self.citations.append(citation)
            self._numbers[key] = len(self.citations)
        return self._numbers[key]

    @classmethod
    def of(cls, *groups: Iterable[Statement]) -> "Numbering":
        """Numbers for statements in the order they are shown."""
        numbering = cls()
        for statement in (statement for group in groups for statement in group):
            numbering.marks(statement)
        return numbering


def say_page(page: int | None, label: str) -> str:
    """p. 4, or with another printed label: p. 4 (printed 3-2); "" where there are no pages."""
    if page is None:
        return ""
    return f"p. {page}" + (f" (printed {label})" if label and label != str(page) else "")


def say_document(doc_id: str, version: str) -> str:
    """SOP-FW-012 v3.1"""
    return " ".join(part for part in (doc_id, f"v{version.removeprefix('v')}" if version else "") if part)


def say_where(source: Citation | Hit) -> str:
    """Section and page."""
    return ", ".join(part for part in (source.section, say_page(source.page, source.page_label)) if part)


def say_place(source: Citation | Hit) -> str:
    """The innermost heading and page, where room is short."""
    return ", ".join(p for p in (source.section.rpartition(" > ")[2], say_page(source.page, source.page_label)) if p)


def say_generation(name: str) -> str:
    """Index 12, from 000012-0a1b2c3d4e5f6a7b."""
    return f"Index {name.partition('-')[0].lstrip('0')}" if name[:6].isdecimal() else f"Index {name}"


def say_effective(citation: Citation) -> str:
    """effective 1 Mar 2025, or ""."""
    return f"effective {say_date(citation.effective_from)}" if citation.effective_from else ""


def say_reference(citation: Citation) -> str:
    """The citation in one line, as it stands under a copied answer."""
    facts = (
        say_document(citation.doc_id, citation.version),
        citation.title,
        say_where(citation),
        say_effective(citation),
    )
    return ", ".join(fact for fact in facts if fact)
