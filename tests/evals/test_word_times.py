import numpy as np
import pytest

from coach.types import Role, Segment, Word
from evals.recordings import TrueCall, TrueTurn, TrueWord
from evals.word_times import heard_tokens, measure_times, overlapping_turns, spread_of, true_tokens
from ingest.channels import Channel
from ingest.transcribe import CallTranscript

# openai-whisper leaves the files of its vocabulary and its normaliser open.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed file.*whisper:ResourceWarning")

SIDES: tuple[Role, Role] = ("agent", "customer")


def _turn(role: Role, start: float, text: str) -> TrueTurn:
    """A word every half second."""
    words = tuple(
        TrueWord(i, word, start + i / 2, start + i / 2 + 0.4)
        for i, word in enumerate(text.split())
        if word != "unknown"
    )
    return TrueTurn(role, start, text, start + len(text.split()) / 2, words)


def _segment(role: Role, start: float, text: str, late_s: float = 0.0) -> Segment:
    words = tuple(
        Word(f" {w}", start + late_s + i / 2, start + late_s + i / 2 + 0.4) for i, w in enumerate(text.split())
    )
    return Segment(SIDES.index(role), role, start, start + len(text.split()) / 2, text, words=words)


def _call(*turns: TrueTurn) -> TrueCall:
    return TrueCall("c", tuple(Channel(i, role, np.zeros(1, dtype=np.int16)) for i, role in enumerate(SIDES)), turns)


def _heard(*segments: Segment) -> CallTranscript:
    return CallTranscript(segments, (), (), (), "en")


def test_errors_of_words_and_turns_are_heard_minus_true() -> None:
    call = _call(
        _turn("agent", 1.0, "good morning to you"), _turn("customer", 4.0, "it is twenty-five unknown dollars")
    )
    heard = _heard(
        _segment("agent", 1.1, "Good morning to you.", 0.05), _segment("customer", 3.9, "It is 25 unknown dollars")
    )
    found = measure_times([call], [heard])
    assert found.turn_starts == [pytest.approx(0.1), pytest.approx(-0.1)]
    assert found.word_starts == [*[pytest.approx(0.15)] * 4, *[pytest.approx(-0.1)] * 4]
    assert (found.in_order, found.ordered, found.joined, found.overlaps) == (1, 1, 0, 0)
    assert found.clear_heard == found.clear_total == 10  # "2 5" are two


def test_a_turn_swallowed_by_the_one_before_is_out_of_order() -> None:
    call = _call(
        _turn("agent", 1.0, "one moment"), _turn("customer", 2.5, "of course"), _turn("agent", 4.0, "here we are")
    )
    swallowed = Segment(0, "agent", 1.0, 5.5, "One moment. Here we are.")
    found = measure_times([call], [_heard(swallowed, _segment("customer", 2.5, "Of course."))])
    assert (found.in_order, found.ordered) == (1, 2)
    assert found.joined == 1


def test_overlapping_turns_are_reported_apart() -> None:
    call = _call(
        _turn("agent", 1.0, "let me look this up for you now"),
        _turn("customer", 2.0, "yes please"),
        _turn("agent", 9.0, "found it"),
    )
    assert overlapping_turns(call.turns) == [(0, 1)]
    kept = measure_times(
        [call],
        [_heard(_segment("agent", 1.0, "Let me look this up for you now."), _segment("customer", 2.1, "Yes please."))],
    )
    assert (kept.overlaps, kept.both_kept) == (1, 1)
    assert kept.overlapped_starts == [pytest.approx(0.1)]
    assert (kept.overlapped_heard, kept.overlapped_total, kept.clear_heard, kept.clear_total) == (10, 10, 0, 2)
    assert (len(kept.overlapped_words), kept.word_starts) == (10, [])
    lost = measure_times([call], [_heard(_segment("agent", 1.0, "Let me look this up for you now."))])
    assert (lost.overlaps, lost.both_kept, lost.joined) == (1, 0, 2)


def test_turns_that_only_touch_do_not_overlap() -> None:
    assert overlapping_turns([_turn("agent", 0.0, "a b"), _turn("customer", 0.95, "c"), _turn("agent", 5.0, "d")]) == []


def test_words_without_times_are_heard_but_not_timed() -> None:
    heard = _heard(Segment(0, "agent", 0.0, 2.0, "I'm here"), Segment(0, "agent", 2.0, 3.0, "bye", dropped="invention"))
    tokens = list(heard_tokens(heard, "agent"))
    assert [token.text for token in tokens] == ["i", "am", "here"]
    assert all(token.start is None for token in tokens)
    [i, am] = true_tokens([TrueTurn("agent", 0.0, "I'm", 1.0, (TrueWord(0, "I'm", 0.2, 0.6),))])
    assert (i.start, am.start) == (0.2, None)


def test_spread_of_errors_and_of_none() -> None:
    assert spread_of([-0.3, 0.1, 0.2]) == {"n": 3, "median": 0.2, "p95": pytest.approx(0.29), "bias": 0.1}
    assert spread_of([]) == {"n": 0, "median": None, "p95": None, "bias": None}
