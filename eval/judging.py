"""RAGAS's scores for rows: without a model for every row, by the judge for the answered ones."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from app.answer import Answer
from eval.answers import citations_of, shown_text
from eval.ranking import DEPTH, passage_of
from eval.relevance import finds, units
from eval.run import map_workers
from eval.stored import Stored
from eval.summary import Row
from ingest.errors import LLMError

if TYPE_CHECKING:
    from eval.judge import Judge, Sample

Item = TypeVar("Item")
JUDGED = (
    "faithfulness",
    "answer_relevancy",
    "context_precision",
    "context_recall",
    "factual_correctness",
    "noise_sensitivity",
)
_NEED_REFERENCE = frozenset({"context_precision", "context_recall", "factual_correctness", "noise_sensitivity"})
MIN_CONTEXT = 200  # characters; a shorter rest of a passage is no evidence
_CONTROLS = (
    "The letter of credit desk opens at 07:30 and the duty manager holds the key.",
    "A returned cheque is filed under the customer's account number.",
    "Two approvers release every foreign exchange deal above one million dollars.",
    "The archive keeps signed mandates for seven years after the account is closed.",
)


def score_contexts(rows: Sequence[Row]) -> list[Row]:
    """RAGAS's metrics without a model, beside ours; pages or sections are the ids."""
    from eval.judge import context_scores  # noqa: PLC0415  # RAGAS takes seconds to import

    scored = []
    for row in rows:
        answer = row.outcome.answer
        if answer is not None and row.case.answerable and row.case.gold:
            found = context_scores(_context_ids(row, answer), _context_texts(row, answer))
            row = replace(row, scores={**row.scores, **found})  # noqa: PLW2901  # the scored row takes its place
        scored.append(row)
    return scored


def _context_ids(row: Row, answer: Answer) -> tuple[list[str], list[str]]:
    wanted = units(row.case.gold, "place")
    retrieved = []
    for hit in answer.hits[:DEPTH]:
        passage = passage_of(hit)
        gold = next((f"gold {i}" for i, unit in enumerate(wanted) if finds(passage, unit, "place")), "")
        retrieved.append(gold or f"{hit.doc}#{hit.page}#{hit.section}")
    return retrieved, [f"gold {i}" for i, unit in enumerate(wanted) if unit.required]


def _context_texts(row: Row, answer: Answer) -> tuple[list[str], list[str]]:
    return [hit.text for hit in answer.hits[:DEPTH]], [gold.quote for gold in row.case.required if gold.quote]


def contexts_of(answer: Answer, stored: Stored, most: int) -> tuple[str, ...]:
    """What the answer was drawn from: the cited passages whole, then the other hits by rank, in `most` characters."""
    cited = dict.fromkeys(citation.chunk_id for citation in citations_of(answer))
    passages = [text for chunk in cited if (text := stored.stored_text(chunk))]
    others = [hit.text for hit in answer.hits if not {hit.chunk_id, *hit.chunk_ids} & set(cited)]
    kept: list[str] = []
    for text in (*passages, *others):
        left = most - sum(map(len, kept))
        if left < MIN_CONTEXT and kept:
            break
        kept.append(text[:left])
    return tuple(kept)


@dataclass(frozen=True, slots=True)
class JudgedScorer:
    """Adds `judge_*` scores to answered rows; refusals are left to the abstention metrics."""

    judges: Sequence["Judge"]
    metrics: Sequence[str]
    stored: Stored
    context_chars: int = 6000
    workers: int = 1
    sample: int | None = None
    progress: Callable[[], None] = lambda: None

    def __call__(self, rows: Sequence[Row]) -> list[Row]:
        """The rows with their scores; whatever could not be scored stands in `unscored`."""
        sampled = spread(answered(rows), self.sample)
        map_workers(self._prepare, sampled, self.workers)
        chosen = {row.case.id for row in sampled}
        return map_workers(lambda row: self._judge(row) if row.case.id in chosen else row, rows, self.workers)

    def _prepare(self, row: Row) -> None:
        if row.outcome.answer is not None:
            for name in self.metrics:
                for judge in self.judges:
                    judge.prepare(name, self._sample(row, row.outcome.answer))

    def _judge(self, row: Row) -> Row:
        answer = row.outcome.answer
        if answer is not None:
            for name in self.metrics:
                if name not in _NEED_REFERENCE or (row.case.answerable and row.case.reference):
                    row = self._measure(row, name, self._sample(row, answer))
        self.progress()
        return row

    def _sample(self, row: Row, answer: Answer) -> "Sample":
        from eval.judge import Sample  # noqa: PLC0415  # RAGAS takes seconds to import

        contexts = contexts_of(answer, self.stored, self.context_chars)
        return Sample(row.case.question, shown_text(answer), contexts, row.case.reference)

    def _measure(self, row: Row, name: str, sample: "Sample") -> Row:
        try:
            values = [judge.measure(name, sample) for judge in self.judges]
        except LLMError as error:
            return replace(row, unscored={**row.unscored, f"judge_{name}": str(error)})
        key = f"judge_{name}"
        return replace(
            row,
            scores={**row.scores, key: sum(values) / len(values)},
            spread={**row.spread, key: max(values) - min(values)},
        )


def answered(rows: Sequence[Row]) -> list[Row]:
    """The rows with an answer that says something, which is what a judge can score, by category and id."""
    said = [row for row in rows if row.outcome.answer is not None and not row.abstained]
    return sorted(said, key=lambda row: (row.case.group, row.case.id))


def spread(items: Sequence[Item], most: int | None) -> list[Item]:
    """At most `most` of the items, evenly spread over them, always the same ones."""
    if most is None or len(items) <= most:
        return list(items)
    return [items[i * len(items) // most] for i in range(most)]


def check_controls(judge: "Judge") -> str:
    """An empty string if the judge can tell yes from no on easy questions, else why its scores mean nothing.

    A judge that always says yes passes every threshold; so before it scores anything it is asked about statements
    that stand in their evidence and statements that have nothing to do with it.
    """
    try:
        yes = sum(judge.supports(text, text) for text in _CONTROLS)
        no = sum(not judge.supports(text, _CONTROLS[i - 1]) for i, text in enumerate(_CONTROLS))
    except LLMError as error:
        return f"the judge failed its control questions: {error}"
    n = len(_CONTROLS)
    if min(yes, no) < n - 1:
        return f"the judge got {yes} of {n} true and {no} of {n} false control questions right"
    return ""
