"""Passages and embeddings: in order, in parts, of one model."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from coach.errors import StoreError
from coach.store import Store, StoredPassage
from coach.types import Call, Passage

MakeCall = Callable[..., Call]


def test_embeddings_come_once_each_by_rising_id(store: Store, make_call: MakeCall) -> None:
    vectors = np.random.default_rng(0).standard_normal((7, 5)).astype(np.float32)
    for i in range(7):
        store.save_call(replace(make_call(str(i)), passages=(Passage(0, 0, 0.0, 1.0, str(i), vectors[i]),)))
    for batch in (1, 2, 7, 100):
        parts = list(store.iter_embeddings(batch))
        ids = np.concatenate([part for part, _ in parts])
        matrix = np.concatenate([part for _, part in parts])
        assert all(len(part) <= batch for part, _ in parts)
        assert ids.dtype == np.int64
        assert matrix.dtype == np.float32
        assert np.array_equal(ids, store.passage_ids())
        assert np.array_equal(matrix, vectors)
        assert (np.diff(ids) > 0).all()


def test_an_empty_store_has_no_embeddings(store: Store) -> None:
    assert list(store.iter_embeddings()) == []
    ids = store.passage_ids()
    assert (ids.dtype, ids.shape) == (np.int64, (0,))
    assert store.get_passages(ids) == {}


def test_passages_are_had_by_numpy_ids_and_gone_ones_are_left_out(store: Store, make_call: MakeCall) -> None:
    store.save_call(make_call("a"))
    (number,) = store.passage_ids()
    store.save_call(make_call("b", passages=3))
    found = store.get_passages(np.append(store.passage_ids(), [10**12]))
    assert len(found) == 4
    assert found[int(number)] == StoredPassage(
        int(number), "a", 0, 1, 0.0, 1.9, "How can I help? My bill.", ("agent", "customer")
    )


def test_more_passages_than_a_statement_has_parameters(store: Store, make_call: MakeCall) -> None:
    store.save_call(make_call("a", passages=1100))
    assert len(store.get_passages(store.passage_ids())) == 1100


def test_passage_ids_are_never_used_twice(store: Store, make_call: MakeCall) -> None:
    """An index that lags behind must not find another call's words under an old id."""
    seen: set[int] = set()
    for _ in range(3):
        store.save_call(make_call("a", passages=2))
        ids = set(store.passage_ids().tolist())
        assert not ids & seen
        seen |= ids
    store.forget_call("a")
    store.compact()
    store.save_call(make_call("b"))
    assert not set(store.passage_ids().tolist()) & seen


def test_embeddings_of_two_models_are_not_mixed(store: Store, make_call: MakeCall) -> None:
    assert store.embedding_model() is None
    store.set_embedding_model("one")
    store.set_embedding_model("two")
    store.save_call(make_call("a"))
    store.set_embedding_model("two")
    with pytest.raises(StoreError, match=r"two.*three") as caught:
        store.set_embedding_model("three")
    assert caught.value.code == "embedding_model"
    assert store.embedding_model() == "two"
