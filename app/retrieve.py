"""Question -> hits: filters inside the search, lexical and dense scores fused, versions in force only.

Candidates come from three searches (nearest vectors, BM25 of passages, BM25 of whole sections); `app.rank` orders
them. A hit is the best passage with its neighbours in the section.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

import numpy as np

from app.access import Reader, may_read
from app.likeness import QuestionVectors, embed_question
from app.question import Question
from app.rank import WEIGHTS, rank
from app.reading import PassageReader
from app.rerank import Reranker
from ingest.chunk import Chunk
from ingest.embed import Embedder
from ingest.index import Index, IndexedDocument, Mask, Rows, Scores

CANDIDATES = 150  # of each search
OTHER_CANDIDATES = 10  # among versions that are not in force
WINDOW_CHARS = 2400  # a hit is the best passage with its neighbours in the section, up to this length


@dataclass(frozen=True, slots=True)
class Filters:
    """What a question is limited to; empty means no limit. Names are the register's, in lower case."""

    as_of: date | None = None  # None is today
    rails: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    doc_types: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Hit:
    """The best passage of a section with its neighbours, as `text`.

    `doc` is the path below the ingested folder, `page` the 1-based index of the best passage's page or None.
    `chunk_id` is the best passage, `chunk_ids` all of them in reading order. `score` is the fused score (0 to 1),
    `similarity` the cosine of question and best passage.
    """

    doc: str
    doc_id: str
    version: str
    title: str
    section: str
    page: int | None
    page_label: str
    text: str
    score: float
    chunk_id: str
    similarity: float = 0.0
    chunk_ids: tuple[str, ...] = ()

    @property
    def with_headings(self) -> str:
        """The text, then the headings and the title that say what it is about."""
        return f"{self.text}\n{self.section}\n{self.title}"


@dataclass(frozen=True, slots=True)
class Retrieval:
    """Hits in force, best first, and the best hit among versions that are not in force (or None)."""

    hits: tuple[Hit, ...]
    out_of_force: Hit | None
    documents_searched: int
    known: frozenset[str]  # the question's terms that any permitted passage in force has, themselves or by a synonym
    vector: QuestionVectors


class Retriever:
    """Searches one opened index; thread-safe."""

    def __init__(
        self,
        index: Index,
        embedder: Embedder,
        weights: Mapping[str, float] = WEIGHTS,
        reranker: Reranker | None = None,
        passage_reader: PassageReader | None = None,
    ) -> None:
        self.index = index
        self.embedder = embedder
        self.weights = weights
        self.reranker = reranker
        self.passage_reader = passage_reader
        self._mask = lru_cache(maxsize=256)(self._permitted)

    def search(self, question: Question, filters: Filters, reader: Reader, k: int = 10) -> Retrieval:
        """The k best permitted passages in force on the as-of date (today by default)."""
        on = filters.as_of or date.today()
        in_force = self._mask(filters, reader.groups, on, True)
        others = self._mask(filters, reader.groups, on, False)
        vectors = embed_question(question, self.embedder, self.index)
        candidates = [
            self._candidates(question, vectors, in_force, CANDIDATES),
            self._candidates(question, vectors, others, OTHER_CANDIDATES),
        ]
        rows, scores = rank(question, vectors, self.index, np.concatenate(candidates), self.weights)
        if self.reranker:
            rows, scores = self.reranker.rerank(question.text, self.index, rows, scores)
        governs = in_force[rows]
        better = len(rows) and not governs[0]  # it would have come first, had it been in force
        return Retrieval(
            hits=tuple(self._hits(vectors, rows[governs], scores[governs], k)),
            out_of_force=self._hits(vectors, rows[:1], scores[:1], 1)[0] if better else None,
            documents_searched=self.index.count_documents(in_force),
            known=frozenset(group[0] for group in question.searched if self.index.stands_in(group, in_force)),
            vector=vectors,
        )

    def _permitted(self, filters: Filters, groups: frozenset[str], on: date, in_force: bool) -> Mask:
        reader = Reader("", groups)

        def permitted(document: IndexedDocument) -> bool:
            record = document.record
            governs = record.in_force(on)
            return (
                (governs if in_force else not governs and record.status in ("approved", "superseded"))
                and may_read(reader, record.readers)
                and _within(record.rails, filters.rails)
                and _within(record.regions, filters.regions)
                and (not filters.doc_types or record.doc_type in filters.doc_types)
            )

        return self.index.rows_where(permitted)

    def candidates(self, question: Question, filters: Filters, reader: Reader) -> tuple[QuestionVectors, Rows]:
        """The question's vectors, and the permitted rows in force that any of the three searches brings."""
        vectors = embed_question(question, self.embedder, self.index)
        allowed = self._mask(filters, reader.groups, filters.as_of or date.today(), True)
        return vectors, self._candidates(question, vectors, allowed, CANDIDATES)

    def _candidates(self, question: Question, vectors: QuestionVectors, allowed: Mask, count: int) -> Rows:
        if not allowed.any():
            return np.zeros(0, dtype=np.int64)
        dense, _ = self.index.search_dense(vectors.whole, allowed, count)
        passage = np.where(allowed, self.index.score_passages(question.searched), 0)
        section = np.where(allowed, self.index.score_sections(question.searched), 0)
        return np.unique(np.concatenate([dense, _top(passage, count), _top(section, count)]))

    def _hits(self, vectors: QuestionVectors, rows: Rows, scores: Scores, k: int) -> list[Hit]:
        """The k best windows; a passage that an earlier window shows does not come again."""
        hits: list[Hit] = []
        shown: set[str] = set()
        for row, score in zip(rows, scores, strict=True):
            if self.index.chunk_ids[row] not in shown:
                window = self._window(int(row), shown)
                shown.update(chunk.id for chunk in window)
                similarity = float(self.index.vectors([row])[0] @ vectors.whole)
                hits.append(self._hit(int(row), window, float(score), similarity))
            if len(hits) == k:
                break
        return hits

    def _window(self, row: int, shown: set[str]) -> list[Chunk]:
        """The passage and its neighbours in the section, nearest first, while they fit."""
        best = self.index.chunks([row])[0]
        section = self.index.section(best.section_id)
        at = next(i for i, chunk in enumerate(section) if chunk.id == best.id)
        first = last = at
        size = len(best.text)
        grown = True
        while grown:
            grown = False
            for step in (last + 1, first - 1):
                fits = 0 <= step < len(section) and section[step].id not in shown
                if fits and size + len(section[step].text) <= WINDOW_CHARS:
                    size += len(section[step].text)
                    first, last = min(first, step), max(last, step)
                    grown = True
        return list(section[first : last + 1])

    def _hit(self, row: int, window: Sequence[Chunk], score: float, similarity: float) -> Hit:
        document = self.index.documents[int(self.index.document_of[row])]
        record = document.record
        best = next(chunk for chunk in window if chunk.id == self.index.chunk_ids[row])
        return Hit(
            doc=record.file,
            doc_id=record.doc_id,
            version=record.version,
            title=record.title,
            section=" > ".join(best.heading_path),
            page=best.page,
            page_label=document.page_label(best.page),
            text="\n".join(chunk.text for chunk in window),
            score=round(score, 6),
            chunk_id=best.id,
            similarity=round(similarity, 6),
            chunk_ids=tuple(chunk.id for chunk in window),
        )


def _within(values: Sequence[str], wanted: Sequence[str]) -> bool:
    return not wanted or not values or any(value in wanted for value in values)


def _top(scores: Scores, count: int) -> Rows:
    count = min(count, int((scores > 0).sum()))
    return np.argpartition(-scores, count - 1)[:count] if count else np.zeros(0, np.int64)
