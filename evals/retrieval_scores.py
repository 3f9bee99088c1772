"""How good a ranked list is, by judged passages, and how sure a difference between two rankers is."""

import math
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from evals.clustered import interval, resamples
from evals.retrieval_data import Judgements, Place

CUT = 10
RELEVANT = 2
"""From this grade on a passage counts as found."""


@dataclass(frozen=True, slots=True)
class Compared:
    """A mean over queries with its 95 % interval."""

    value: float
    low: float
    high: float
    n: int


def ndcg(found: Sequence[Place], grades: Mapping[Place, int]) -> float | None:
    """Normalised discounted cumulative gain of the first CUT: gain 2^grade - 1, discount log2(rank + 1), 0 to 1.

    The ideal list is that of all judged passages; what nobody judged counts as not relevant. None when nothing judged
    is relevant at all. Järvelin and Kekäläinen 2002, with the gain of Burges et al. 2005.
    """
    ideal = _gain(sorted(grades.values(), reverse=True))
    return _gain([grades.get(place, 0) for place in found]) / ideal if ideal else None


def reciprocal_rank(found: Sequence[Place], grades: Mapping[Place, int]) -> float | None:
    """1 / rank of the first relevant passage among the first CUT, 0 without one; None when no judged one is."""
    if all(grade < RELEVANT for grade in grades.values()):
        return None
    ranks = (rank for rank, place in enumerate(found[:CUT], 1) if grades.get(place, 0) >= RELEVANT)
    return 1 / next(ranks, math.inf)


def _gain(grades: Sequence[int]) -> float:
    return math.fsum((2**grade - 1) / math.log2(rank + 1) for rank, grade in enumerate(grades[:CUT], 1))


Score = Callable[[Sequence[Place], Mapping[Place, int]], float | None]


def each(score: Score, found: Mapping[str, Sequence[Place]], judged: Judgements) -> dict[str, float]:
    """The score of every query that can have one, by query id."""
    scores = {query: score(places, judged.get(query, {})) for query, places in found.items()}
    return {query: value for query, value in scores.items() if value is not None}


def mean(values: Sequence[float], groups: Sequence[object] | None = None) -> Compared:
    """Over queries drawn again with replacement (whole `groups` of them where given): the middle 95 %.

    Of differences between two rankers on the same queries this is the paired bootstrap. NaN for no values.
    """
    if not values:
        return Compared(math.nan, math.nan, math.nan, 0)
    numbers = np.array(values)
    samples = _samples(tuple(range(len(values)) if groups is None else map(str, groups)))
    low, high = interval(lambda rows: float(numbers[rows].mean()), samples)
    return Compared(float(numbers.mean()), low, high, len(values))


@cache
def _samples(groups: tuple[Hashable, ...]) -> list[np.ndarray]:
    """The same draws for every figure over the same queries."""
    return resamples(groups)
