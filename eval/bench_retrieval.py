"""Retrieval on a public benchmark in BEIR's form, through the product's own ingestion, index and search.

    python -m eval.bench_retrieval --beir DIR [--work DIR]

DIR holds corpus.jsonl, queries.jsonl and qrels/test.tsv. Each text becomes an HTML document that is ingested into
WORK, once; our search runs with the weights that the product has. The figure is nDCG@10 over documents, with gains
as trec_eval takes them (linear), beside vectors alone, BM25 alone and the sum of both over the same passages.
"""

import argparse
import html
import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import log2
from pathlib import Path
from urllib.parse import quote, unquote

import numpy as np
from rich.console import Console
from rich.table import Table

from app.access import Reader
from app.library import Library
from app.question import Question, read_question
from app.retrieve import Filters, Retriever
from eval.options import Parser, exit_code_of
from eval.progress import progress_bars
from eval.stats import percentile
from ingest.errors import CaseError
from ingest.index import Rows, Scores
from ingest.run import run_ingest
from ingest.settings import load_settings
from ingest.show import Bars
from ingest.task import Options

DEPTH = 10
POOL = 150  # passages; enough for ten documents
Search = Callable[[Question], Sequence[str]]
"""Documents for a question, best first."""


@dataclass(frozen=True, slots=True)
class Topic:
    """A question, and the gain of each document that answers it."""

    text: str
    gains: Mapping[str, int]


def main(arguments: Sequence[str] | None = None) -> int:
    """Ingest where needed, run every search over every judged question, print the table."""
    parser = Parser(prog="python -m eval.bench_retrieval", description="nDCG@10 on a benchmark in BEIR's form.")
    parser.add_argument("--beir", type=Path, required=True, help="folder with corpus.jsonl, queries.jsonl, qrels/")
    parser.add_argument("--work", type=Path, default=Path(".eval/beir"), help="where documents and index are made")
    return exit_code_of(print_scores, parser.parse_args(arguments))


def print_scores(options: argparse.Namespace) -> None:
    """The whole benchmark; raises CaseError or an error of ingestion."""
    topics = read_topics(options.beir)
    retriever = open_index_of(options.beir, options.work)
    table = Table("search", "nDCG@10", "p50 ms")
    with progress_bars() as bars:
        for name, search in systems(retriever).items():
            advance = bars(name, len(topics))
            scores, seconds = [], []
            for topic in topics:
                started = time.perf_counter()
                found = search(read_question(topic.text))
                seconds.append(time.perf_counter() - started)
                scores.append(ndcg(found, topic.gains))
                advance()
            table.add_row(name, f"{np.mean(scores):.4f}", f"{1000 * percentile(seconds, 0.5):.0f}")
    index = retriever.index
    Console().print(f"{len(topics)} questions, {len(index.documents)} documents, {len(index)} passages", table)


def read_topics(folder: Path) -> list[Topic]:
    """The judged questions of the test split; CaseError where the folder isn't in BEIR's form."""
    gains: dict[str, dict[str, int]] = {}
    try:
        for line in (folder / "qrels" / "test.tsv").read_text("utf-8").splitlines()[1:]:
            topic, document, gain = line.split("\t")
            gains.setdefault(topic, {})[document] = int(gain)
        texts = {item["_id"]: item["text"] for item in _lines(folder / "queries.jsonl")}
        return [Topic(texts[topic], found) for topic, found in gains.items()]
    except (OSError, ValueError, KeyError) as error:
        raise CaseError(f"{folder} is not a benchmark in BEIR's form: {error}") from error


def open_index_of(folder: Path, work: Path) -> Retriever:
    """The retriever over the benchmark's texts; a second run finds them ingested."""
    documents = work / "documents"
    documents.mkdir(parents=True, exist_ok=True)
    for item in _lines(folder / "corpus.jsonl"):
        path = documents / f"{quote(item['_id'], safe='')}.html"
        if not path.exists():
            title, text = html.escape(item.get("title", "")), html.escape(item["text"])
            heading = f"<title>{title}</title>" if title else ""
            path.write_text(f"<html><head>{heading}</head><body><p>{text}</p></body></html>", encoding="utf-8")
    settings = load_settings(corpus=str(documents), index=work / "index")
    with Bars() as bars:
        run_ingest(settings, Options(), bars)
    return Library(settings.index, settings.models).current()


def systems(retriever: Retriever) -> dict[str, Search]:
    """Our search and the usual ones."""
    return {
        "ours": _ours(retriever),
        "vectors alone": lambda question: _documents(retriever, _dense(retriever, question)),
        "BM25 alone": lambda question: _documents(retriever, _lexical(retriever, question)),
        "vectors + BM25, min-max": lambda question: _documents(retriever, _fused(retriever, question)),
    }


def ndcg(found: Sequence[str], gains: Mapping[str, int]) -> float:
    """nDCG@10 of documents, best first."""
    gained = sum(gains.get(document, 0) / log2(rank + 2) for rank, document in enumerate(found[:DEPTH]))
    ideal = sorted(gains.values(), reverse=True)[:DEPTH]
    return gained / sum(gain / log2(rank + 2) for rank, gain in enumerate(ideal))


def _ours(retriever: Retriever) -> Search:
    def search(question: Question) -> Sequence[str]:
        # A hit is a passage: three a document are enough to come by ten documents.
        hits = retriever.search(question, Filters(), Reader("bench"), 3 * DEPTH).hits
        return list(dict.fromkeys(document_name(hit.doc) for hit in hits))

    return search


def _dense(retriever: Retriever, question: Question) -> Scores:
    vector = retriever.embedder.embed_query(question.text)
    index = retriever.index
    rows, similarities = index.search_dense(vector, np.ones(len(index), dtype=bool), POOL)
    scores = np.full(len(index), -np.inf, dtype=np.float32)
    scores[rows] = similarities
    return scores


def _lexical(retriever: Retriever, question: Question) -> Scores:
    return retriever.index.score_passages(question.searched)


def _fused(retriever: Retriever, question: Question) -> Scores:
    index = retriever.index
    vector = retriever.embedder.embed_query(question.text)
    lexical = _lexical(retriever, question)
    near, _ = index.search_dense(vector, np.ones(len(index), dtype=bool), POOL)
    rows = np.union1d(near, np.argsort(-lexical)[:POOL])
    scores = np.full(len(index), -np.inf, dtype=np.float32)
    scores[rows] = _scaled(index.vectors(rows) @ vector) + _scaled(lexical[rows])
    return scores


def _scaled(scores: Scores) -> Scores:
    low, high = scores.min(), scores.max()
    return (scores - low) / (high - low) if high > low else np.zeros_like(scores)


def _documents(retriever: Retriever, scores: Scores) -> list[str]:
    """The documents of the best passages (chunks,), best first."""
    rows: Rows = np.argsort(-scores, kind="stable")[:POOL]
    index = retriever.index
    return list(dict.fromkeys(document_name(index.documents[int(index.document_of[row])].record.file) for row in rows))


def document_name(file: str) -> str:
    """The benchmark's name of the document that was ingested from `file`."""
    return unquote(file.removesuffix(".html"))


def _lines(path: Path) -> Iterable[dict[str, str]]:
    with path.open(encoding="utf-8") as stream:
        for line in stream:
            yield json.loads(line)


if __name__ == "__main__":
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    sys.exit(main())
