"""The retriever as LangChain knows it."""

from typing import Any

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import ConfigDict

from app.access import Reader
from app.question import read_question
from app.retrieve import Filters, Hit


class ProceduresRetriever(BaseRetriever):
    """Hits as LangChain documents; metadata carries everything of the hit but its text."""

    model_config = ConfigDict(arbitrary_types_allowed=True)
    retriever: Any
    filters: Filters = Filters()
    reader: Reader = Reader("local")
    k: int = 10

    def _get_relevant_documents(self, query: str, *, run_manager: CallbackManagerForRetrieverRun) -> list[Document]:
        found = self.retriever.search(read_question(query), self.filters, self.reader, self.k)
        return [
            Document(
                page_content=hit.text,
                id=hit.chunk_id,
                metadata={name: getattr(hit, name) for name in Hit.__slots__ if name != "text"},
            )
            for hit in found.hits
        ]
