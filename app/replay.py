"""`python -m app replay ID`: a recorded question again, over the generation that answered it; what differs is shown.

The ledger holds what retrieval and prompt depend on (`trace_of`). A replay makes the same trace anew and compares it
word by word. The model is not asked again: its answer is recorded, and its quotes are looked up in the index.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from difflib import unified_diff
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from app.access import Reader
from app.evidence import Selection, select_evidence
from app.glossary import Glossary, load_glossary
from app.ledger import Entry, plain
from app.llm import load_llm
from app.prompt import PROMPT_VERSION, build_messages
from app.question import Question, Turn, read_question
from app.reading import load_passage_reader
from app.rerank import load_reranker
from app.retrieve import Filters, Hit, Retriever
from app.settings import Settings
from ingest.embed import load_embedder_of
from ingest.errors import AssistantError, LedgerError
from ingest.generations import check_generation, current_generation
from ingest.index import Index, open_index


@dataclass(frozen=True, slots=True)
class Asked:
    """Everything that retrieval depends on besides the index; `question` and `history` are masked already."""

    question: str
    history: tuple[Turn, ...]
    filters: Filters
    on: date
    groups: frozenset[str]
    top_k: int
    structured: bool = False


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not as it was recorded; `lines` are a unified diff where the two are texts."""

    what: str
    recorded: str
    now: str
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Replay:
    """What a replay of the entry `id` over `generation` came to: nothing differs, or what does."""

    id: str
    question: str
    generation: str
    passages: int
    prompt_sha256: str
    quotes: int
    differences: tuple[Difference, ...]


def trace_of(asked: Asked, question: Question, selection: Selection, hits: Sequence[Hit], used: Retriever) -> Any:
    """What the ledger keeps of a retrieval and its prompt, as JSON has it."""
    messages = [
        [m.type, str(m.text)] for m in build_messages(question.text, selection.chosen, structured=asked.structured)
    ]
    return plain(
        {
            "asked": asdict(asked),
            "index": used.index.generation,
            "embedder": asdict(used.embedder.info),
            "reranker": used.reranker.name if used.reranker else "",
            "reader_model": asdict(used.passage_reader.info) if used.passage_reader else None,
            "passages": [[*hit.chunk_ids, _sha256(hit.text)] for hit in hits],
            "prompt": {"version": PROMPT_VERSION, "sha256": _sha256(json.dumps(messages)), "messages": messages},
        }
    )


def replay(entry: Entry, settings: Settings) -> Replay:
    """Retrieve and prompt again as the entry says; LedgerError if it doesn't hold an answer that can be replayed."""
    recorded = entry.body.get("trace")
    if entry.kind != "answer" or not isinstance(recorded, Mapping):
        raise LedgerError(f"the entry {entry.id} can't be replayed", hint="only answers can, from this version on")
    try:
        asked = TypeAdapter(Asked).validate_python(recorded["asked"])
    except (KeyError, ValidationError) as error:
        raise LedgerError(f"the entry {entry.id} was recorded in a form that can't be replayed") from error
    retriever, problem = _open(settings, str(recorded.get("index")))
    now = _trace_again(asked, retriever, load_glossary(settings.glossary))
    statements = (entry.body.get("answer") or {}).get("statements", ())
    quotes = [citation for statement in statements for citation in statement.get("citations", ())]
    differences = [Difference("index", str(recorded.get("index")), problem)] if problem else []
    differences += _compare(recorded, now)
    differences += _model(entry.body.get("model"), settings)
    differences += _missing_quotes(quotes, retriever.index)
    return Replay(
        id=entry.id,
        question=asked.question,
        generation=now["index"],
        passages=len(now["passages"]),
        prompt_sha256=now["prompt"]["sha256"],
        quotes=len(quotes),
        differences=tuple(differences),
    )


def _trace_again(asked: Asked, retriever: Retriever, glossary: Glossary) -> Any:
    question = read_question(asked.question, asked.history, glossary)
    limits = Filters(asked.on, asked.filters.rails, asked.filters.regions, asked.filters.doc_types)
    found = retriever.search(question, limits, Reader("replay", asked.groups), asked.top_k)
    selection = select_evidence(question, found.hits, retriever.index, found.vector, retriever.passage_reader)
    return trace_of(asked, question, selection, found.hits, retriever)


def _open(settings: Settings, name: str) -> tuple[Retriever, str]:
    """The retriever over the generation of that name, or over today's with the reason."""
    # Only a name that is listed is opened: an entry can't lead out of the folder.
    folder = next((p for p in (settings.index / "generations").glob("*") if p.name == name), None)
    problem = "" if folder else "gone"
    try:
        if folder is not None:
            return _retriever(folder, settings), ""
    except AssistantError as error:
        problem = error.message
    current = current_generation(settings.index)
    return _retriever(current, settings), f"{problem}; replayed over {current.name}"


def _retriever(folder: Path, settings: Settings) -> Retriever:
    embedder = load_embedder_of(check_generation(folder).embedder, models=settings.models, threads=1)
    return Retriever(
        open_index(folder),
        embedder,
        reranker=load_reranker(settings.reranker),
        passage_reader=load_passage_reader(settings.reader_model, settings.models),
    )


def _compare(recorded: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Difference]:
    if recorded.get("embedder") != now["embedder"]:
        yield Difference("embedder", _named(recorded.get("embedder")), _named(now["embedder"]))
    if recorded.get("reader_model") != now["reader_model"]:
        yield Difference("reader model", _named(recorded.get("reader_model")), _named(now["reader_model"]))
    if (reranker := recorded.get("reranker") or "") != now["reranker"]:
        yield Difference("reranker", reranker or "none", now["reranker"] or "none")
    if recorded.get("passages") != now["passages"]:
        before, after = ([" ".join(p) for p in side.get("passages") or ()] for side in (recorded, now))
        yield Difference("passages", f"{len(before)}", f"{len(after)}", _diff(before, after))
    prompt = recorded.get("prompt") or {}
    if prompt.get("version") != now["prompt"]["version"]:
        yield Difference("prompt version", str(prompt.get("version")), str(now["prompt"]["version"]))
    if prompt.get("messages") != now["prompt"]["messages"]:
        sides = [[t for _, text in p.get("messages") or () for t in text.split("\n")] for p in (prompt, now["prompt"])]
        was, is_now = (str(p.get("sha256"))[:12] for p in (prompt, now["prompt"]))
        yield Difference("prompt", was, is_now, _diff(*sides))


def _model(recorded: Any, settings: Settings) -> Iterator[Difference]:
    """Whether today's settings would ask another model, or the same with other parameters."""
    before = _flat(recorded["id"], recorded["parameters"]) if recorded else {"model": "none"}
    try:
        llm = load_llm(settings)
    except AssistantError as error:
        yield Difference("model", _listed(before, before), error.message)
        return
    now = _flat(llm.model_id, llm.parameters) if llm else {"model": "none"}
    changed = sorted(name for name in before.keys() | now.keys() if before.get(name) != now.get(name))
    if changed:
        yield Difference("model", _listed(before, changed), _listed(now, changed))


def _flat(model_id: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    return {"model": model_id, **parameters}


def _listed(values: Mapping[str, Any], names: Iterable[str]) -> str:
    return ", ".join(f"{name} {values[name]}" for name in names if name in values)


def _missing_quotes(quotes: Sequence[Mapping[str, Any]], index: Index) -> Iterator[Difference]:
    for quote in quotes:
        chunk = index.chunk(quote["chunk_id"])
        stands = chunk.text[quote["start"] : quote["end"]] if chunk else "no such passage"
        if stands != quote["quote"]:
            yield Difference(f"quote in {quote['chunk_id']}", quote["quote"], stands)


def _named(info: Any) -> str:
    return f"{info.get('id')} {str(info.get('sha256'))[:12]}" if isinstance(info, Mapping) else "none"


def _diff(before: Sequence[str], after: Sequence[str]) -> tuple[str, ...]:
    return tuple(unified_diff(before, after, "recorded", "now", lineterm="", n=1))


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
