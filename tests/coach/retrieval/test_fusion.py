"""Reciprocal rank fusion, on ranks small enough to count by hand."""

import numpy as np
import pytest

from coach.retrieval.fusion import Fusion, ranks


def test_ranks_count_from_one_and_what_is_not_ranked_is_infinitely_far() -> None:
    assert ranks(np.array([2, 5, 9]), np.array([9, 2])).tolist() == [2.0, np.inf, 1.0]
    assert ranks(np.array([3]), np.zeros(0, dtype=np.int64)).tolist() == [np.inf]


def test_each_ranking_gives_its_weight_over_k_plus_rank() -> None:
    scores = Fusion(k=60, dense=1, lexical=0.5).scores(np.array([1.0, np.inf, 3.0]), np.array([np.inf, 1.0, 2.0]))
    assert scores.tolist() == pytest.approx([1 / 61, 0.5 / 61, 1 / 63 + 0.5 / 62])


def test_being_in_both_rankings_beats_leading_one() -> None:
    both, first = Fusion(lexical=1).scores(np.array([10.0, 1.0]), np.array([10.0, np.inf]))
    assert both > first
