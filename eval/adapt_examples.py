"""What an embedder is adapted with: questions, the units that answer them, and passages to tell them from."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from app.access import Reader
from app.likeness import weigh_words, words_of_units
from app.question import read_question
from app.retrieve import Filters, Retriever
from app.terms import Terms, weigh_terms, words_of
from eval.cases import Case, Gold
from eval.relevance import HALF
from eval.words import MIN_RUN, overlap, words
from ingest.embed import Passage
from ingest.embed_pool import Vectors
from ingest.index import Index, Scores
from ingest.lexical import analyse
from ingest.passages import passage_of
from ingest.units import unit_spans, unit_texts

CANDIDATES = 10  # passages that the search finds for a question today: the hardest to tell from the right one
SAME = 0.8  # share of a gold quote's words in a unit, and half of the unit's in the quote: the unit is that quote
PART = 0.9  # share of a unit's words in a gold quote from which the unit is a sentence of it


@dataclass(frozen=True, slots=True)
class Candidate:
    """A passage of the index: what is embedded of it, its units' vectors there (units, dim), for each unit its words
    (positions in `passage.words`) and the terms by which it is found, and its headings' terms."""

    document: str
    passage: Passage
    vectors: Vectors
    words: tuple[tuple[int, ...], ...]
    terms: tuple[frozenset[str], ...]
    around: frozenset[str]


@dataclass(frozen=True, slots=True)
class Lesson:
    """A question: what is embedded of it, its words' shares (m,), its terms, the (row, unit) that answer it (none where
    nothing does), and the rows of passages to tell them from."""

    passage: Passage
    shares: Scores
    terms: Terms
    answers: frozenset[tuple[int, int]]
    rows: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Lessons:
    """The lessons of one library, and every passage of it that they speak of, by its row."""

    lessons: tuple[Lesson, ...]
    candidates: dict[int, Candidate]

    def document(self, lesson: Lesson) -> str:
        """The document of the (first) answer, or the nearest one; lessons are divided by it, so that none is tested on
        what it learned."""
        row = min(lesson.answers)[0] if lesson.answers else lesson.rows[0]
        return self.candidates[row].document


def make_lessons(cases: Sequence[Case], retriever: Retriever, *, unanswered: bool = False) -> Lessons:
    """The answerable cases whose gold quotes stand in the index, as lessons; those that nothing answers if wanted."""
    index = retriever.index
    places = _places(index)
    taught = [case for case in cases if case.answerable or unanswered]
    lessons = tuple(lesson for case in taught if (lesson := _lesson(case, retriever, places)))
    rows = sorted({row for lesson in lessons for row in (*lesson.rows, *(row for row, _ in lesson.answers))})
    return Lessons(lessons, {row: _candidate(index, row) for row in rows})


def _lesson(case: Case, retriever: Retriever, places: dict[str, list[tuple[int, int, str]]]) -> Lesson | None:
    golds = case.gold if case.answerable else ()
    answers = frozenset(place for gold in golds for place in _units_of(gold, places))
    if case.answerable and not answers:
        return None
    question = read_question(case.question, case.history)
    filters = Filters(case.as_of or date.today(), case.rails, case.regions)
    found = retriever.search(question, filters, Reader("adapt", frozenset(case.readers or ())), CANDIDATES)
    rows = tuple(row for hit in found.hits if (row := retriever.index.row(hit.chunk_id)) is not None)
    if not (answers or rows):
        return None
    passage, shares = weigh_words(question, retriever.index)
    terms = weigh_terms(question, retriever.index)
    return Lesson(passage, shares, terms, answers, rows)


def _places(index: Index) -> dict[str, list[tuple[int, int, str]]]:
    """Every unit of the index, by its document: row, number of the unit, text."""
    places: dict[str, list[tuple[int, int, str]]] = {}
    for row in range(len(index)):
        chunk = index.chunks([row])[0]
        file = index.documents[int(index.document_of[row])].record.file
        for number, span in enumerate(unit_spans(chunk)):
            places.setdefault(file, []).append((row, number, chunk.text[span.start : span.end]))
    return places


def _units_of(gold: Gold, places: dict[str, list[tuple[int, int, str]]]) -> Iterator[tuple[int, int]]:
    for row, number, text in places.get(gold.doc, ()) if gold.quote else ():
        quoted, covered = overlap(gold.quote, text), overlap(text, gold.quote)
        if (quoted >= SAME and covered >= HALF) or (covered >= PART and len(words(text)) >= MIN_RUN):
            yield row, number


def _candidate(index: Index, row: int) -> Candidate:
    chunk = index.chunks([row])[0]
    record = index.documents[int(index.document_of[row])].record
    return Candidate(
        document=record.file,
        passage=passage_of(chunk, record.title),
        vectors=index.unit_vectors(row),
        words=tuple(tuple(int(word) for word in inside.nonzero()[0]) for inside in words_of_units(chunk)),
        terms=tuple(frozenset(analyse(text)) for text in unit_texts(chunk)),
        around=words_of(f"{' > '.join(chunk.heading_path)}\n{record.title}"),
    )
