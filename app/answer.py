"""Assistant.ask and Assistant.stream: retrieve, abstain or compose, verify, record."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

from app.abstain import confidence, why_not
from app.access import Reader
from app.clarify import choices
from app.clock import time_notes, zone_of
from app.compose import Citation, Draft, Statement, Verified, compose_with_model, extract
from app.evidence import Selection, find_escalation, select_evidence
from app.glossary import Glossary, load_glossary
from app.ledger import Ledger, open_ledger
from app.library import Library
from app.llm import LLM, Usage, load_llm
from app.question import Question, Turn, read_question
from app.redact import mask_texts
from app.replay import Asked, trace_of
from app.retrieve import Filters, Hit, Retrieval, Retriever
from app.settings import Settings
from ingest.errors import LedgerError, LLMError
from ingest.index import Index

__all__ = [
    "Answer",
    "Assistant",
    "Citation",
    "Done",
    "Draft",
    "Event",
    "Evidence",
    "Filters",
    "Hit",
    "Statement",
    "Turn",
    "Verified",
    "open_assistant",
]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the reader gets. `abstained` answers have no statements; `reason` then says what was searched.

    `composed_by` is "extractive" (verbatim passages) or "model". `notes` are sentences to show beside the answer
    (a better match in a version not in force, the model failed...). `escalation` names whom to ask, if a
    procedure says it. `choices` are what the question may mean, where it is not clear. `confidence` is how sure
    it is that the procedures answer, 0 to 1. `timings` are seconds by stage, `usage` the model's tokens and their cost.
    """

    id: str
    question: str
    abstained: bool
    reason: str
    text: str
    statements: tuple[Statement, ...]
    hits: tuple[Hit, ...]
    index: str
    model: str
    composed_by: Literal["extractive", "model"] = "extractive"
    withheld: tuple[Statement, ...] = ()
    notes: tuple[str, ...] = ()
    escalation: Statement | None = None
    choices: tuple[str, ...] = ()
    confidence: float | None = None
    timings: Mapping[str, float] = field(default_factory=dict)
    usage: Usage | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """First event of a stream: the passages found and the extractive answer, before any model has spoken."""

    answer: Answer


@dataclass(frozen=True, slots=True)
class Done:
    """Last event: the whole answer, as recorded."""

    answer: Answer


Event = Evidence | Draft | Verified | Done


class Assistant:
    """The one way to get an answer: the chat, the terminal and the evaluation all call it. Thread-safe."""

    def __init__(
        self,
        library: Library,
        llm: LLM | None = None,
        ledger: Ledger | None = None,
        *,
        top_k: int = 10,
        glossary: Glossary | None = None,
    ) -> None:
        self.library = library
        self.llm = llm
        self.ledger = ledger
        self.top_k = top_k
        self.structured = False  # whether answers are bound to a JSON schema
        self.glossary = glossary or load_glossary()
        self.zone: ZoneInfo | None = None  # of the readers; None is this machine's

    @property
    def model_name(self) -> str:
        """Who composes, for people."""
        return self.llm.name if self.llm else "verbatim passages"

    def ask(
        self,
        question: str,
        *,
        history: Sequence[Turn] = (),
        filters: Filters | None = None,
        reader: Reader | None = None,
    ) -> Answer:
        """The last event of `stream`."""
        for event in self.stream(question, history=history, filters=filters, reader=reader):
            if isinstance(event, Done):
                return event.answer
        raise AssertionError("a stream ends with Done")

    def stream(
        self,
        question: str,
        *,
        history: Sequence[Turn] = (),
        filters: Filters | None = None,
        reader: Reader | None = None,
    ) -> Iterator[Event]:
        """Evidence, then drafts and verified statements while a model composes, then Done.

        What was typed is masked here, once: retrieval, model and ledger see the same words.
        """
        question, history = _masked(question, history)
        filters = filters or Filters()
        reader = reader or Reader("local")
        clock = _Clock()
        retriever = self.library.current()
        asked = read_question(question, history, self.glossary)
        retrieval = retriever.search(asked, filters, reader, self.top_k)
        clock.mark("retrieve")
        selection = select_evidence(asked, retrieval.hits, retriever.index, retrieval.vector)
        answer = _extractive(asked, retrieval, selection, retriever.index, filters)
        answer = replace(
            answer, question=question, notes=(*self._times(asked, selection, answer, filters), *answer.notes)
        )
        clock.mark("select")
        yield Evidence(replace(answer, timings=clock.timings))
        if self.llm and not answer.abstained:
            for event in self._composed(self.llm, asked, selection, answer, retriever):
                if isinstance(event, Answer):
                    answer = event
                else:
                    yield event
            clock.mark("compose")
        answer = replace(answer, timings=clock.timings)
        on = filters.as_of or date.today()
        limits = Asked(question, tuple(history), filters, on, reader.groups, self.top_k, self.structured)
        yield Done(self._record(answer, reader, trace_of(limits, asked, selection, retrieval.hits, retriever)))

    def _times(self, asked: Question, selection: Selection, answer: Answer, filters: Filters) -> tuple[str, ...]:
        """Where a time was asked for: the stated one on the reader's clock, and how long is left today."""
        now = datetime.now(self.zone).astimezone(self.zone)
        if answer.abstained or asked.wants != "time" or filters.as_of not in (None, now.date()):
            return ()
        best = max(selection.chosen, key=lambda unit: unit.score)
        shown = (
            s.text
            for s in answer.statements
            if (s.citations[0].chunk_id, s.citations[0].quote) == (best.chunk_id, best.text)
        )
        return time_notes(list(shown), now)

    def _composed(
        self, llm: LLM, asked: Question, selection: Selection, answer: Answer, retriever: Retriever
    ) -> Iterator[Draft | Verified | Answer]:
        """The model's events, then the answer with its verified statements; the extractive one if it fails."""
        statements: list[Statement] = []
        try:
            for event in compose_with_model(llm, asked, selection.chosen, retriever.index, structured=self.structured):
                if isinstance(event, Usage):
                    answer = replace(answer, usage=event)
                    continue
                if isinstance(event, Verified):
                    statements.append(event.statement)
                yield event
        except LLMError as error:
            note = f"The model could not answer ({error.message}); these are the passages, word for word."
            yield replace(answer, model=llm.name, notes=(*answer.notes, note))
            return
        shown = tuple(statement for statement in statements if not statement.problem)
        withheld = tuple(statement for statement in statements if statement.problem)
        if not shown:
            note = "Nothing the model wrote could be proved; these are the passages, word for word."
            yield replace(answer, model=llm.name, withheld=withheld, notes=(*answer.notes, note))
            return
        text = "\n".join(statement.text for statement in shown)
        yield replace(answer, model=llm.name, composed_by="model", statements=shown, withheld=withheld, text=text)

    def _record(self, answer: Answer, reader: Reader, trace: Mapping[str, Any]) -> Answer:
        """The answer with its ledger id; one that can't be recorded says so, because it can't be proved later."""
        if self.ledger is None:
            return answer
        entry = {
            "reader": reader.name,
            "question": answer.question,
            "history": trace["asked"]["history"],
            "filters": trace["asked"]["filters"],
            "index": answer.index,
            "trace": trace,
            "model": {"id": self.llm.model_id, "parameters": dict(self.llm.parameters)} if self.llm else None,
            "usage": answer.usage,
            "answer": asdict(answer),
        }
        try:
            return replace(answer, id=self.ledger.append(entry))
        except LedgerError as error:
            return replace(answer, notes=(*answer.notes, f"This answer was not recorded ({error.message})."))

    def close(self) -> None:
        """Stop the model and release the ledger."""
        if self.llm:
            self.llm.close()


def _extractive(asked: Question, retrieval: Retrieval, selection: Selection, index: Index, filters: Filters) -> Answer:
    """The answer without a model: the chosen passages word for word, or why there are none."""
    problem = why_not(asked, selection, retrieval.known)
    statements = () if problem else extract(selection.chosen, index)
    meanings = () if problem else choices(asked, selection)
    escalation = find_escalation(retrieval.hits, index) if problem else None
    return Answer(
        id="",
        question=asked.asked,
        abstained=bool(problem),
        reason=_reason(problem, retrieval, filters) if problem else "",
        text="\n".join(statement.text for statement in statements),
        statements=statements,
        hits=retrieval.hits,
        index=index.generation,
        model="none",
        notes=(*_which(meanings), *_disagreement(statements), *_notes(retrieval)),
        choices=meanings,
        confidence=confidence(problem, retrieval.hits),
        escalation=next(iter(extract([escalation], index)), None) if escalation else None,
    )


def open_assistant(settings: Settings) -> Assistant:
    """The assistant that the settings describe; raises SettingsError, ModelError or BrokenIndexError."""
    library = Library(settings.index, settings.models)
    library.current()
    glossary = load_glossary(settings.glossary)
    llm = load_llm(settings)
    structured = llm is not None and llm.structured and (settings.llm != "local" or settings.local_structured_output)
    ledger = open_ledger(settings)
    assistant = Assistant(library, llm, ledger, top_k=settings.top_k, glossary=glossary)
    assistant.structured = structured
    assistant.zone = zone_of(settings.timezone)
    return assistant


def _masked(question: str, history: Sequence[Turn]) -> tuple[str, tuple[Turn, ...]]:
    """Question and history without account numbers and names, which nothing after this sees."""
    *earlier, typed = mask_texts([*(turn.text for turn in history), question])
    return typed, tuple(replace(turn, text=text) for turn, text in zip(history, earlier, strict=True))


class _Clock:
    def __init__(self) -> None:
        self._last = self._start = time.perf_counter()
        self._marks: dict[str, float] = {}

    def mark(self, stage: str) -> None:
        now = time.perf_counter()
        self._marks[stage] = round(now - self._last, 4)
        self._last = now

    @property
    def timings(self) -> dict[str, float]:
        return {**self._marks, "total": round(time.perf_counter() - self._start, 4)}


def _reason(problem: str, retrieval: Retrieval, filters: Filters) -> str:
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


def _which(meanings: Sequence[str]) -> tuple[str, ...]:
    """The one question back, where what was asked can mean several things."""
    return (
        (f"Which do you mean: {', or '.join(meanings)}? Ask again with it for a narrower answer.",) if meanings else ()
    )


def _disagreement(statements: Sequence[Statement]) -> tuple[str, ...]:
    """What to do about two procedures in force that contradict each other: their owners decide, not the reader."""
    sides = [statement.citations[0] for statement in statements if statement.disagrees]
    if not sides:
        return ()
    owners = " and ".join(dict.fromkeys(side.owner for side in sides if side.owner)) or "their owners"
    documents = " and ".join(dict.fromkeys(f"{side.doc_id} version {side.version}" for side in sides))
    return (f"{documents} are both in force and differ here. Ask {owners} which holds before you act.",)


def _notes(retrieval: Retrieval) -> tuple[str, ...]:
    hit = retrieval.out_of_force
    if hit is None or any(hit.doc_id == other.doc_id for other in retrieval.hits[:1]):
        return ()
    return (
        f"A closer match stands in {hit.doc_id} version {hit.version}, which is not in force on the date asked for.",
    )
