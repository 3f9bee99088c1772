"""Passages and embeddings: in order, in parts, of one model."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from coach.errors import StoreError
from coach.store import Store, StoredPassage, parse_where
from coach.types import LIKELY_CUE, Call, Cue, Passage, Question, Turn

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


SAID = {
    "cue=leaving": {"a": [0]},
    "cue=leaving,thanks": {"a": [0, 2]},
    "cue!=leaving": {"a": [2, 4], "b": [0]},
    "cue=": {"a": [4], "b": [0]},
    "cue!=": {"a": [0, 2]},
    "cue=unheard": {},
    "question=impact": {"a": [2]},
    "question!=impact": {"a": [0, 4], "b": [0]},
    "question=": {"a": [0, 4], "b": [0]},
    "role=customer": {"a": [0, 2]},
    "role=unknown": {"b": [0]},
    "role=agent,unknown": {"a": [0, 2, 4], "b": [0]},
    "role!=customer": {"a": [4], "b": [0]},
    "role!=": {"a": [0, 2, 4], "b": [0]},
}
"""Of each filter: first turns of the passages that meet it, by call."""


def test_what_was_said_is_asked_of_the_passage_and_not_of_its_call(store: Store, make_call: MakeCall) -> None:
    call = make_call("a", team="north")
    turns = tuple(Turn("agent" if i % 2 == 0 else "customer", f"word {i}", float(i), i + 1.0) for i in range(5))
    (passage,) = call.passages
    call = replace(
        call,
        turns=turns,
        passages=tuple(replace(passage, first_turn=i, last_turn=min(i + 1, 4)) for i in (0, 2, 4)),
        cues=(
            Cue("leaving", 1, 0, 4, 1.0, "word", 0.9),
            Cue("leaving", 4, 0, 4, 4.0, "word", LIKELY_CUE - 0.01),
            Cue("thanks", 3, 0, 4, 3.0, "word", 0.9),
        ),
        questions=(Question(2, 0, 4, 2.0, "word", "open", "impact", 0.9, 0.9, False),),
    )
    store.save_call(call)
    other = replace(make_call("b"), turns=(Turn("unknown", "word"),))
    store.save_call(replace(other, passages=(replace(passage, first_turn=0, last_turn=0),)))

    def found(*where: str) -> dict[str, list[int]]:
        by_call: dict[str, list[int]] = {}
        for each in store.get_passages(store.passage_ids(parse_where(where))).values():
            by_call.setdefault(each.call, []).append(each.first_turn)
        return {call: sorted(turns) for call, turns in by_call.items()}

    for written, passages in SAID.items():
        assert found(written) == passages, written
        assert found(written, "team=north") == {name: turns for name, turns in passages.items() if name == "a"}
    assert found("cue=leaving", "role=customer", "question!=impact") == {"a": [0]}


def test_who_speaks_in_a_passage_is_stored_with_it(store: Store, make_call: MakeCall) -> None:
    silent = replace(make_call("a"), turns=(Turn("agent", " "), Turn("customer", "My bill.")))
    store.save_call(silent)
    (passage,) = store.get_passages(store.passage_ids()).values()
    assert passage.roles == ("customer",)
