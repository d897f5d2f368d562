"""One question with its answer as plain data for the answer component."""

import base64
import re
from collections.abc import Mapping, Sequence
from typing import Any

from app.answer import Answer, Citation, Statement
from app.job import Progress
from app.notes import which_is_meant
from app.source_page import CELL, table_head
from app.views.card_sources import list_closest, list_references, nearest_hits
from app.views.export import as_text
from app.views.library_facts import manifest_of
from app.views.markup import say_age, say_count, say_date
from app.views.references import Numbering, say_generation
from app.views.state import Download, Exchange
from app.wording import CLOSEST
from ingest.index import Index

REASONS = (
    ("wrong", "It is wrong"),
    ("outdated", "It is outdated"),
    ("missing", "Something is missing"),
    ("not cited", "The cited source does not say so"),
)
Card = dict[str, Any]
# The model's bullets and its numbers of passages, which are not the numbers of this page.
_DRAFT_MARKS = re.compile(r"^\s*[-*•]\s+|\s*\[\d*(?:\s*[,;]\s*\d+)*\]?$|\s*\[\d+(?:\s*[,;]\s*\d+)*\]")


def build_card(exchange: Exchange, index: Index, *, open_number: int | None = None, live: bool = False) -> Card:
    """Everything the component needs to show the exchange as it stands now."""
    now = exchange.progress
    shown = _shown(now)
    evidence = _evidence(now)
    escalation = now.answer.escalation if now.answer else None
    numbering = Numbering.of(shown, [escalation] if escalation else [], evidence)
    return {
        "id": exchange.id,
        "question": exchange.question,
        "state": "done" if now.finished else "live",
        "live": live,
        "open": open_number,
        "strip": _strip(exchange, now, index),
        "status": _status(now),
        "reason": _reason(now),
        "choices": [{"n": n, "label": choice} for n, choice in enumerate(choices_of(now))],
        "blocks": [_block(statement, numbering, index) for statement in shown],
        "draft": _DRAFT_MARKS.sub("", now.draft),
        "escalation": _escalation(escalation, numbering),
        "notes": _notes(now),
        "evidence": _evidence_block(now, [_block(statement, numbering, index) for statement in evidence]),
        "refs": list_references(numbering, [*shown, *([escalation] if escalation else [])], index),
        "closest": list_closest(now.answer),
        "withheld": _withheld(now),
        **_closing(exchange, now.answer),
    }


def citation_of(exchange: Exchange, number: int) -> Citation | None:
    """The citation that the card shows under `number`."""
    now = exchange.progress
    escalation = [now.answer.escalation] if now.answer and now.answer.escalation else []
    citations = Numbering.of(_shown(now), escalation, _evidence(now)).citations
    return citations[number - 1] if 0 < number <= len(citations) else None


def passage_of(exchange: Exchange, number: int, index: Index) -> Citation | None:
    """The passage `number` of those shown as closest, as a citation of the whole passage."""
    hits = nearest_hits(exchange.answer)
    hit = hits[number] if 0 <= number < len(hits) else None
    chunk = index.chunk(hit.chunk_id) if hit else None
    if hit is None or chunk is None:
        return None
    names = {
        name: getattr(hit, name) for name in ("doc", "doc_id", "version", "title", "section", "page", "page_label")
    }
    return Citation(**names, quote=chunk.text, chunk_id=chunk.id, start=0, end=len(chunk.text))


def _shown(now: Progress) -> Sequence[Statement]:
    if now.answer:
        return now.answer.statements
    checked = tuple(statement for statement in now.checked if not statement.problem)
    if checked or not (now.evidence and now.finished):
        return checked
    return now.evidence.statements  # stopped or failed before anything was checked: the passages stay


def _evidence(now: Progress) -> Sequence[Statement]:
    if now.evidence is None or _shown(now) is now.evidence.statements:
        return ()
    return () if now.answer and now.answer.composed_by == "extractive" else now.evidence.statements


def _evidence_block(now: Progress, blocks: list[Card]) -> Card | None:
    if not blocks:
        return None
    title = "Passages found, word for word" if not now.finished else "The passages it was written from"
    return {"title": title, "open": not now.finished, "blocks": blocks}


def _reason(now: Progress) -> str:
    if now.answer is None or not now.answer.abstained:
        return now.error
    # The line above says already that the procedures don't.
    reason = now.answer.reason.removeprefix("The procedures don't say: ")
    return reason[:1].upper() + reason[1:]


def _status(now: Progress) -> Card | None:
    if now.error:
        return _say("warn", "No answer.")
    if now.stopped:
        return _say("warn", "Stopped.", "What had been checked stays.")
    if now.answer is None:
        return _status_live(now)
    return _status_done(now.answer)


def _status_done(answer: Answer) -> Card:
    if answer.abstained:
        return _say("warn", "The procedures do not answer this.")
    if answer.uncertain:
        return _say("near", *CLOSEST)
    if answer.composed_by == "extractive":
        return _say("ok", "Word for word from the procedures.")
    count = say_count(len(answer.statements), "statement")
    return _say("ok", "Checked.", f"{count}, each against the passage it cites.")


def _status_live(now: Progress) -> Card:
    if now.place:
        return _say("draft", f"In line, place {now.place}.", "Your question starts by itself.")
    if now.evidence is None:
        return _say("draft", "Searching the procedures…")
    return _say("draft", "Writing an answer.", "Only what the passages prove will stay.")


def _say(kind: str, text: str, detail: str = "") -> Card:
    return {"kind": kind, "text": text, "detail": detail}


def _strip(exchange: Exchange, now: Progress, index: Index) -> list[Card]:
    """What was searched; what differs from the usual is `set`."""
    filters = exchange.filters
    known = now.answer or now.evidence
    limits = [*filters.rails, *filters.regions, *filters.doc_types]
    on = f"In force on {say_date(filters.as_of or exchange.asked_on)}"
    strip: list[Card] = [
        {"text": on, "set": filters.as_of is not None},
        {"text": ", ".join(limits) if limits else "All rails and regions", "set": bool(limits)},
    ]
    if known:
        serving = known.index == index.generation
        age = f"published {say_age(manifest_of(index.folder).published_at)}" if serving else "replaced since"
        strip.append({"text": f"{say_generation(known.index)}, {age}", "set": not serving})
    return strip


def choices_of(now: Progress) -> Sequence[str]:
    """What the question may mean, where it is not clear."""
    known = now.answer or now.evidence
    return known.choices if known else ()


def _notes(now: Progress) -> list[str]:
    known = now.answer or now.evidence
    asked_back = which_is_meant(choices_of(now))  # stands above the answer, as buttons
    return [note for note in known.notes if note not in asked_back] if known else []


def _block(statement: Statement, numbering: Numbering, index: Index) -> Card:
    block: Card = {"kind": statement.kind, "text": statement.text, "marks": numbering.marks(statement)}
    if statement.disagrees:
        block["differs"] = statement.disagrees
    if statement.kind == "step":
        block["of"] = " ".join(statement.place)
    if statement.kind == "row":
        citation = statement.citations[0]
        chunk = index.chunk(citation.chunk_id)
        head = table_head(chunk, citation.start) if chunk else ()
        cells = citation.quote.split(CELL)
        if len(cells) == 1 or (head and len(head) != len(cells)):
            return {**block, "kind": "statement"}
        block |= {"head": list(head) or None, "cells": cells}
    return block


def _escalation(statement: Statement | None, numbering: Numbering) -> Card | None:
    return {"text": statement.text, "marks": numbering.marks(statement)} if statement else None


def _withheld(now: Progress) -> list[Mapping[str, str]]:
    failed = now.answer.withheld if now.answer else tuple(s for s in now.checked if s.problem)
    return [{"text": statement.text, "problem": statement.problem} for statement in failed]


def _closing(exchange: Exchange, answer: Answer | None) -> Card:
    if answer is None:
        return {"copy": "", "meta": "", "link": "", "rate": False, "feedback": "", "reasons": [], "download": None}
    seconds = answer.timings.get("total")
    composed = answer.model if answer.composed_by == "model" else "no model"
    return {
        "copy": as_text(answer),
        "meta": composed + (f" · {seconds:.1f} s" if seconds else ""),
        "link": answer.id,
        "rate": bool(answer.id),
        "feedback": exchange.rated,
        "reasons": [list(reason) for reason in REASONS],
        "download": _download(exchange.download),
    }


def _download(file: Download | None) -> Card | None:
    if file is None:
        return None
    return {"key": file.key, "name": file.name, "mime": file.mime, "content": base64.b64encode(file.content).decode()}
