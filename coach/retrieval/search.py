"""Searching: the passages of all calls, or of those a filter leaves, that speak of what a query says.

Two rankings are fused: by meaning (the cosine of embeddings) and by words (BM25). Meaning finds what was said in other
words, words find names, codes and products that an encoder has never seen.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from coach.errors import StoreError
from coach.retrieval.embeddings import Embedder
from coach.retrieval.fusion import FUSION, Fusion, ranks
from coach.retrieval.index import Index, View, highest
from coach.retrieval.words import content_words
from coach.store import Filters, Store, StoredPassage
from coach.store.filters import SAID, holds

__all__ = ["Found", "Hit", "Index", "embed_query", "find", "search"]

MAX_PER_CALL = 3  # hits of one call in one result, so that no call floods it
MAX_QUERY_CHARS = 10_000  # a query is a sentence or two; what comes after this is not read
DEPTH = 200  # passages that either ranking gives, at least
FIRST_LOOK_UP = 16  # passages read from SQL at once; then twice as many each time, up to...
LOOK_UP_BATCH = 512


@dataclass(frozen=True, slots=True)
class Found:
    """A passage with how it was found."""

    passage: StoredPassage
    similarity: float
    """Cosine in [0, 1], higher is closer; a negative cosine counts as 0."""
    score: float
    """Of the fusion, the higher the better; comparable within one result only."""
    dense_rank: int | None
    """By meaning, from 1; None beyond the depth that was looked at."""
    lexical_rank: int | None
    """By words, from 1; None when it shares no word worth looking up, or beyond that depth."""


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


def search(
    store: Store,
    index: Index,
    embedder: Embedder,
    query: str,
    k: int = 10,
    where: Filters = (),
    *,
    fusion: Fusion = FUSION,
) -> list[Hit]:
    """Up to `k` passages for `query`, best first, at most MAX_PER_CALL of one call; none for an empty query.

    As `find`, of which this shows so many that no call floods the result.
    """
    seen = _Search.begin(store, index, embedder, query, where)
    if seen is None or k <= 0:
        return []
    hits: list[Hit] = []
    for depth in (max(DEPTH, k), len(seen.view.ids)):  # to the bottom, where a few calls took all that was looked at
        hits = _capped(seen.found(depth, fusion), k)
        if len(hits) == k or depth >= len(seen.view.ids):
            break
    return hits


def find(
    store: Store,
    index: Index,
    embedder: Embedder,
    query: str,
    n: int,
    where: Filters = (),
    *,
    fusion: Fusion = FUSION,
) -> list[Found]:
    """The `n` passages that speak most of `query`, best first, whatever call they are of; none for an empty query.

    By meaning: with a filter, or for more than the approximate index gives, exact; else by that index. By words: the
    passages that share content words with the query. Passages that were deleted since the index was built never
    appear, newer ones do. Raises StoreError when the store was embedded with another model.
    """
    seen = _Search.begin(store, index, embedder, query, where)
    if seen is None or n <= 0:
        return []
    found = []
    for each in seen.found(max(DEPTH, n), fusion):
        found.append(each)
        if len(found) == n:
            break
    return found


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


def meeting(store: Store, view: View, where: Filters) -> np.ndarray | None:
    """Which of the view's rows meet `where`, bool (n,); None without a filter, which means all."""
    if not where:
        return None
    kept = np.ones(len(view.ids), dtype=bool) if view.gone is None else ~view.gone
    if of_calls := [each for each in where if each.key not in SAID]:
        keys = store.call_keys(of_calls)
        wanted = np.zeros(1 + max(keys.max(initial=0), view.calls.max(initial=0)), dtype=bool)
        wanted[keys] = True
        kept &= wanted[view.calls]
    for each in where:
        if each.key in SAID:
            holding = np.zeros(len(kept), dtype=bool)
            holding[view.rows_of(store.passages_holding(each))] = True
            kept &= holding if holds(each) else ~holding
    return kept


def by_words(store: Store, view: View, query: str, kept: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """The rows, of those `kept` (as `meeting` tells), that share words with the query, rising, and their scores."""
    ids, scores = store.match_words(content_words(query[:MAX_QUERY_CHARS]))
    if not len(view.ids):
        return view.ids, scores[:0]
    at = np.minimum(np.searchsorted(view.ids, ids), len(view.ids) - 1)
    here = view.ids[at] == ids
    if kept is not None:
        here &= kept[at]
    return at[here], scores[here]


@dataclass(frozen=True, slots=True)
class _Search:
    """One query over one view, before it is known how deep to look."""

    store: Store
    view: View
    vector: np.ndarray
    kept: np.ndarray | None
    """Which rows meet the filter."""
    matched: np.ndarray
    """Rows that share words with the query, rising..."""
    scores: np.ndarray
    """...and how much."""

    @classmethod
    def begin(cls, store: Store, index: Index, embedder: Embedder, query: str, where: Filters) -> "_Search | None":
        """None where nothing can be found."""
        vector = embed_query(store, embedder, query)
        if vector is None:
            return None
        view = index.view(store)
        kept = meeting(store, view, where)
        return cls(store, view, vector, kept, *by_words(store, view, query, kept))

    def found(self, depth: int, fusion: Fusion) -> Iterator[Found]:
        """The passages that still exist among the `depth` best of both rankings, best first."""
        view = self.view
        if self.kept is None:
            dense = view.nearest(self.vector, depth)
        else:
            dense = view.best(self.vector, depth, np.flatnonzero(self.kept))
        lexical = highest(self.matched, self.scores, depth)
        rows = np.union1d(dense, lexical)
        similarities = view.similarities(self.vector, rows)
        dense_ranks, lexical_ranks = ranks(rows, dense), ranks(rows, lexical)
        scores = fusion.scores(dense_ranks, lexical_ranks)
        order = np.lexsort((rows, -similarities, -scores))
        for batch in _batches(order):
            passages = self.store.get_passages(view.ids[rows[batch]].tolist())
            for at in batch.tolist():
                passage = passages.get(int(view.ids[rows[at]]))
                if passage is not None:
                    yield Found(
                        passage,
                        float(similarities[at]),
                        float(scores[at]),
                        _rank(dense_ranks[at]),
                        _rank(lexical_ranks[at]),
                    )


def _batches(order: np.ndarray) -> Iterator[np.ndarray]:
    """Small ones first: most results need no more."""
    first, size = 0, FIRST_LOOK_UP
    while first < len(order):
        yield order[first : first + size]
        first, size = first + size, min(2 * size, LOOK_UP_BATCH)


def _rank(rank: float) -> int | None:
    return int(rank) if np.isfinite(rank) else None


def _capped(found: Iterator[Found], k: int) -> list[Hit]:
    """The first `k`, MAX_PER_CALL a call."""
    hits: list[Hit] = []
    per_call: dict[str, int] = {}
    for each in found:
        passage = each.passage
        if per_call.get(passage.call, 0) >= MAX_PER_CALL:
            continue
        per_call[passage.call] = per_call.get(passage.call, 0) + 1
        hits.append(
            Hit(
                passage.call,
                passage.start,
                passage.end,
                passage.first_turn,
                passage.last_turn,
                each.similarity,
                passage.text,
            )
        )
        if len(hits) == k:
            break
    return hits
