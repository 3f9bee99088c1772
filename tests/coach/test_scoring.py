"""Scoring stored calls anew and looking for suggestions, with models whose answers are known."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from coach.config import StoreConfig
from coach.questions import Label
from coach.scoring import Scorer, rescore_calls, score_calls, suggest_for_calls
from coach.store import Review, Store, open_store
from coach.types import Call, Cue, Metadata, Turn

TURNS = (
    Turn("customer", "My heating failed and my children were cold all weekend.", 0.0, 5.0),
    Turn("agent", "What does that do to your family?", 5.0, 8.0),
    Turn("customer", "They sleep in the kitchen.", 8.0, 10.0),
)


class Models:
    """Every question is open and about impact; every customer's sentence speaks of it; all words are alike."""

    name, dimension = "alike", 2
    min_asked_unmarked = 1.0

    def __init__(self, fingerprint: str = "first") -> None:
        self.fingerprint = fingerprint

    def classify(self, items: Sequence[tuple[str, str]]) -> list[Label]:
        return [Label("open", "impact", 0.9, 0.9, False, 0.9) for _ in items]

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        return np.tile(np.array([[1.0, 0.0]], dtype=np.float32), (len(texts), 1))

    def find(self, turns_of_calls: Sequence[Sequence[Turn]]) -> list[tuple[Cue, ...]]:
        return [
            tuple(
                Cue("impact_stated", index, 0, len(turn.text), turn.start, turn.text, 0.9)
                for index, turn in enumerate(turns)
                if turn.role == "customer"
            )
            for turns in turns_of_calls
        ]


def scorer(fingerprint: str = "first") -> Scorer:
    models = Models(fingerprint)
    return Scorer(models, models, models, ())


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path, StoreConfig()) as opened:
        for name in ("a", "b"):
            opened.save_call(Call(name, Metadata(agent=name), TURNS, None, "made up", 10.0))
        yield opened


def test_scores_of_several_calls_are_made_together() -> None:
    call = Call("a", Metadata(), TURNS, None, "made up", 10.0)
    first, silent = score_calls([call, replace(call, id="b", turns=())], scorer())
    assert [question.function for question in first.questions] == ["impact"]
    assert [cue.turn for cue in first.cues] == [0, 2]
    assert {score.name: score.value for score in first.measures}["impact_questions"] == 1
    assert [(one.turn, one.function) for one in first.exemplars] == [(1, "impact")]
    assert [(one.part, one.turns) for one in first.summary] == [("reason", (0,)), ("impact", (2,))]
    assert (silent.questions, silent.cues, silent.exemplars, silent.summary) == ((), (), (), ())
    assert score_calls([], scorer()) == []


def test_rescoring_keeps_the_call_and_what_people_said(store: Store) -> None:
    store.add_review(Review("a", "discovery", "asks_impact", 1.0, "Ana"))
    assert store.outdated_calls(scorer().fingerprint) == ["a", "b"]
    assert rescore_calls(store, ["a", "b", "gone"], scorer()) == 2
    assert store.outdated_calls(scorer().fingerprint) == []
    assert store.outdated_calls(scorer("second").fingerprint) == ["a", "b"]
    again = store.get_call("a")
    assert again is not None
    assert (again.turns, len(again.questions), len(again.cues)) == (TURNS, 1, 2)
    assert [review.person for review in store.get_reviews("a")] == ["Ana"]


def test_rescoring_stops_when_asked_to(store: Store) -> None:
    assert rescore_calls(store, ["a", "b"], scorer(), lambda: "SIGTERM was received") == 0


def test_suggestions_are_looked_for_once(store: Store) -> None:
    assert suggest_for_calls(store, scorer()) == 0  # nothing is scored yet
    rescore_calls(store, ["a", "b"], scorer())
    assert suggest_for_calls(store, scorer()) == 2
    assert suggest_for_calls(store, scorer()) == 0
    rescore_calls(store, ["b"], scorer())
    assert store.unsuggested_calls() == ["b"]
