"""A small library, golden cases over it, and an assistant that answers from a script, for the evaluation's tests."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from app.access import Reader
from app.answer import Answer, Citation, Filters, Hit, Statement, Turn
from eval.cases import Case, Gold
from eval.evaluate import Evaluation
from eval.gate import Thresholds, load_thresholds
from eval.stored import Stored
from ingest.chunk import Chunk, Part
from ingest.index import IndexedDocument, open_index
from ingest.index_form import PassageVectors
from ingest.index_writer import write_index
from ingest.register import Record
from ingest.words import WORD_DIM

TODAY = date(2026, 11, 23)
RAILS = ("fedwire", "chaps", "sepa", "ach", "swift")
TOPICS = ("recall", "return", "investigation", "hold", "release", "repair")
THRESHOLDS = Path(__file__).parent.parent / "eval" / "thresholds.yaml"


def sentence(rail: str, number: int, *, year: int = 2026) -> str:
    """What the procedure of `rail` says about topic `number`; every figure in it is its own."""
    hour, days = 8 + number, 10 * (RAILS.index(rail) + 1) + number
    if year != 2026:
        hour, days = hour + 6, days + 300
    return (
        f"A {rail} {TOPICS[number]} must be entered by {hour}:15 and the operations analyst keeps the evidence for "
        f"{days} calendar days in the {rail} {TOPICS[number]} file."
    )


def _chunk(rail: str, number: int, version: str, text: str) -> Chunk:
    path = (f"{rail} procedure", f"{number + 1} {TOPICS[number]}")
    page = number + 1 if rail in ("fedwire", "chaps") else None
    part = Part(0, len(text), page, "paragraph")
    section = f"{rail}-{version}-s{number}"
    return Chunk(f"{section}-c", f"SOP-{rail}", section, number, "paragraph", path, text, page, (part,), ())


def build_stored(folder: Path) -> Stored:
    """An index of five procedures in force (two with pages), an old version of the first, and a restricted one."""
    documents = [_document(rail, "2") for rail in RAILS]
    old = _document("fedwire", "1", year=2024)
    record = replace(old.record, status="superseded", effective_to=date(2025, 12, 31), file="old/fedwire.md")
    documents.append(replace(old, record=record))
    secret = _chunk("swift", 0, "9", "The investigation unit's telephone list is kept in the vault.")
    secret_record = Record("SOP-secret", "secret.md", "secret", "9", readers=("investigations",))
    documents.append(IndexedDocument(secret_record, "hash-secret", chunks=(secret,)))
    folder.mkdir(parents=True, exist_ok=True)
    chunks = sum(len(document.chunks) for document in documents)
    no_words = np.zeros((0, WORD_DIM), dtype=np.int8)
    vectors = [PassageVectors(row.reshape(1, -1), no_words) for row in np.eye(chunks, 64, dtype=np.float32)]
    write_index(folder, documents, vectors, dim=64)
    return Stored(open_index(folder))


def _document(rail: str, version: str, year: int = 2026) -> IndexedDocument:
    record = Record(f"SOP-{rail}", f"{rail}.md", f"{rail} procedure", version, effective_from=date(year, 1, 1))
    chunks = tuple(_chunk(rail, n, version, sentence(rail, n, year=year)) for n in range(len(TOPICS)))
    return IndexedDocument(record, f"hash-{rail}-{version}", chunks=chunks)


def build_cases() -> list[Case]:
    """Thirty answerable cases (six a rail) and ten unanswerable ones, sorted by id."""
    cases = [_case(rail, number) for rail in RAILS for number in range(len(TOPICS))]
    cases += [
        Case(
            id=f"none-{i}",
            question=f"What is the fee of an unknown service {i}?",
            answerable=False,
            kind="unanswerable",
        )
        for i in range(10)
    ]
    return sorted(cases, key=lambda case: case.id)


def _case(rail: str, number: int) -> Case:
    text = sentence(rail, number)
    hour, days = text.split(" by ")[1].split(" ")[0], text.split(" for ")[1].split(" ")[0]
    page = (number + 1,) if rail in ("fedwire", "chaps") else ()
    return Case(
        id=f"{rail}-{number}",
        question=f"{rail} {TOPICS[number]}: by when, and how long do we keep the evidence?",
        answerable=True,
        kind=rail,
        gold=(Gold(f"{rail}.md", page, f"{number + 1} {TOPICS[number]}", text),),
        facts=(f"a {rail} {TOPICS[number]} must be entered by {hour}", f"evidence is kept for {days} calendar days"),
        numbers=(hour, f"{days} calendar days"),
        reference=text,
    )


def hit_of(stored: Stored, chunk_id: str, score: float = 0.9) -> Hit:
    """A chunk of the index as a hit."""
    index = stored.index
    chunk = index.chunk(chunk_id)
    record = index.document_of_chunk(chunk_id).record
    assert chunk is not None
    section = " > ".join(chunk.heading_path)
    return Hit(
        record.file, record.doc_id, record.version, record.title, section, chunk.page, "", chunk.text, score, chunk_id
    )


def cite(hit: Hit, quote: str | None = None) -> Citation:
    """A citation of a hit: the whole of it, or a part."""
    quote = hit.text if quote is None else quote
    start = max(0, hit.text.find(quote))
    place = (hit.doc, hit.doc_id, hit.version, hit.title, hit.section, hit.page, "")
    return Citation(*place, quote, hit.chunk_id, start, start + len(quote))


def answer_with(question: str, hits: Sequence[Hit], cited: Sequence[Hit]) -> Answer:
    """An extractive answer: the cited hits, word for word."""
    statements = tuple(Statement(hit.text, (cite(hit),)) for hit in cited)
    text = "\n".join(statement.text for statement in statements)
    return Answer("", question, False, "", text, statements, tuple(hits), "gen", "none")


def abstain(question: str, hits: Sequence[Hit]) -> Answer:
    """An abstention."""
    return Answer("", question, True, "The procedures don't say.", "", (), tuple(hits), "gen", "none")


@dataclass
class ScriptedAssistant:
    """Answers every golden case rightly, unless `spoil` changes the answer; `asked` is what it was asked."""

    stored: Stored
    spoil: Callable[[Case, Answer], Answer] = lambda case, answer: answer
    cases: Sequence[Case] = field(default_factory=build_cases)
    asked: list[str] = field(default_factory=list)

    def ask(
        self,
        question: str,
        *,
        history: Sequence[Turn] = (),
        filters: Filters | None = None,
        reader: Reader | None = None,
    ) -> Answer:
        self.asked.append(question)
        case = next(case for case in self.cases if case.question == question)
        return self.spoil(case, self.right_answer(case))

    def right_answer(self, case: Case) -> Answer:
        others = [hit_of(self.stored, f"{rail}-2-s5-c", 0.2) for rail in RAILS]
        if not case.answerable:
            return abstain(case.question, others)
        first = hit_of(self.stored, gold_chunk(case))
        rest = [hit for hit in others if hit.chunk_id != first.chunk_id]
        return answer_with(case.question, [first, *rest], [first])


def gold_chunk(case: Case) -> str:
    """The chunk id that answers a case of `build_cases`."""
    rail, number = case.id.split("-")
    return f"{rail}-2-s{number}-c"


def evaluation_of(folder: Path, assistant: Any, cases: Sequence[Case], **changes: Any) -> Evaluation:
    """An evaluation of the cases by the assistant with the shipped thresholds."""
    thresholds: Thresholds = load_thresholds(THRESHOLDS)
    whole = Evaluation(
        cases=cases,
        assistant=assistant,
        reader=Reader("test"),
        stored=assistant.stored,
        today=TODAY,
        configuration="config",
        folder=folder,
        run={"cases": "cases.jsonl", "llm": "none", "notes": []},
        thresholds=thresholds,
    )
    return replace(whole, **changes)
