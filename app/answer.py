"""Assistant.ask and Assistant.stream: retrieve, abstain or compose, verify, record."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import date
from itertools import takewhile
from typing import Any
from zoneinfo import ZoneInfo

from app.access import Reader
from app.clock import zone_of
from app.compose import Draft, Verified, compose_with_model
from app.evidence import select_evidence
from app.glossary import Glossary, load_glossary
from app.ledger import Ledger, open_ledger
from app.library import Library
from app.llm import LLM, load_llm
from app.notes import time_left
from app.question import Turn, read_question
from app.reading import load_passage_reader
from app.redact import mask_texts
from app.replay import Asked, trace_of
from app.rerank import load_reranker
from app.retrieve import Filters, Hit
from app.settings import Settings
from app.statement import Citation, Statement
from app.wording import Answer, Done, Event, Evidence, answer_verbatim, cut_short, word_answer
from ingest.errors import LedgerError

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
        stopped: Callable[[], bool] = lambda: False,
    ) -> Iterator[Event]:
        """Evidence, then drafts and verified statements while a model composes, then Done.

        What was typed is masked here, once: retrieval, model and ledger see the same words. Once `stopped` says so, no
        more of the model is read: Done then has what was checked until then.
        """
        question, history = _masked(question, history)
        filters = filters or Filters()
        reader = reader or Reader("local")
        clock = _Clock()
        retriever = self.library.current()
        asked = read_question(question, history, self.glossary)
        retrieval = retriever.search(asked, filters, reader, self.top_k)
        clock.mark("retrieve")
        selection = select_evidence(asked, retrieval.hits, retriever.index, retrieval.vector, retriever.passage_reader)
        answer = answer_verbatim(asked, retrieval, selection, retriever.index, filters)
        notes = time_left(asked, selection, answer.statements, self.zone, filters.as_of)
        answer = replace(answer, question=question, notes=(*notes, *answer.notes))
        known = answer.notes
        clock.mark("select")
        yield Evidence(replace(answer, timings=clock.timings))
        if self.llm and not answer.abstained:
            events = compose_with_model(self.llm, asked, selection.chosen, retriever.index, structured=self.structured)
            for event in word_answer(answer, self.llm.name, takewhile(lambda _: not stopped(), events)):
                if isinstance(event, Answer):
                    answer = event
                else:
                    yield event
            answer = cut_short(answer, known) if stopped() else answer
            clock.mark("compose")
        answer = replace(answer, timings=clock.timings)
        on = filters.as_of or date.today()
        limits = Asked(question, tuple(history), filters, on, reader.groups, self.top_k, self.structured)
        yield Done(self._record(answer, reader, trace_of(limits, asked, selection, retrieval.hits, retriever)))

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


def open_assistant(settings: Settings) -> Assistant:
    """The assistant that the settings describe; raises SettingsError, ModelError or BrokenIndexError."""
    library = Library(
        settings.index,
        settings.models,
        load_reranker(settings.reranker),
        load_passage_reader(settings.reader_model, settings.models),
    )
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
