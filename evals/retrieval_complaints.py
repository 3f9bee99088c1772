"""Whether a clinician's presenting complaint finds a consultation with the same complaint: primock57, 35 of them.

Found is a consultation of the same group in same_complaint.json, the clinician's own one included. The intervals draw
whole groups again, for the complaints of a group are alike.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from coach.errors import ConfigError
from coach.retrieval.calls import CALL_FUSION, rank_calls
from coach.retrieval.fusion import Fusion
from coach.retrieval.search import embed_query
from evals.retrieval_rankers import Bm25, Shelf
from evals.retrieval_scores import Compared, mean

CUT = 5
BEST = 3  # passages of a call whose mean is a baseline

GRID = tuple(replace(CALL_FUSION, lexical=weight) for weight in (0.0, 0.1, 0.25, 0.5, 1.0, 2.0))
"""Fusions among which the one for a group of complaints is chosen on all others."""

CallRanker = Callable[[str], Sequence[str]]
"""All calls for a query, best first; those that have nothing of it may be missing."""


@dataclass(frozen=True, slots=True)
class Complaint:
    call: str
    words: str
    group: str


def read_complaints(shared: Path) -> list[Complaint]:
    """Of every consultation, by its call in `evals.retrieval_data`. Raises ConfigError when a file cannot be read."""
    folder = shared / "data" / "primock57"
    try:
        groups = json.loads((folder / "same_complaint.json").read_text(encoding="utf-8"))
        found = []
        for number, group in enumerate(groups):
            for name in group:
                note = json.loads((folder / "notes" / f"{name}.json").read_text(encoding="utf-8"))
                found.append(Complaint(f"primock57-{name}", note["presenting_complaint"], str(number)))
    except OSError as error:
        raise ConfigError(f"{error.filename}: cannot be read ({error.strerror}).") from None
    return found


def ranks(complaints: Sequence[Complaint], rank: CallRanker) -> np.ndarray:
    """Of each complaint, from 1, the rank of the first call with the same complaint; infinity when none is found."""
    group = {each.call: each.group for each in complaints}
    found = []
    for each in complaints:
        hits = (at for at, call in enumerate(rank(each.words), 1) if group.get(call) == each.group)
        found.append(float(next(hits, np.inf)))
    return np.array(found)


def recall(found: np.ndarray, complaints: Sequence[Complaint]) -> Compared:
    """The share found among the first CUT."""
    return mean([float(rank <= CUT) for rank in found], [each.group for each in complaints])


def reciprocal(found: np.ndarray, complaints: Sequence[Complaint]) -> Compared:
    """The mean reciprocal rank."""
    return mean([1 / rank for rank in found], [each.group for each in complaints])


def left_out(tried: Sequence[np.ndarray], complaints: Sequence[Complaint]) -> tuple[np.ndarray, list[int]]:
    """Each complaint's rank under the setting that is best on all groups but its own, and which setting that is.

    Best is the largest sum of the two figures reported; `tried` gives the ranks under every setting, and of equally
    good ones the first is taken.
    """
    groups = np.array([each.group for each in complaints])
    table = np.stack(tried)
    gains = 1 / table + (table <= CUT)
    chosen = [int(np.argmax(gains[:, groups != group].mean(axis=1))) for group in groups]
    return table[chosen, np.arange(len(groups))], chosen


def product(shelf: Shelf, fusion: Fusion) -> CallRanker:
    """As callcoach ranks calls."""

    def rank(query: str) -> list[str]:
        found = rank_calls(shelf.store, shelf.index, shelf.embedder, query, fusion=fusion)
        return [call for call, _ in found]

    return rank


def baselines(shelf: Shelf) -> dict[str, CallRanker]:
    """Ways to rank calls without the product's fusion."""
    calls = np.array([place.call for place in shelf.places])
    passages, whole = Bm25(shelf.texts), _whole(shelf)

    def cosines(query: str) -> np.ndarray:
        vector = embed_query(shelf.store, shelf.embedder, query)
        ids, similarities = shelf.index.view(shelf.store).rank(vector)  # type: ignore[arg-type]
        return similarities[np.argsort(ids)]

    return {
        "best passage, MiniLM": lambda query: _by_best(calls, cosines(query), 1),
        f"mean of best {BEST}, MiniLM": lambda query: _by_best(calls, cosines(query), BEST),
        "best passage, BM25": lambda query: _by_best(calls, passages.scores(query), 1),
        "whole call, BM25": lambda query: _by_best(whole[0], whole[1].scores(query), 1),
    }


def _whole(shelf: Shelf) -> tuple[np.ndarray, Bm25]:
    texts: dict[str, list[str]] = {}
    for place, text in zip(shelf.places, shelf.texts, strict=True):
        texts.setdefault(place.call, []).append(text)
    return np.array(list(texts)), Bm25(["\n".join(parts) for parts in texts.values()])


def _by_best(calls: np.ndarray, scores: np.ndarray, n: int) -> list[str]:
    """The calls by the mean of their `n` best scores."""
    names = np.unique(calls)
    means = [np.sort(scores[calls == name])[::-1][:n].mean() for name in names]
    return [str(names[row]) for row in np.argsort(-np.array(means), kind="stable")]
