"""Ranking whole calls for a query: by their best passages, so that one stray passage does not decide."""

import numpy as np

from coach.retrieval.embeddings import Embedder
from coach.retrieval.fusion import Fusion, ranks
from coach.retrieval.index import Index, highest
from coach.retrieval.search import by_words, embed_query, meeting
from coach.store import Filters, Store

BEST = 3  # passages a call is judged by, their mean; a shorter call by all it has
CALL_FUSION = Fusion(k=60.0, lexical=0.25)
"""Of the weights 0, .1, .25, .5, 1 and 2 the one that finds consultations by their complaint best (primock57), with
nearly every group of complaints left out: `python -m evals retrieval`."""


def rank_calls(
    store: Store,
    index: Index,
    embedder: Embedder,
    query: str,
    where: Filters = (),
    *,
    fusion: Fusion = CALL_FUSION,
) -> list[tuple[str, float]]:
    """(call, score) of all calls with passages that meet `where`, best first; the score is comparable within them.

    Calls are ranked by meaning and by words, each time by the mean of their BEST best passages, and the two rankings
    are fused. All passages are scored, exactly. Empty for an empty query; raises StoreError as `find` does.
    """
    vector = embed_query(store, embedder, query)
    if vector is None:
        return []
    view = index.view(store)
    kept = meeting(store, view, where)
    matched, word_scores = by_words(store, view, query, kept)
    if kept is None:
        kept = np.ones(len(view.ids), dtype=bool) if view.gone is None else ~view.gone
    rows = np.flatnonzero(kept)
    lexical = np.zeros(len(rows))
    lexical[np.searchsorted(rows, matched)] = word_scores
    keys, owners = np.unique(view.calls[rows], return_inverse=True)
    calls = np.arange(len(keys))
    by_meaning = best_mean(owners, view.similarities(vector, rows), len(keys))
    by_word = best_mean(owners, lexical, len(keys))
    scores = fusion.scores(
        ranks(calls, highest(calls, by_meaning, len(calls))),
        ranks(calls, highest(calls[by_word > 0], by_word[by_word > 0], len(calls))),
    )
    ids = store.calls_by_key(keys.tolist())
    order = np.lexsort((keys, -by_meaning, -scores)).tolist()
    return [(ids[key], float(scores[at])) for at in order if (key := int(keys[at])) in ids]


def best_mean(owners: np.ndarray, scores: np.ndarray, n_owners: int) -> np.ndarray:
    """Of each owner 0..n_owners-1 the mean of its BEST highest scores, of all of them where it has fewer: float64.

    `owners` (int64, (n,)) says whose each of the `scores` (n,) is; everyone has at least one.
    """
    order = np.lexsort((-scores, owners))
    counts = np.bincount(owners, minlength=n_owners)
    within = np.arange(len(order)) - np.repeat(np.cumsum(counts) - counts, counts)
    best = order[within < BEST]
    sums = np.bincount(owners[best], weights=scores[best], minlength=n_owners)
    means: np.ndarray = sums / np.minimum(counts, BEST)
    return means
