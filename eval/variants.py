"""The same passages indexed with one idea of ingestion left out, row by row as in the index that it comes from."""

import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from app.retrieve import Retriever
from eval.progress import StartBar
from ingest.chunk import Chunk
from ingest.embed import Embedder
from ingest.index import Index, IndexedDocument, open_index
from ingest.index_form import PassageVectors
from ingest.index_writer import IndexWriter
from ingest.passages import packed, passage_of
from ingest.units import unit_spans

Written = Iterator[tuple[IndexedDocument, list[PassageVectors]]]
_JOINED = re.compile(r"(?<=\w)[.,:/'’](?=\w)")
_LEXICAL = ("vocabulary.json", "passages", "sections", "unit-terms")


def plain_words(text: str) -> str:
    """The text with identifiers, amounts and times cut where words end: pacs|008, 17|00, 1|000; its length stays."""
    return _JOINED.sub("|", text)


def variant(name: str, retriever: Retriever, work: Path, bars: StartBar) -> Retriever:
    """The retriever over the index without the idea `name`, one of VARIANTS; made in `work`, once."""
    index = retriever.index
    folder = work / f"{index.generation}-{name.replace(' ', '-')}"
    if not folder.exists():
        building = folder.with_name(f"{folder.name}.building")
        shutil.rmtree(building, ignore_errors=True)
        building.mkdir(parents=True)
        advance = bars(name, len(index.documents))
        with IndexWriter(building, index.dim) as writer:
            for document, vectors in VARIANTS[name](index, retriever.embedder):
                writer.add(document, vectors)
                advance()
        if name == ANALYSIS:
            _take_the_rest(building, index)
        building.replace(folder)
    return Retriever(open_index(folder), retriever.embedder)


def _take_the_rest(building: Path, index: Index) -> None:
    """Only the terms are another analysis's; texts and vectors are those of the index."""
    for path in index.folder.iterdir():
        if path.name not in _LEXICAL:
            target = building / path.name
            if path.is_dir():
                shutil.rmtree(target)
                shutil.copytree(path, target)
            else:
                shutil.copy(path, target)


def _documents(index: Index) -> Iterator[tuple[IndexedDocument, tuple[Chunk, ...], list[PassageVectors]]]:
    for number, document in enumerate(index.documents):
        vectors = [index.passage_vectors(row) for row in index.rows_of(number)]
        yield document, index.document_chunks(number), vectors


def _without_context_in_vectors(index: Index, embedder: Embedder) -> Written:
    for document, chunks, _ in _documents(index):
        passages = [passage_of(replace(chunk, heading_path=()), "") for chunk in chunks]
        vectors = embedder.embed_passages(passages)
        yield replace(document, chunks=chunks), [packed(p, v) for p, v in zip(passages, vectors, strict=True)]


def _without_context_in_words(index: Index, _: Embedder) -> Written:
    for document, chunks, vectors in _documents(index):
        bare = tuple(replace(chunk, heading_path=()) for chunk in chunks)
        yield replace(document, record=replace(document.record, title=""), chunks=bare), vectors


def _without_analysis(index: Index, _: Embedder) -> Written:
    for document, chunks, vectors in _documents(index):
        record = replace(document.record, title=plain_words(document.record.title))
        yield replace(document, record=record, chunks=tuple(map(_plain, chunks))), vectors


def _plain(chunk: Chunk) -> Chunk:
    plain = replace(chunk, text=plain_words(chunk.text), heading_path=tuple(map(plain_words, chunk.heading_path)))
    # "e|g." ends a sentence where "e.g." does not: such a passage is left as it is, so that units stay in step.
    return plain if len(unit_spans(plain)) == len(unit_spans(chunk)) else chunk


ANALYSIS = "identifiers as terms"
VARIANTS: Mapping[str, Callable[[Index, Embedder], Written]] = {
    "title and headings in vectors": _without_context_in_vectors,
    "title and headings in words": _without_context_in_words,
    ANALYSIS: _without_analysis,
}
