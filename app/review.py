"""What owners of procedures should look at: answers marked as not right, questions without answer, what is cited."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock

from app.access import Reader, may_read
from app.answer import Citation
from app.ledger import Ledger
from app.record import Recorded, may_see, read_record
from ingest.embed import Embedder
from ingest.errors import LedgerError
from ingest.index import Index
from ingest.register import Record

LOOK_BACK = 2000  # answers
ALIKE = 0.7  # cosine of two questions of one group
REVIEWED = "reviewed"
DRAFTS = "golden-drafts.jsonl"


@dataclass(frozen=True, slots=True)
class Complaint:
    """An answer that somebody marked as not right, with what they said."""

    recorded: Recorded
    reason: str
    comment: str


@dataclass(frozen=True, slots=True)
class Gap:
    """Questions alike that were not answered, newest first."""

    questions: tuple[Recorded, ...]


@dataclass(frozen=True, slots=True)
class Use:
    """How often documents in force were cited, by record; `never` were not, in the last `answers` answers."""

    answers: int
    cited: tuple[tuple[Record, int], ...]
    never: tuple[Record, ...]


def reviewed_ids(ledger: Ledger) -> frozenset[str]:
    """The answers that an owner is done with."""
    return frozenset(entry.about for entry in ledger.latest(LOOK_BACK, "action") if entry.body["action"] == REVIEWED)


def complaints(ledger: Ledger, index: Index, reader: Reader, limit: int = 50) -> list[Complaint]:
    """Answers marked as not right and not reviewed yet, newest first, of what `reader` may read."""
    done = reviewed_ids(ledger)
    found: dict[str, Complaint] = {}
    for entry in ledger.latest(LOOK_BACK, "feedback"):
        if entry.body["thumb"] != "down" or entry.about in done or entry.about in found:
            continue
        recorded = _readable(ledger, entry.about, index, reader)
        if recorded:
            found[entry.about] = Complaint(recorded, entry.body["reason"], entry.body["comment"])
        if len(found) == limit:
            break
    return list(found.values())


def gaps(ledger: Ledger, index: Index, reader: Reader, embedder: Embedder, limit: int = 200) -> list[Gap]:
    """Questions without answer, neither reviewed nor complained of, those alike together, the largest group first."""
    done = reviewed_ids(ledger) | {one.recorded.answer.id for one in complaints(ledger, index, reader)}
    ids = [id_ for id_, (abstained, _) in ledger.extract(("$.answer.abstained", "$.at"), LOOK_BACK) if abstained]
    open_ = [recorded for id_ in ids if id_ not in done and (recorded := _readable(ledger, id_, index, reader))]
    questions = [recorded.answer.question for recorded in open_[:limit]]
    vectors = np.stack([embedder.embed_query(text) for text in questions]) if questions else np.zeros((0, 1))
    groups = _alike(vectors)
    found = [Gap(tuple(open_[position] for position in group)) for group in groups]
    return sorted(found, key=lambda gap: -len(gap.questions))


def _alike(vectors: "np.ndarray[Any, Any]") -> list[list[int]]:
    """Each vector joins the first group whose first member is alike; the order is kept."""
    groups: list[list[int]] = []
    for position, vector in enumerate(vectors):
        home = next((group for group in groups if float(vectors[group[0]] @ vector) >= ALIKE), None)
        if home is None:
            groups.append([position])
        else:
            home.append(position)
    return groups


def use_of(ledger: Ledger, index: Index, reader: Reader, today: date) -> Use:
    """How often each document in force that `reader` may read was cited."""
    rows = ledger.extract(("$.answer.statements", "$.at"), LOOK_BACK)
    counts = Counter(
        key
        for _, (statements, _) in rows
        for key in {(c["doc_id"], c["version"]) for statement in statements or () for c in statement["citations"]}
    )
    records = [d.record for d in index.documents if d.record.in_force(today) and may_read(reader, d.record.readers)]
    cited = [(record, counts[record.doc_id, record.version]) for record in records]
    return Use(
        answers=len(rows),
        cited=tuple(sorted((pair for pair in cited if pair[1]), key=lambda pair: (-pair[1], pair[0].doc_id))),
        never=tuple(sorted((record for record, count in cited if not count), key=lambda record: record.doc_id)),
    )


def finish_review(ledger: Ledger, reader: Reader, answer_ids: Sequence[str], detail: str) -> None:
    """Record that an owner is done with these answers."""
    for answer_id in answer_ids:
        ledger.add_action(REVIEWED, reader=reader.name, about=answer_id, detail=detail)


def draft_case(recorded: Recorded, note: str) -> dict[str, Any]:
    """A golden case to be completed by a person: what was cited is proposed as the place that answers."""
    answer, filters = recorded.answer, recorded.filters
    case: dict[str, Any] = {
        "id": f"r-{answer.id}",
        "question": answer.question,
        "answerable": not answer.abstained,
        "status": "draft",
        "gold": [_gold(c) for c in _distinct(recorded)],
        "note": note,
    }
    if filters.as_of:
        case["as_of"] = filters.as_of.isoformat()
    return case | {name: list(getattr(filters, name)) for name in ("rails", "regions") if getattr(filters, name)}


def _distinct(recorded: Recorded) -> list[Citation]:
    return list(dict.fromkeys(c for statement in recorded.answer.statements for c in statement.citations))


def _gold(citation: Citation) -> dict[str, Any]:
    place: dict[str, Any] = {"doc": citation.doc, "pages": [citation.page] if citation.page else []}
    return place | {"section": citation.section.rpartition(" > ")[2], "quote": citation.quote}


def add_draft(folder: Path, case: dict[str, Any]) -> Path:
    """Append a draft to the file of drafts in the state folder; a case that is there already is not added again."""
    path = folder / DRAFTS
    try:
        with FileLock(path.with_suffix(".lock"), timeout=10):
            known = path.read_text("utf-8").splitlines() if path.exists() else []
            if all(json.loads(line)["id"] != case["id"] for line in known if line.strip()):
                with path.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(case, ensure_ascii=False) + "\n")
    except (OSError, ValueError) as error:
        raise LedgerError(f"{path} can't be written: {error}", hint="check the folder APP_STATE") from error
    return path


def _readable(ledger: Ledger, answer_id: str, index: Index, reader: Reader) -> Recorded | None:
    try:
        recorded = read_record(ledger.get(answer_id))
    except LedgerError:  # of an older form
        return None
    return recorded if may_see(recorded.answer, index, reader) else None
