"""The names that a store knows."""

from collections.abc import Callable
from dataclasses import replace

from coach.store import Store
from coach.types import Call, Cue


def test_values_come_with_their_counts_the_most_frequent_first(store: Store, make_call: Callable[..., Call]) -> None:
    for call_id, team in (("a", "River"), ("b", "Hill"), ("c", "River")):
        store.save_call(make_call(call_id, team=team, extra={"region": "north"} if call_id == "a" else {}))
    vocabulary = store.vocabulary()
    assert list(vocabulary.values["team"].items()) == [("River", 2), ("Hill", 1)]
    assert vocabulary.values["region"] == {"north": 1}
    assert vocabulary.extra == ("region",)
    assert "agent" not in vocabulary.values


def test_notes_and_empty_values_are_no_names(store: Store, make_call: Callable[..., Call]) -> None:
    store.save_call(make_call("a", team="", extra={"note": "long " * 100, "": "nameless"}))
    vocabulary = store.vocabulary()
    assert "team" not in vocabulary.values
    assert "note" not in vocabulary.values
    assert "" not in vocabulary.values


def test_trackers_are_those_that_found_something(store: Store, make_call: Callable[..., Call]) -> None:
    store.save_call(replace(make_call("a"), cues=(Cue("own_tracker", 0, 0, 3, None, "How", 0.9),)))
    assert store.vocabulary().trackers == ("own_tracker",)


def test_an_empty_store_has_none(store: Store) -> None:
    vocabulary = store.vocabulary()
    assert (dict(vocabulary.values), vocabulary.extra, vocabulary.trackers, vocabulary.rubrics) == ({}, (), (), ())
