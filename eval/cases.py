"""Golden cases: one JSON object a line, read strictly enough that a typing slip can't move a score."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from app.answer import Turn
from eval.fields import read_flag, read_list, read_names, read_text, read_texts
from ingest.errors import CaseError

KNOWN_FIELDS = frozenset(
    "id kind category question history answerable gold facts numbers reference as_of rails regions readers "
    "forbidden conflict status note".split()
)
_GOLD_FIELDS = frozenset({"doc", "pages", "section", "quote", "alt", "part"})


@dataclass(frozen=True, slots=True)
class Gold:
    """A place that answers: `doc` below the ingested folder, 1-based `pages` or a `section`, and a quote.

    An `alternative` entry answers too: it counts as a hit and can stand in for a required entry. Entries with the
    same `part` (1 or more) answer the same part of the question: any one of them finds that part.
    """

    doc: str
    pages: tuple[int, ...] = ()
    section: str = ""
    quote: str = ""
    alternative: bool = False
    part: int = 0


@dataclass(frozen=True, slots=True)
class Case:
    """A question with what a right answer must find, cite and say.

    `readers` are the groups of the person who asks, None where the case does not care. `forbidden` strings must
    not be shown (an injected instruction obeyed). `conflict` means that the sources disagree and every required
    document must be cited.
    """

    id: str
    question: str
    answerable: bool
    kind: str = ""
    category: str = ""
    history: tuple[Turn, ...] = ()
    gold: tuple[Gold, ...] = ()
    facts: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    reference: str = ""
    as_of: date | None = None
    rails: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    readers: tuple[str, ...] | None = None
    forbidden: tuple[str, ...] = ()
    conflict: bool = False

    @property
    def group(self) -> str:
        """The category that thresholds and tables go by: `category`, else `kind`."""
        return self.category or self.kind or "other"

    @property
    def digest(self) -> str:
        """Content hash; a changed case is another case."""
        text = json.dumps(asdict(self), sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @property
    def required(self) -> tuple[Gold, ...]:
        """The gold entries that recall asks for; alternatives only where nothing else is given."""
        return tuple(g for g in self.gold if not g.alternative) or self.gold


def load_cases(path: Path, limit: int | None = None) -> list[Case]:
    """The cases of a JSON Lines file, sorted by id so that no figure depends on their order.

    A case marked `"status": "draft"` or `"rejected"` is left out. Raises CaseError with file and line.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise CaseError(f"can't read the cases in {path}: {error}", hint="give --cases a JSON Lines file") from None
    cases = [case for case in _parse_lines(path, lines) if case is not None]
    if not cases:
        raise CaseError(f"no cases in {path}", hint="one JSON object a line")
    _refuse_duplicates(path, cases)
    return sorted(cases, key=lambda case: case.id)[:limit]


def _parse_lines(path: Path, lines: Iterable[str]) -> Iterable[Case | None]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            yield parse_case(json.loads(line))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            reason = f"{error.args[0]!r} is missing" if isinstance(error, KeyError) else str(error)
            raise CaseError(f"{path}:{number}: {reason}", hint="run: python -m eval lint --cases FILE") from None


def _refuse_duplicates(path: Path, cases: list[Case]) -> None:
    seen: set[str] = set()
    for case in cases:
        if case.id in seen:
            raise CaseError(f"{path}: the id {case.id} stands twice", hint="give each case its own id")
        seen.add(case.id)


def parse_case(data: Mapping[str, Any]) -> Case | None:
    """One case from its JSON object, None if it is not reviewed yet; ValueError or KeyError say what is wrong."""
    if not isinstance(data, Mapping):
        raise ValueError("a case must be a JSON object")
    if data.get("status", "reviewed") != "reviewed":
        return None
    case = Case(
        id=read_text(data["id"], "id", required=True),
        question=read_text(data["question"], "question", required=True),
        answerable=read_flag(data["answerable"], "answerable"),
        kind=read_text(data.get("kind", ""), "kind"),
        category=read_text(data.get("category", ""), "category"),
        history=tuple(_turn(turn, i) for i, turn in enumerate(read_list(data.get("history"), "history"))),
        gold=tuple(gold for entry in read_list(data.get("gold"), "gold") for gold in _gold(entry)),
        facts=read_texts(data.get("facts"), "facts"),
        numbers=read_texts(data.get("numbers"), "numbers"),
        reference=read_text(data.get("reference", ""), "reference"),
        as_of=date.fromisoformat(data["as_of"]) if data.get("as_of") else None,
        rails=read_names(data.get("rails"), "rails"),
        regions=read_names(data.get("regions"), "regions"),
        readers=None if data.get("readers") is None else read_names(data["readers"], "readers"),
        forbidden=read_texts(data.get("forbidden"), "forbidden"),
        conflict=read_flag(data.get("conflict", False), "conflict"),
    )
    if case.answerable and not (case.gold or case.facts or case.numbers):
        raise ValueError("an answerable case needs gold, facts or numbers")
    return case


def _gold(entry: object) -> list[Gold]:
    # `alt` is true for an entry that is itself an alternative, or it lists other quotes or places.
    if not isinstance(entry, Mapping):
        raise ValueError("a gold entry must be an object")
    if unknown := set(entry) - _GOLD_FIELDS:
        raise ValueError(f"gold has an unknown field {sorted(unknown)[0]!r}")
    alt = entry.get("alt", False)
    gold = Gold(
        doc=read_text(entry["doc"], "gold.doc", required=True).replace("\\", "/").removeprefix("./"),
        pages=_pages(entry.get("pages")),
        section=read_text(entry.get("section") or "", "gold.section"),
        quote=read_text(entry.get("quote") or "", "gold.quote"),
        alternative=alt is True,
        part=_part(entry.get("part", 0)),
    )
    if not (gold.pages or gold.section or gold.quote):
        raise ValueError("a gold entry needs pages, a section or a quote")
    if isinstance(alt, bool) or alt is None:
        return [gold]
    others = alt if isinstance(alt, list) else [alt]
    return [gold, *(_alternative(gold, other) for other in others)]


def _part(value: object) -> int:
    if not isinstance(value, int) or value < 0:
        raise ValueError(f"gold: 'part' must be a whole number from 1, not {value!r}")
    return value


def _alternative(gold: Gold, other: object) -> Gold:
    if isinstance(other, str):
        return replace(gold, quote=other, alternative=True)
    if isinstance(other, Mapping):
        return replace(_gold({"doc": gold.doc, **other, "alt": True})[0])
    raise ValueError("gold.alt must be true, a quote or a place")


def _pages(value: object) -> tuple[int, ...]:
    pages = read_list(value, "gold.pages")
    if any(isinstance(page, bool) or not isinstance(page, int) or page < 1 for page in pages):
        raise ValueError("gold.pages must be 1-based page numbers")
    return tuple(pages)


def _turn(value: object, position: int) -> Turn:
    if isinstance(value, str):
        return Turn("user" if position % 2 == 0 else "assistant", value)
    if not isinstance(value, Mapping) or value.get("role") not in ("user", "assistant"):
        raise ValueError("a turn of history needs the role user or assistant")
    return Turn(value["role"], read_text(value.get("content", value.get("text")), "history.content", required=True))
