"""The tests' embedder: vectors from the words alone, without weights."""

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ingest.embed import WORD_HASH, Passage, Progress, embedder_info
from ingest.embed_pool import Vectors


class WordHashEmbedder:
    """For tests: each word and its stem-like beginning is hashed to one of 256 dimensions.

    Texts that share words are near each other, as with a real model, but synonyms are not; it needs no weights.
    """

    info = embedder_info(WORD_HASH, models=Path())

    def embed_documents(self, texts: Sequence[str], *, progress: Progress = lambda _: None) -> Vectors:
        """Vectors of shape (len(texts), 256)."""
        vectors = np.stack([self.embed_query(text) for text in texts]) if texts else np.zeros((0, self.info.dim))
        progress(len(texts))
        return vectors.astype(np.float32)

    def embed_passages(self, passages: Sequence[Passage], *, progress: Progress = lambda _: None) -> list[Vectors]:
        """For each passage (1 + spans, 256)."""
        progress(len(passages))
        return [
            np.stack([self.embed_query(p.text), *(self.embed_query(p.text[a:b]) for a, b in p.spans)]) for p in passages
        ]

    def embed_query(self, text: str) -> Vectors:
        """One vector of shape (256,)."""
        vector = np.zeros(self.info.dim, dtype=np.float32)
        for word in re.findall(r"\w+", text.lower()):
            for token in (word, word[:5]):
                vector[int.from_bytes(hashlib.blake2b(token.encode(), digest_size=2).digest()) % self.info.dim] += 1
        norm = float(np.linalg.norm(vector))
        if norm == 0:
            vector[0] = norm = 1.0
        return np.asarray(vector / norm, dtype=np.float32)
