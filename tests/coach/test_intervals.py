import pytest

from coach.intervals import Estimate, estimate, student, wilson


def test_wilson_s_interval() -> None:
    assert wilson(0, 0) is None
    assert wilson(5, 10) == pytest.approx((0.2366, 0.7634), abs=1e-4)  # R: binom::binom.wilson(5, 10)
    assert wilson(0, 10) == pytest.approx((0.0, 0.2775), abs=1e-4)
    assert wilson(10, 10) == pytest.approx((0.7225, 1.0), abs=1e-4)


def test_wilson_s_interval_always_holds_the_share() -> None:
    for total in range(1, 60):
        for n in range(total + 1):
            interval = wilson(n, total)
            assert interval is not None
            assert 0.0 <= interval[0] <= n / total <= interval[1] <= 1.0


def test_student_s_interval() -> None:
    assert student([]) is None
    assert student([0.3]) is None
    assert student([1, 2, 3, 4, 5, 6]) == pytest.approx((1.5366, 5.4634), abs=5e-3)  # R: t.test(1:6)


def test_yes_and_no_are_counted_and_what_lies_between_is_measured() -> None:
    counted = estimate([1.0] * 10, of=12)
    assert (counted.value, counted.n, counted.of) == (1.0, 10, 12)
    assert counted.low == pytest.approx(0.7225, abs=1e-4)
    measured = estimate([0.4, 0.5, 0.6, 0.5], of=4)
    assert measured.low is not None
    assert measured.high is not None
    assert 0.3 < measured.low < 0.5 < measured.high < 0.7


def test_without_values_nothing_is_estimated() -> None:
    assert estimate([], of=3) == Estimate(None, None, None, 0, 3)
    assert estimate([0.5], of=3) == Estimate(0.5, None, None, 1, 3)
