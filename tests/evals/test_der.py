import pytest

from evals.der import errors

REFERENCE = [[(0.0, 4.0), (8.0, 12.0)], [(4.5, 8.0), (11.0, 14.0)]]


def test_a_perfect_answer_has_no_errors_whatever_the_speakers_are_called() -> None:
    assert errors(REFERENCE, REFERENCE).rate == 0
    assert errors(REFERENCE, REFERENCE[::-1]).rate == 0


def test_nothing_said_has_no_rate() -> None:
    assert errors([[]], []).rate is None


def test_silence_misses_everything() -> None:
    found = errors(REFERENCE, [])
    assert (found.rate, found.false_alarm, found.confused) == (1, 0, 0)


def test_one_speaker_for_two_is_missed_overlap_and_confusion() -> None:
    found = errors([[(0.0, 10.0)], [(10.0, 16.0)]], [[(0.0, 16.0)]], collar_s=0.0)
    assert (found.missed, found.false_alarm) == (0, 0)
    assert found.confused == pytest.approx(6.0)
    assert found.rate == pytest.approx(6 / 16)


def test_errors_inside_the_collar_are_forgiven() -> None:
    late = [[(0.2, 4.2), (8.2, 12.2)], [(4.7, 8.2), (11.2, 14.2)]]
    assert errors(REFERENCE, late).rate == 0
    assert (errors(REFERENCE, late, collar_s=0.0).rate or 0) > 0.05


def test_errors_of_recordings_add_up() -> None:
    one, other = errors([[(0.0, 10.0)]], [], collar_s=0.0), errors([[(0.0, 30.0)]], [[(0.0, 30.0)]], collar_s=0.0)
    assert (one + other).rate == pytest.approx(0.25)
