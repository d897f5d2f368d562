"""What is embedded for a chunk: its text in context, the units and words in it, and the vectors they come back as."""

import hashlib
import json

from ingest.chunk import Chunk, context
from ingest.embed import Passage
from ingest.embed_pool import Vectors
from ingest.index_form import PassageVectors
from ingest.units import unit_spans
from ingest.words import content_words, pack


def passage_of(chunk: Chunk, title: str) -> Passage:
    """What is embedded for a chunk: its text in context, and its units' and words' places in that."""
    text = context(chunk, title)
    shift = len(text) - len(chunk.text)
    units = tuple((span.start + shift, span.end + shift) for span in unit_spans(chunk))
    return Passage(text, units, tuple((start + shift, end + shift) for start, end in content_words(chunk.text)))


def passage_key(chunk: Chunk, title: str) -> bytes:
    """The same for two chunks only if passage_of is: it covers all that units and words are made from."""
    parts = [(part.start, part.end, part.kind) for part in chunk.parts]
    content = [context(chunk, title), chunk.kind, chunk.text, parts]
    return hashlib.sha256(json.dumps(content).encode()).digest()


def packed(passage: Passage, vectors: Vectors) -> PassageVectors:
    """The vectors of a passage (1 + spans, dim) as the index stores them."""
    count = 1 + len(passage.units)
    return PassageVectors(vectors[:count], pack(vectors[count:]))
