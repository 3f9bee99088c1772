"""Searching: the passages of all calls, or of those a filter leaves, nearest in meaning to a query."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from coach.errors import StoreError
from coach.retrieval.embeddings import Embedder
from coach.retrieval.index import Index
from coach.store import Filters, Store, StoredPassage

__all__ = ["Hit", "Index", "embed_query", "search"]

MAX_PER_CALL = 3  # hits of one call in one result, so that no call floods it
MAX_QUERY_CHARS = 10_000  # a query is a sentence or two; what comes after this is not read
OVERSAMPLE = 4  # candidates asked of the approximate index per hit wanted, for the limit per call and for deleted ones
MIN_CANDIDATES = 50
LOOK_UP_BATCH = 256  # passages read from SQL at once


@dataclass(frozen=True, slots=True)
class Hit:
    """One passage found. `first_turn`..`last_turn` are inclusive; times are None in contacts without sound."""

    call: str
    start: float | None
    end: float | None
    first_turn: int
    last_turn: int
    similarity: float
    """Cosine in [0, 1], higher is closer; a negative cosine counts as 0."""
    text: str

    def to_json(self) -> dict[str, Any]:
        """The form `coach search --json` prints."""
        return {
            "call": self.call,
            "start": self.start,
            "end": self.end,
            "turns": [self.first_turn, self.last_turn],
            "similarity": round(self.similarity, 4),
            "text": self.text,
        }


def search(store: Store, index: Index, embedder: Embedder, query: str, k: int = 10, where: Filters = ()) -> list[Hit]:
    """Up to `k` passages nearest to `query`, best first, at most MAX_PER_CALL of one call; none for an empty query.

    With a filter, exact over the passages that SQL leaves; without, the best of an approximate index. Passages that
    were deleted since the index was built never appear, newer ones do. Raises StoreError when the store was embedded
    with another model.
    """
    vector = embed_query(store, embedder, query)
    if vector is None or k <= 0:
        return []
    view = index.view(store)
    if where:
        return _hits(store, *view.rank(vector, store.passage_ids(where)), k)
    n_candidates = max(MIN_CANDIDATES, OVERSAMPLE * k)
    hits = _hits(store, *view.nearest(vector, n_candidates), k)
    n_stored = len(view.newer.ids) + (view.generation.manifest.count if view.generation else 0)
    if len(hits) < k and n_candidates < n_stored:  # a few calls took all candidates, or many were deleted
        hits = _hits(store, *view.rank(vector), k)
    return hits


def embed_query(store: Store, embedder: Embedder, query: str) -> np.ndarray | None:
    """The query's unit vector, float32 (dimension,); None when it has no words or the store has no passages.

    Raises StoreError when the store's passages were embedded with another model: nothing could be compared.
    """
    text = query.strip()[:MAX_QUERY_CHARS]
    model = store.embedding_model()
    if not text or model is None:
        return None
    if model != embedder.name:
        raise StoreError(
            f"The passages here were embedded with {model}, not with {embedder.name}: "
            "set `retrieval.embedding_model` in coach.toml to that model.",
            code="embedding_model",
        )
    vector: np.ndarray = embedder.embed([text])[0]
    return vector


def _hits(store: Store, ids: np.ndarray, similarities: np.ndarray, k: int) -> list[Hit]:
    """The first `k` of the ranked ids that still exist, MAX_PER_CALL a call."""
    hits: list[Hit] = []
    per_call: dict[str, int] = {}
    for first in range(0, len(ids), LOOK_UP_BATCH):
        batch = ids[first : first + LOOK_UP_BATCH].tolist()
        passages = store.get_passages(batch)
        for offset, passage_id in enumerate(batch):
            passage = passages.get(passage_id)
            if passage is None or per_call.get(passage.call, 0) >= MAX_PER_CALL:
                continue
            per_call[passage.call] = per_call.get(passage.call, 0) + 1
            hits.append(_hit(passage, float(similarities[first + offset])))
            if len(hits) == k:
                return hits
    return hits


def _hit(passage: StoredPassage, similarity: float) -> Hit:
    return Hit(
        passage.call, passage.start, passage.end, passage.first_turn, passage.last_turn, similarity, passage.text
    )
