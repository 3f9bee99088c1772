"""The stored calls as a retriever of langchain-core, so that others can search them in chains of their own.

retriever = CallRetriever(store=store, index=Index.open(data / "index"), embedder=load_embedder(), k=5)
documents = retriever.invoke("why do customers leave?")
"""

from typing import Any

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import RunnableConfig
from langsmith import tracing_context
from pydantic import Field, SkipValidation
from typing_extensions import override

from coach.retrieval.embeddings import Embedder
from coach.retrieval.index import Index
from coach.retrieval.search import Hit, search
from coach.store import Filter, Store
from coach.types import Metadata


class CallRetriever(BaseRetriever):
    """Passages of calls as documents, as `coach search` finds them.

    A document's metadata holds `call`, `start` and `end` (seconds, None in contacts without sound), `turns` (first
    and last, inclusive), `similarity` (0..1) and what is known of the call: medium, agent, team ..., `started_at` as
    ISO text, unknown columns under their own names; what is not known is left out. Several threads may share one.
    Its own runs are never traced to a third party, whatever the environment says; a chain that it is put into traces
    as whoever built it decides. Raises StoreError as `search` does.
    """

    store: SkipValidation[Store]
    index: SkipValidation[Index]
    embedder: SkipValidation[Embedder]
    k: int = Field(default=10, ge=1, le=1000)
    where: tuple[Filter, ...] = ()
    """As `coach.store.parse_where` reads them."""

    @override
    def invoke(self, input: str, config: RunnableConfig | None = None, **kwargs: Any) -> list[Document]:
        with tracing_context(enabled=False):
            return super().invoke(input, config, **kwargs)

    @override
    async def ainvoke(self, input: str, config: RunnableConfig | None = None, **kwargs: Any) -> list[Document]:
        with tracing_context(enabled=False):
            return await super().ainvoke(input, config, **kwargs)

    @override
    def _get_relevant_documents(self, query: str, *, run_manager: CallbackManagerForRetrieverRun) -> list[Document]:
        hits = search(self.store, self.index, self.embedder, query, self.k, self.where)
        calls = tuple(dict.fromkeys(hit.call for hit in hits))
        found = self.store.list_calls([Filter("call", "=", calls)]) if calls else []
        known = {summary.id: summary.metadata for summary in found}
        return [_document(hit, known[hit.call]) for hit in hits if hit.call in known]


def _document(hit: Hit, metadata: Metadata) -> Document:
    fields = {name: getattr(metadata, name) for name in Metadata.__slots__ if name not in ("extra", "started_at")}
    if metadata.started_at is not None:
        fields["started_at"] = metadata.started_at.isoformat()
    about = {name: value for name, value in {**metadata.extra, **fields}.items() if value is not None}
    where = {name: value for name, value in hit.to_json().items() if name != "text"}
    return Document(page_content=hit.text, metadata={**about, **where})
