"""Canary questions: asked of a generation before it is published, so that a bad one is never served.

The file holds cases as JSON lines in the golden-case format; only `question`, `answerable` and the documents of
`gold` are used. They are found with the index alone, dense and lexical ranks fused, so that no more than the
index is judged.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

from ingest.embed import Embedder
from ingest.errors import SettingsError
from ingest.index import Index, Mask
from ingest.lexical import analyse

_DEPTH = 100  # candidates of each search
_FOUND = 5  # passages among which the document must be
_RANK_OFFSET = 60  # of reciprocal-rank fusion


@dataclass(frozen=True, slots=True)
class Canary:
    """A question and the paths of the documents that answer it."""

    question: str
    documents: frozenset[str]


def read_canaries(path: Path) -> list[Canary]:
    """The answerable cases of a file; SettingsError when it can't be read."""
    try:
        cases = [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]
        return [
            Canary(case["question"], frozenset(gold["doc"] for gold in case["gold"]))
            for case in cases
            if case.get("answerable", True)
        ]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SettingsError(f"{path} does not hold canary questions: {error!r}", hint="see INGEST_CANARIES") from error


def missed_canaries(canaries: Sequence[Canary], index: Index, embedder: Embedder, *, today: date) -> list[str]:
    """The questions for which no right document is among the first passages."""
    allowed = index.rows_where(lambda document: document.record.in_force(today))
    return [canary.question for canary in canaries if not _found(canary, index, embedder, allowed)]


def _found(canary: Canary, index: Index, embedder: Embedder, allowed: Mask) -> bool:
    dense, _ = index.search_dense(embedder.embed_query(canary.question), allowed, _DEPTH)
    lexical = np.where(allowed, index.score_passages([(term,) for term in analyse(canary.question)]), -1)
    scores = np.zeros(len(index))
    for ranked in (dense, np.argsort(-lexical, kind="stable")[:_DEPTH]):
        scores[ranked] += 1 / (_RANK_OFFSET + np.arange(1, len(ranked) + 1))
    best = np.argsort(-scores, kind="stable")[:_FOUND]
    return any(index.documents[int(index.document_of[row])].record.file in canary.documents for row in best)
