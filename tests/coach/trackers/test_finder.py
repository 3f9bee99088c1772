import itertools
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from coach.errors import ModelError
from coach.retrieval.embeddings import Embedder
from coach.trackers import CueFinder, Tracker, load_trackers
from coach.trackers.head import cross_validate
from coach.trackers.trial import agreement, catch
from coach.trackers.vectors import key_of, load_vectors
from coach.trackers.wording import load_wording
from coach.types import Turn
from evals.train_trackers import parts


class Counting:
    """An embedder that remembers what it was given."""

    def __init__(self, embedder: Embedder) -> None:
        self.name, self.dimension, self._embedder = embedder.name, embedder.dimension, embedder
        self.given: list[list[str]] = []

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        self.given.append(list(texts))
        return self._embedder.embed(texts)


@pytest.fixture(scope="module")
def wording() -> Embedder:
    return load_wording()


@pytest.fixture(scope="module")
def trackers() -> dict[str, Tracker]:
    return {tracker.name: tracker for tracker in load_trackers()}


@pytest.fixture(scope="module")
def finder(wording: Embedder, trackers: dict[str, Tracker]) -> CueFinder:
    return CueFinder(wording, [trackers[name] for name in ("leaving", "cause_long_wait", "apology", "closing")])


def test_shipped_vectors_are_in_step_with_the_shipped_files(trackers: dict[str, Tracker]) -> None:
    # When this fails: python -m evals train_trackers
    vectors = load_vectors()
    texts = parts(tuple(trackers.values()))
    assert set(vectors.known) == {key_of(text) for text in texts["examples"]}
    for speaker in ("customer", "agent"):
        assert list(vectors.background[speaker].others_keys) == [key_of(text) for text in texts[f"{speaker}.others"]]


def test_cues_stand_where_they_are_said_by_whom_they_are_said(finder: CueFinder) -> None:
    turns = [
        Turn("agent", "Good morning. How can I help?", 0.0, 2.0),
        Turn("customer", "It's Wilson. I want to cancel my contract with you.", 2.0, 6.0),
        Turn("agent", "I'm so sorry about what happened there.", 6.0, 8.0),
        Turn("unknown", "I want to cancel my contract with you.", 8.0, 9.0),
    ]
    silent, cues = finder.find([[], turns])
    assert silent == ()
    assert [(cue.tracker, cue.turn) for cue in cues] == [("leaving", 1), ("apology", 2)]
    for cue in cues:
        assert turns[cue.turn].text[cue.start_char : cue.end_char] == cue.text
        assert 0 < cue.score <= 1
    assert cues[0].time_s == pytest.approx(2.0 + 4.0 * cues[0].start_char / len(turns[1].text))


def test_punctuation_and_case_change_nothing(finder: CueFinder) -> None:
    typed = finder.probabilities(["We're leaving; send us the final bill!"], "customer")
    heard = finder.probabilities(["we're leaving send us the final bill"], "customer")
    assert np.array_equal(typed, heard)


def test_equal_sentences_of_all_calls_are_embedded_once(wording: Embedder, trackers: dict[str, Tracker]) -> None:
    counting = Counting(wording)
    finder = CueFinder(counting, [trackers["leaving"]])
    counting.given.clear()
    calls = [[Turn("customer", "I am off to somebody else.")]] * 3
    found = finder.find(calls)
    assert counting.given == [["i am off to somebody else"]]
    assert found[0] == found[1] == found[2]


def test_only_what_is_not_shipped_is_embedded_when_trackers_are_loaded(
    wording: Embedder, trackers: dict[str, Tracker]
) -> None:
    counting = Counting(wording)
    changed = replace(trackers["leaving"], positive=(*trackers["leaving"].positive[1:], "That's it, I'm going."))
    CueFinder(counting, [trackers["closing"], changed])
    assert [text for texts in counting.given for text in texts] == ["that's it i'm going"]


def test_a_phrase_alone_proves_the_cue_as_whole_words(wording: Embedder, trackers: dict[str, Tracker]) -> None:
    own = replace(trackers["leaving"], name="own", phrases=("the purple form",))
    likely = CueFinder(wording, [own]).probabilities(["Send me The Purple Form.", "the purple formula"], "customer")
    assert likely[0, 0] >= 0.99 > likely[1, 0]


def test_of_overlapping_stretches_only_the_likeliest_counts(finder: CueFinder) -> None:
    text = "um so i was in the garden this morning and " * 3 + "i want to cancel my contract " + "and it was sunny " * 8
    (cues,) = finder.find([[Turn("customer", text.strip())]])
    spans = sorted((cue.start_char, cue.end_char) for cue in cues if cue.tracker == "leaving")
    assert spans
    assert all(first[1] <= second[0] for first, second in itertools.pairwise(spans))


def test_fingerprint_follows_the_examples_and_is_the_same_again(
    wording: Embedder, trackers: dict[str, Tracker], finder: CueFinder
) -> None:
    leaving = trackers["leaving"]
    assert CueFinder(wording, finder.trackers).fingerprint == finder.fingerprint
    other = CueFinder(wording, [replace(leaving, positive=leaving.positive[1:])])
    assert other.fingerprint != CueFinder(wording, [leaving]).fingerprint
    titled = CueFinder(wording, [replace(leaving, title="Another title")])
    assert titled.fingerprint == CueFinder(wording, [leaving]).fingerprint


def test_another_encoder_is_refused(wording: Embedder, trackers: dict[str, Tracker]) -> None:
    other = Counting(wording)
    other.name = "another"
    with pytest.raises(ModelError, match="not with another"):
        CueFinder(other, [trackers["leaving"]])


def test_left_out_examples_are_told_by_the_others(finder: CueFinder, trackers: dict[str, Tracker]) -> None:
    rows = finder.rows(trackers["leaving"])
    probability, found = cross_validate(rows)
    assert probability[rows.truth].mean() > probability[~rows.truth].mean() + 0.2
    assert (found == rows.truth).mean() > 0.7
    agreed = agreement(finder, trackers["leaving"])
    assert agreed.f1 > 0.7
    assert agreed.threshold == finder.thresholds("customer")[finder.of("customer").index(trackers["leaving"])]


def test_examples_that_contradict_each_other_are_named(wording: Embedder, trackers: dict[str, Tracker]) -> None:
    leaving = trackers["leaving"]
    torn = replace(leaving, negative=(*leaving.negative, "I'd like to give notice on my contract today, please."))
    agreed = agreement(CueFinder(wording, [torn]), torn)
    assert any(clash.text == torn.negative[-1] and clash.nearest in torn.positive for clash in agreed.clashes)


def test_caught_and_nearly_caught_are_told_apart(finder: CueFinder, trackers: dict[str, Tracker]) -> None:
    said = [
        ("c@00:01", "I want to cancel my contract."),
        ("c@00:02", "The light is green."),
        ("d", "The light is green."),
    ]
    caught, near = catch(finder, trackers["leaving"], said)
    assert [(one.place, one.text) for one in caught] == [said[0][:2]]
    assert all(one.probability < caught[0].probability for one in near)
