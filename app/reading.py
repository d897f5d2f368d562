"""A second look at the best passages: a small model reads question and passage together, as a cross-encoder does.

The vectors that the index holds were made before anyone asked. Read together with the question, each word of a passage
is seen in its light, so that sentences of the same words are told apart. As this costs a pass of the model a passage,
only those of the best units are read.
"""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from ingest.embed import Embedder, EmbedderInfo, Passage, load_embedder
from ingest.index import Scores

_BETWEEN = " [SEP] "  # the tokenizer's own mark between two texts


class PassageReader:
    """Tells how well each unit of a passage answers a question; thread-safe."""

    def __init__(self, model: Embedder) -> None:
        self._model = model

    @property
    def info(self) -> EmbedderInfo:
        """Which model reads; cheap."""
        return self._model.info

    def read(self, question: str, passages: Sequence[Passage]) -> list[Scores]:
        """For each passage the cosines (units,) of the question and its units, as the model sees them together."""
        return [vectors[2:] @ vectors[1] for vectors in self._model.embed_passages(joint(question, passages))]


def joint(question: str, passages: Sequence[Passage]) -> list[Passage]:
    """The question followed by each passage, with the question and the passage's units as spans."""
    text = question.replace("[", "(").replace("]", ")")  # nobody's words are the tokenizer's marks
    shift = len(text) + len(_BETWEEN)
    return [
        Passage(
            f"{text}{_BETWEEN}{passage.text.replace('[', '(').replace(']', ')')}",
            ((0, len(text)), *((start + shift, end + shift) for start, end in passage.units)),
        )
        for passage in passages
    ]


@cache
def load_passage_reader(name: str, models: Path) -> PassageReader | None:
    """The reader of that name or folder, None for "none"; raises ModelError. One thread, as for questions."""
    return PassageReader(load_embedder(name, models=models, threads=1)) if name != "none" else None
