"""Exemplars, suggestions that quote them, and what people say of scores: they come and go with their calls."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from coach.errors import InputError, StoreError
from coach.store import Review, Store
from coach.types import Call, Cue, Exemplar, Metadata, Score, Scorecard, Suggestion, Turn

MakeCall = Callable[..., Call]
QUESTION = "What does that do to your week?"
TURNS = (Turn("customer", "It is down again.", 0.0, 2.0), Turn("agent", f"I see. {QUESTION}", 2.0, 6.0))


def asked(make_call: MakeCall, name: str, **metadata: object) -> Call:
    """A call with one exemplar."""
    vector = np.array([0.6, 0.8], dtype=np.float32)
    exemplar = Exemplar(1, 7, 7 + len(QUESTION), "impact", vector)
    known = Metadata(call_id=name, **metadata)  # type: ignore[arg-type]
    return replace(make_call(name), metadata=known, turns=TURNS, exemplars=(exemplar,), scored_by="x")


def suggestion(text: str = QUESTION, kind: str = "colleague") -> Suggestion:
    return Suggestion(0, 0, "impact_stated", "impact", kind, text, "Ana in call a")  # type: ignore[arg-type]


def test_the_pool_holds_what_was_asked_in_calls_that_went_well(store: Store, make_call: MakeCall) -> None:
    store.save_call(asked(make_call, "good", agent="Ana", resolved=True, csat=5.0))
    store.save_call(asked(make_call, "unknown"))
    store.save_call(asked(make_call, "unresolved", resolved=False))
    store.save_call(asked(make_call, "lost", churned=True))
    store.save_call(asked(make_call, "unhappy", csat=2.0))
    for name, score in (("leaving", 0.9), ("hardly leaving", 0.3)):
        cue = Cue("leaving", 0, 0, 5, 0.0, "It is", score)
        store.save_call(replace(asked(make_call, name), cues=(cue,)))
    pool = store.exemplars()
    assert {entry.call for entry in pool.entries} == {"good", "unknown", "hardly leaving"}
    entry = next(entry for entry in pool.entries if entry.call == "good")
    assert (entry.agent, entry.text, entry.function) == ("Ana", QUESTION, "impact")
    assert entry.time_s is not None
    assert 2.0 < entry.time_s < 6.0
    np.testing.assert_array_equal(pool.prev_embeddings[0], np.array([0.6, 0.8], dtype=np.float32))
    assert len(store.exemplars(limit=1).entries) == 1


def test_a_store_without_exemplars_has_an_empty_pool(store: Store) -> None:
    assert store.exemplars().entries == ()


def test_a_colleagues_question_is_read_where_it_stands_and_goes_with_its_call(
    store: Store, make_call: MakeCall
) -> None:
    store.save_call(asked(make_call, "a", agent="Ana"))
    store.save_call(make_call("b"))
    (source,) = store.exemplars().entries
    bank = replace(suggestion("What matters most to you now?", "bank"), source="written exemplar")
    store.save_suggestions("b", [(suggestion(), source), (bank, None)])
    first, second = store.get_suggestions("b")
    assert (first.text, first.source_call, first.source_turn) == (QUESTION, "a", 1)
    assert (second.text, second.source_call) == ("What matters most to you now?", None)
    store.forget_call("a")
    assert [one.kind for one in store.get_suggestions("b")] == ["bank"]


def test_calls_that_quote_one_that_is_replaced_or_forgotten_are_looked_at_again(
    store: Store, make_call: MakeCall
) -> None:
    source = asked(make_call, "a", agent="Ana")
    for name in ("b", "c"):
        store.save_call(replace(make_call(name), scored_by="x"))
    for change in (lambda: store.save_call(source), lambda: store.forget_call("a")):
        store.save_call(source)
        store.save_suggestions("a", [])
        (exemplar,) = store.exemplars().entries
        store.save_suggestions("b", [(suggestion(), exemplar)])
        store.save_suggestions("c", [(suggestion("What next?", "bank"), None)])
        assert store.unsuggested_calls() == []
        change()
        assert set(store.unsuggested_calls()) - {"a"} == {"b"}


def test_new_suggestions_take_the_place_of_old_ones(store: Store, make_call: MakeCall) -> None:
    store.save_call(asked(make_call, "a"))
    assert store.unsuggested_calls() == ["a"]
    store.save_suggestions("a", [(suggestion("One?", "bank"), None)])
    store.save_suggestions("a", [(suggestion("Two?", "bank"), None)])
    assert [one.text for one in store.get_suggestions("a")] == ["Two?"]
    assert store.unsuggested_calls() == []
    with pytest.raises(StoreError):
        store.save_suggestions("gone", [])


def carded(call: Call, value: float | None) -> Call:
    score = Score("asks_impact", value, "share", "Asked.", section="Exploring", weight=1.0)
    return replace(call, scorecards=(Scorecard("discovery", "ab" * 32, value, (score,)),))


def test_peoples_scores_stand_beside_the_machines_and_outlive_rescoring(store: Store, make_call: MakeCall) -> None:
    store.save_call(carded(make_call("a"), 1.0))
    for person, value in (("Ana", 0.0), ("Ben", None), ("Ana", 0.5)):
        store.add_review(Review("a", "discovery", "asks_impact", value, person))
    assert store.reviewed_scores("discovery") == {"asks_impact": [(1.0, 0.5)]}
    assert store.save_scores(carded(make_call("a"), 0.0))
    assert store.reviewed_scores("discovery") == {"asks_impact": [(0.0, 0.5)]}
    store.save_call(carded(make_call("a"), None))
    assert store.reviewed_scores("discovery") == {}
    assert [(one.person, one.value) for one in store.get_reviews("a")] == [("Ana", 0.0), ("Ben", None), ("Ana", 0.5)]
    with pytest.raises(InputError):
        store.add_review(Review("gone", "discovery", "asks_impact", 1.0, "Ana"))
    store.forget_call("a")
    assert store.get_reviews("a") == []


def test_scores_of_a_call_that_is_gone_are_not_saved(store: Store, make_call: MakeCall) -> None:
    assert not store.save_scores(make_call("gone"))
