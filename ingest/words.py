"""The words of a passage, each with a small vector of its own: late interaction at a fraction of its usual size.

A question is compared word by word (Khattab and Zaharia, ColBERT, 2020): each of its words with the nearest word of
the passage, in context. Stop words of a passage are left out, and the vectors are folded to WORD_DIM bytes.
"""

import re
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ingest.lexical import analyse

WORD_DIM = 128
WordBytes = NDArray[np.int8]
_WORD = re.compile(r"\w+(?:[.,:/-]\w+)*")


def all_words(text: str) -> tuple[tuple[int, int], ...]:
    """The (start, end) offsets of every word; a code, number or hyphenated word is one."""
    return tuple(found.span() for found in _WORD.finditer(text))


@lru_cache(maxsize=20_000)
def content_words(text: str) -> tuple[tuple[int, int], ...]:
    """The words that are no stop words."""
    return tuple((start, end) for start, end in all_words(text) if analyse(text[start:end]))


def fold(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Vectors (n, dim) as unit vectors (n, WORD_DIM): signed sums of neighbouring dimensions.

    The coordinates of an embedding have no order, so this is a random projection: it keeps angles nearly as they are
    and, other than one learned from the texts, is the same for every index.
    """
    count, dim = vectors.shape
    step = -(-dim // WORD_DIM)
    padded = np.zeros((count, WORD_DIM * step), dtype=np.float32)
    padded[:, :dim] = vectors
    padded[:, 1::2] *= -1
    folded = padded.reshape(count, WORD_DIM, step).sum(axis=2)
    return np.asarray(folded / np.maximum(np.linalg.norm(folded, axis=1, keepdims=True), 1e-9), dtype=np.float32)


def pack(vectors: NDArray[np.float32]) -> WordBytes:
    """Word vectors (n, dim) as they are stored, (n, WORD_DIM): 1.0 is 127."""
    return np.round(fold(vectors) * 127).astype(np.int8)


def match(question: NDArray[np.float32], words: WordBytes) -> NDArray[np.float32]:
    """The cosine of each question word, folded (m, WORD_DIM), with each stored word (n, WORD_DIM): (m, n)."""
    return np.asarray(question @ words.T.astype(np.float32) / 127, dtype=np.float32)
