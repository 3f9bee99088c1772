"""The store as a retriever of langchain-core."""

import ast
import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import RunnableLambda
from langchain_core.tracers import BaseTracer
from langsmith.utils import get_env_var
from searching import WordVectors, call_of

import coach
from coach.config import StoreConfig
from coach.retrieval.index import Index
from coach.retrieval.langchain import CallRetriever
from coach.store import open_store, parse_where
from coach.types import Metadata, Turn

EMBEDDER = WordVectors()


@pytest.fixture
def retriever(tmp_path: Path) -> CallRetriever:
    store = open_store(tmp_path, StoreConfig())
    store.set_embedding_model(EMBEDDER.name)
    started = datetime(2026, 3, 4, 9, 30, tzinfo=UTC)
    known = Metadata(started_at=started, agent="Ann", team="north", resolved=False, extra={"region": "coast"})
    voice = [Turn("agent", "What happened?", 0.0, 1.0), Turn("customer", "The modem is dead.", 1.5, 4.0)]
    store.save_call(call_of(EMBEDDER, "voice", voice, known))
    store.save_call(call_of(EMBEDDER, "chat", [Turn("customer", "My modem blinks.")], Metadata(medium="chat")))
    return CallRetriever(store=store, index=Index.open(tmp_path / "index"), embedder=EMBEDDER)


def test_documents_say_what_was_said_where_and_by_whom(retriever: CallRetriever) -> None:
    documents = {document.metadata["call"]: document for document in retriever.invoke("modem is dead")}
    voice = documents["voice"]
    assert voice.page_content == "What happened?\nThe modem is dead."
    similarity = voice.metadata.pop("similarity")
    assert 0 < similarity <= 1
    assert voice.metadata == {
        "call": "voice",
        "start": 0.0,
        "end": 4.0,
        "turns": [0, 1],
        "medium": "voice",
        "agent": "Ann",
        "team": "north",
        "resolved": False,
        "started_at": "2026-03-04T09:30:00+00:00",
        "region": "coast",
    }
    assert documents["chat"].metadata["medium"] == "chat"
    assert "agent" not in documents["chat"].metadata


def test_it_takes_filters_and_a_number(retriever: CallRetriever) -> None:
    filtered = retriever.model_copy(update={"where": parse_where(["medium=chat"])})
    assert [document.metadata["call"] for document in filtered.invoke("modem")] == ["chat"]
    assert len(retriever.model_copy(update={"k": 1}).invoke("modem")) == 1
    assert retriever.invoke("  ") == []


def test_it_works_in_chains_in_batches_and_asynchronously(retriever: CallRetriever) -> None:
    chain = retriever | RunnableLambda(len)
    assert chain.invoke("modem") == 2
    assert [len(found) for found in retriever.batch(["modem", ""])] == [2, 0]
    assert len(asyncio.run(retriever.ainvoke("modem"))) == 2


def test_nothing_is_traced_whatever_the_environment_says(
    retriever: CallRetriever, monkeypatch: pytest.MonkeyPatch
) -> None:
    """langchain-core attaches a tracer that sends queries and documents to LangSmith when these are set."""
    made: list[object] = []

    class Tracer(BaseTracer):
        def __init__(self, **_named: object) -> None:
            super().__init__()
            made.append(self)

        def _persist_run(self, run: object) -> None:
            pass

    monkeypatch.setattr("langchain_core.tracers.langchain.LangChainTracer", Tracer)
    for name in ("LANGSMITH_TRACING", "LANGSMITH_TRACING_V2", "LANGCHAIN_TRACING_V2"):
        monkeypatch.setenv(name, "true")
    get_env_var.cache_clear()
    assert len(retriever.invoke("modem")) == 2
    assert len(asyncio.run(retriever.ainvoke("modem"))) == 2
    assert made == []
    BaseRetriever.invoke(retriever, "modem")
    get_env_var.cache_clear()
    assert made, "otherwise it would have been traced"


def test_no_other_module_imports_langchain() -> None:
    root = Path(coach.__file__).parent
    found = {
        str(file.relative_to(root))
        for file in root.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([node.module or ""] if isinstance(node, ast.ImportFrom) else [each.name for each in node.names])
        if name.split(".")[0].startswith(("langchain", "langsmith"))
    }
    assert found == {"llm.py", "retrieval/langchain.py"}
