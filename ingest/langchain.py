"""The project's embedders as LangChain `Embeddings`, for anyone who builds on LangChain."""

from langchain_core.embeddings import Embeddings

from ingest.embed import Embedder


class EmbedderEmbeddings(Embeddings):
    """LangChain's view of an Embedder."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """One vector a text, L2-normalised."""
        vectors: list[list[float]] = self._embedder.embed_documents(texts).tolist()
        return vectors

    def embed_query(self, text: str) -> list[float]:
        """The vector of a question, L2-normalised."""
        vector: list[float] = self._embedder.embed_query(text).tolist()
        return vector
