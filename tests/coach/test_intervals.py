from collections.abc import Sequence

import pytest

from coach.intervals import (
    Z_95,
    Estimate,
    Mean,
    around,
    estimate,
    newcombe,
    poisson,
    ratio,
    student,
    t_95,
    welch,
    wilson,
)


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
    assert student([1, 2, 3, 4, 5, 6]) == pytest.approx((1.5367, 5.4633), abs=5e-5)  # R: t.test(1:6)


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


def test_student_s_quantiles_are_those_of_the_tables() -> None:
    tabled = {1: 12.706, 2: 4.303, 3: 3.182, 5: 2.571, 10: 2.228, 30: 2.042, 120: 1.980}
    assert {freedom: round(t_95(freedom), 3) for freedom in tabled} == tabled
    assert t_95(1e9) == Z_95


@pytest.mark.parametrize(
    ("sides", "interval"),
    [  # R. G. Newcombe (1998), table II, method 10
        ((56, 70, 48, 80), (0.0524, 0.3339)),
        ((9, 10, 3, 10), (0.1705, 0.8090)),
        ((6, 7, 2, 7), (0.0582, 0.8062)),
        ((5, 56, 0, 29), (-0.0381, 0.1926)),
        ((0, 10, 0, 20), (-0.1611, 0.2775)),
        ((10, 10, 0, 20), (0.6791, 1.0000)),
        ((10, 10, 0, 10), (0.6075, 1.0000)),
    ],
)
def test_newcombe_s_interval(sides: tuple[int, int, int, int], interval: tuple[float, float]) -> None:
    assert newcombe(*sides) == pytest.approx(interval, abs=5e-5)
    n, total, other_n, other_total = sides
    assert newcombe(other_n, other_total, n, total) == pytest.approx((-interval[1], -interval[0]), abs=5e-5)


def test_without_calls_on_a_side_no_difference_has_an_interval() -> None:
    assert newcombe(0, 0, 1, 2) is None
    assert newcombe(1, 2, 0, 0) is None


def test_welch_s_interval() -> None:
    # Hours of sleep gained with two drugs (Student, 1908); R: t.test(extra ~ group, data = sleep)
    one = mean_of([0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0])
    other = mean_of([1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4])
    assert (one.value, other.value) == pytest.approx((0.75, 2.33))
    assert welch(one, other) == pytest.approx((-3.3654832, 0.2054832), abs=1e-6)


def test_the_interval_of_a_mean_is_student_s() -> None:
    values = [1, 2, 3, 4, 5, 6]
    assert around(mean_of(values)) == pytest.approx(student(values))


def test_a_ratio_s_variance_is_that_of_its_residuals() -> None:
    # x = 1, 2, 3 of y = 2, 3, 7: R = 1/2, residuals 0, 1/2, -1/2, so 3 * 1/2 / (2 * 12²) = 1/192
    estimated = ratio(3, x=6, y=12, xx=14, yy=62, xy=29)
    assert estimated is not None
    assert (estimated.value, estimated.variance, estimated.freedom) == pytest.approx((0.5, 1 / 192, 2))
    half = 4.302653 / 192**0.5
    assert around(estimated) == pytest.approx((0.5 - half, 0.5 + half), abs=1e-6)


def test_what_does_not_vary_has_no_interval() -> None:
    assert ratio(1, 1, 1, 1, 1, 1) is None
    assert ratio(3, 0, 0, 0, 0, 0) is None
    fives = mean_of([5.1, 5.1, 5.1])
    assert fives.variance == 0
    assert around(fives) is None
    assert welch(fives, fives) is None


def test_a_number_s_interval() -> None:
    assert poisson(0) == pytest.approx((0.0, 3.8415), abs=1e-4)
    assert poisson(10) == pytest.approx((5.4320, 18.4095), abs=1e-4)  # 10 + 1.9207 ± 1.96 √10.9604


def mean_of(values: Sequence[float]) -> Mean:
    estimated = ratio(len(values), sum(values), len(values), sum(v * v for v in values), len(values), sum(values))
    assert estimated is not None
    return estimated
