import numpy as np
import pytest

from coach.types import Segment
from evals.comparison import Errors, comparable, compare, count_errors, wer
from evals.recordings import TrueCall, TrueTurn
from ingest.channels import Channel
from ingest.transcribe import CallTranscript

# openai-whisper leaves the files of its vocabulary and its normaliser open.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed file.*whisper:ResourceWarning")


def _errors(source: str, wrong: int, words: int = 100) -> Errors:
    return Errors(source, "real", words, wrong, 0, 0)


def test_numbers_written_in_different_ways_are_the_same_words() -> None:
    assert (
        comparable("Call 279-3722.") == comparable("call two seven nine, three seven two two") == "call 2 7 9 3 7 2 2"
    )
    assert comparable("It's $39,000!") == comparable("it is thirty-nine thousand dollars")
    assert comparable("OK, alright.") == comparable("Okay, all right!")
    assert comparable("") == ""


def test_errors_are_counted_a_side_at_a_time_without_dropped_text() -> None:
    sides = tuple(Channel(i, role, np.zeros(1, dtype=np.int16)) for i, role in enumerate(("agent", "customer")))
    call = TrueCall("c", sides, (TrueTurn("agent", 0.0, "good morning to you"), TrueTurn("customer", 1.0, "hello")))
    segments = (
        Segment(0, "agent", 0.0, 1.0, " Good warning you"),
        Segment(0, "agent", 1.0, 2.0, " Thanks for watching", dropped="invention"),
        Segment(1, "customer", 1.0, 2.0, " hello there"),
    )
    found = count_errors(call, CallTranscript(segments, (), (), (), "en"))
    assert (found.words, found.substitutions, found.deletions, found.insertions) == (5, 1, 1, 1)
    assert wer([found]) == pytest.approx(3 / 5)
    assert wer([]) == 0.0


def test_text_where_nothing_was_said_is_inserted() -> None:
    call = TrueCall("c", (Channel(0, "agent", np.zeros(1, dtype=np.int16)),), ())
    heard = CallTranscript((Segment(0, "agent", 0.0, 1.0, "three invented words"),), (), (), (), "en")
    assert count_errors(call, heard).insertions == 3


def test_equal_recognisers_differ_by_nothing() -> None:
    errors = [_errors(f"s{i}", i) for i in range(10)]
    result = compare(errors, errors)
    assert (result.value, result.low, result.high) == (0.0, 0.0, 0.0)


def test_interval_is_that_of_the_mean_of_independent_sources() -> None:
    random = np.random.default_rng(5)
    extra = random.integers(0, 5, 400)
    result = compare(
        [_errors(f"s{i}", 10 + int(n)) for i, n in enumerate(extra)], [_errors(f"s{i}", 10) for i in range(400)]
    )
    half = 1.96 * extra.std() / np.sqrt(400) / 100
    assert result.value == pytest.approx(extra.mean() / 100)
    assert result.high - result.value == pytest.approx(half, rel=0.1)
    assert result.value - result.low == pytest.approx(half, rel=0.1)


def test_calls_of_one_source_count_as_one() -> None:
    """Saying everything through a second telephone must not make a difference look surer."""
    once = [_errors(f"s{i}", i % 7) for i in range(20)], [_errors(f"s{i}", 3) for i in range(20)]
    twice = once[0] * 2, once[1] * 2
    one, two = compare(*once), compare(*twice)
    assert two.sources == one.sources == 20
    assert two.high - two.low == pytest.approx(one.high - one.low)
