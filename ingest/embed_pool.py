"""From the vectors of tokens to those of a passage and of the spans in it."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]


def pool_spans(
    whole: Vectors, tokens: Vectors, offsets: Sequence[tuple[int, int]], spans: Sequence[tuple[int, int]]
) -> Vectors:
    """Unit vectors (1 + spans, dim): the passage's `whole`, then the mean of each span's `tokens` (n, dim).

    `offsets` (n) are the tokens' places in the text, (0, 0) for special ones. Spans beyond the model's reach get
    `whole`.
    """
    starts, ends = np.array(offsets).reshape(-1, 2).T
    wanted = np.array(spans, dtype=np.int64).reshape(-1, 2)
    inside = (starts >= wanted[:, :1]) & (ends <= wanted[:, 1:]) & (ends > starts)
    firsts, counts = inside.argmax(axis=1), inside.sum(axis=1)
    # Tokens of a span stand together, so running sums give their mean: a matrix product would wake BLAS's own threads.
    sums = np.vstack([np.zeros(tokens.shape[1]), np.cumsum(tokens, axis=0, dtype=np.float64)])
    means = (sums[firsts + counts] - sums[firsts]) / np.maximum(counts, 1)[:, None]
    vectors = np.vstack([whole, np.where(counts[:, None] > 0, means, whole)])
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)
