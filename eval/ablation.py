"""What each idea of retrieval is worth: the ranking without it, on the golden cases and on documents of others.

    python -m eval ablate --cases FILE --index DIR [--check CASES INDEX]... [--beir DIR] [--work DIR]

Weights are fitted anew without each feature, always on the golden cases: their column is five-fold cross-validation,
the others are documents that the fit has not seen. Ideas of ingestion are left out by indexing the same passages
without them. The figure is the mean reciprocal rank of the first passage that answers.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console
from rich.table import Table

from app.glossary import Glossary
from app.library import Library
from app.question import Question, Turn, read_question
from app.retrieve import Retriever
from app.settings import load_settings
from eval.bench_retrieval import Topic, document_name, open_index_of, read_topics
from eval.cases import load_cases
from eval.examples import NAMES, Example, Read, Sought, example, mean_reciprocal_rank, sought_by
from eval.options import Parser
from eval.progress import StartBar, progress_bars
from eval.tune import cross_validate, fit
from eval.variants import ANALYSIS, VARIANTS, plain_words, variant
from ingest.errors import CaseError

SYNONYMS = "synonyms"


@dataclass(frozen=True, slots=True)
class Collection:
    """Documents and the questions asked of them."""

    name: str
    retriever: Retriever
    sought: Sequence[Sought]


@dataclass(frozen=True, slots=True)
class Ablation:
    """MRR without one idea: cross-validated on the first collection, with its weights on each of the others."""

    left_out: str
    cross_validated: float
    elsewhere: tuple[float, ...]


def ablate_command(arguments: Sequence[str]) -> int:
    """Print the table; 0, because what is kept is for people to judge."""
    parser = Parser(prog="python -m eval ablate", description="The ranking without each of its ideas.")
    parser.add_argument("--cases", type=Path, required=True)
    parser.add_argument("--index", type=Path, required=True)
    parser.add_argument("--check", nargs=2, type=Path, action="append", default=[], metavar=("CASES", "INDEX"))
    parser.add_argument("--beir", type=Path, help="folder of a benchmark in BEIR's form")
    parser.add_argument("--work", type=Path, default=Path(".eval/ablation"), help="where indexes are made")
    options = parser.parse_args(arguments)
    collections = [_of_cases(options.cases, options.index), *(_of_cases(*check) for check in options.check)]
    if options.beir:
        collections.append(_of_beir(options.beir, options.work / "beir"))
    table = Table("left out", *(f"{one.name} ({len(one.sought)})" for one in collections))
    with progress_bars() as bars:
        for row in ablate(collections, options.work, bars):
            table.add_row(row.left_out or "nothing", *(f"{v:.3f}" for v in (row.cross_validated, *row.elsewhere)))
    Console().print("MRR without each idea; the first column is cross-validated, the others no fit has seen", table)
    return 0


def ablate(collections: Sequence[Collection], work: Path, bars: StartBar) -> Iterator[Ablation]:
    """All ideas, then each feature left out in turn, the synonyms, and the ideas of ingestion."""
    own, *others = [_examples(one, bars) for one in collections]
    for name in ("", *NAMES):
        yield _measure(name, own, others, without=name)
    unread = [_examples(one, bars, read=_without_synonyms) for one in collections]
    yield _measure(SYNONYMS, unread[0], unread[1:])
    for name in VARIANTS:
        read = _plainly if name == ANALYSIS else read_question
        changed = [_examples(one, bars, variant(name, one.retriever, work, bars), read) for one in collections]
        yield _measure(name, changed[0], changed[1:])


def _measure(name: str, own: Sequence[Example], others: Sequence[Sequence[Example]], without: str = "") -> Ablation:
    weights = fit(own, without)
    return Ablation(name, cross_validate(own, without), tuple(mean_reciprocal_rank(one, weights) for one in others))


def _examples(
    collection: Collection, bars: StartBar, retriever: Retriever | None = None, read: Read = read_question
) -> list[Example]:
    advance = bars(collection.name, len(collection.sought))
    found = []
    for one in collection.sought:
        found.append(example(one, retriever or collection.retriever, collection.retriever.index, read))
        advance()
    return found


def _of_cases(cases: Path, index: Path) -> Collection:
    sought = sought_by(load_cases(cases))
    if not sought:
        raise CaseError(f"no answerable case in {cases} names a place")
    return Collection(f"{cases.parent.name}/{cases.stem}", Library(index, load_settings().models).current(), sought)


def _of_beir(folder: Path, work: Path) -> Collection:
    sought = [_of_topic(topic) for topic in read_topics(folder)]
    return Collection(folder.name, open_index_of(folder, work), sought)


def _of_topic(topic: Topic) -> Sought:
    return Sought(topic.text, lambda passage: document_name(passage.doc) in topic.gains)


def _without_synonyms(text: str, history: Sequence[Turn]) -> Question:
    return read_question(text, history, Glossary(()))


def _plainly(text: str, history: Sequence[Turn]) -> Question:
    """The question with the terms of a plain analysis; what is embedded and asked for stays."""
    question, plain = read_question(text, history), read_question(plain_words(text), history)
    return replace(question, terms=plain.terms, searched=plain.searched, keys=plain.keys)
