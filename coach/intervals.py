"""How sure a figure is: 95 % intervals of shares, means, ratios and counts, and of differences between them.

Each call counts as one draw, however much was said in it: what is said within a call hangs together, calls hardly do.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

Z_95 = 1.959964  # standard normal quantile of a two-sided 95 % interval
_STEPS = 200  # of Simpson's rule; even

Interval = tuple[float, float]
"""Lower and upper bound."""


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean, or a ratio of two sums, with how much it varies by chance."""

    value: float
    variance: float
    """Of `value` itself, not of what it is the mean of."""
    freedom: float
    """Degrees of freedom of `variance`."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over calls with its 95 % interval."""

    value: float | None
    """None when no call has a value."""
    low: float | None
    high: float | None
    """None when they cannot be told (no value; a single one that is not a yes or no)."""
    n: int
    """Calls that have a value..."""
    of: int
    """...of so many."""


def wilson(n: int, total: int) -> Interval | None:
    """Wilson's 95 % score interval of the share n / total (E. B. Wilson, 1927); None when total is 0."""
    if total == 0:
        return None
    share, z2 = n / total, Z_95**2
    centre = (share + z2 / (2 * total)) / (1 + z2 / total)
    half = Z_95 / (1 + z2 / total) * math.sqrt(share * (1 - share) / total + z2 / (4 * total**2))
    # At the ends centre and half are equal but for rounding, which must not push a bound past the share itself.
    return 0.0 if n == 0 else centre - half, 1.0 if n == total else centre + half


def newcombe(n: int, total: int, other_n: int, other_total: int) -> Interval | None:
    """95 % interval of n / total - other_n / other_total, of two sides that share no call; None when a total is 0.

    Newcombe's hybrid score interval (R. G. Newcombe, Interval estimation for the difference between independent
    proportions, Statistics in Medicine 17, 1998, method 10).
    """
    one, other = wilson(n, total), wilson(other_n, other_total)
    if one is None or other is None:
        return None
    return square_and_add(n / total, one, other_n / other_total, other)


def square_and_add(value: float, interval: Interval, other_value: float, other_interval: Interval) -> Interval:
    """Interval of the difference of two independent values from their own intervals, which need not be symmetric.

    Zou and Donner, Construction of confidence limits about effect measures (Statistics in Medicine 27, 2008): what
    Newcombe does with Wilson's intervals holds for others as well.
    """
    (low, high), (other_low, other_high) = interval, other_interval
    difference = value - other_value
    below = math.hypot(value - low, other_high - other_value)
    above = math.hypot(high - value, other_value - other_low)
    return difference - below, difference + above


def poisson(n: int) -> Interval:
    """95 % score interval of how many are expected where n came, each by itself: n + z²/2 ± z √(n + z²/4)."""
    centre, half = n + Z_95**2 / 2, Z_95 * math.sqrt(n + Z_95**2 / 4)
    return max(0.0, centre - half), centre + half


def ratio(n: int, x: float, y: float, xx: float, yy: float, xy: float) -> Mean | None:
    """Σx / Σy over n calls, from Σx, Σy, Σx², Σy² and Σxy; None when Σy is 0 or n below 2.

    The variance is that of the ratio estimator with calls as the sampling units (W. G. Cochran, Sampling Techniques,
    3rd edition 1977, 6.4, by linearisation, without the finite population correction): n Σ(x - Ry)² / ((n - 1) (Σy)²).
    Where y is 1 throughout it is that of the mean.
    """
    if n < 2 or y == 0:
        return None
    value = x / y
    squares = xx - 2 * value * xy + value**2 * yy
    if squares < 1e-12 * (xx + value**2 * yy):
        squares = 0.0  # nothing varies; what is left is rounding
    return Mean(value, n * squares / ((n - 1) * y**2), n - 1)


def around(mean: Mean) -> Interval | None:
    """Student's 95 % interval; None when nothing varies, since too few values tell nothing of chance."""
    if mean.variance == 0:
        return None
    half = t_95(mean.freedom) * math.sqrt(mean.variance)
    return mean.value - half, mean.value + half


def welch(one: Mean, other: Mean) -> Interval | None:
    """95 % interval of one - other, of two sides that share no call; None when nothing varies.

    B. L. Welch (Biometrika 34, 1947), with Satterthwaite's degrees of freedom. For ratios, whose variances are
    linearised, it is the delta method with Student's quantile.
    """
    variance = one.variance + other.variance
    if variance == 0:
        return None
    freedom = variance**2 / (one.variance**2 / one.freedom + other.variance**2 / other.freedom)
    half = t_95(freedom) * math.sqrt(variance)
    return one.value - other.value - half, one.value - other.value + half


def student(values: Sequence[float]) -> Interval | None:
    """Student's 95 % interval of the mean; None for fewer than two values."""
    n = len(values)
    if n < 2:
        return None
    mean = math.fsum(values) / n
    variance = math.fsum((value - mean) ** 2 for value in values) / (n - 1)
    half = t_95(n - 1) * math.sqrt(variance / n)
    return mean - half, mean + half


def estimate(values: Sequence[float], of: int) -> Estimate:
    """The mean of `values`, each a share (0 to 1) of one of `of` calls.

    Values that are all 0 or 1 are counted, and Wilson's interval is given; others are measured, and Student's is given,
    cut to 0..1. A call counts once however much was said in it, so that the calls may be taken as independent.
    """
    if not values:
        return Estimate(None, None, None, 0, of)
    mean = math.fsum(values) / len(values)
    if all(value in (0.0, 1.0) for value in values):
        interval = wilson(round(math.fsum(values)), len(values))
    else:
        interval = student(values)
    low, high = (None, None) if interval is None else (max(0.0, interval[0]), min(1.0, interval[1]))
    return Estimate(mean, low, high, len(values), of)


def t_95(freedom: float) -> float:
    """Student's quantile of a two-sided 95 % interval, right to 1e-6; `freedom` is at least 1.

    With t = √freedom tan θ the density becomes one of the angle, proportional to cos(θ)^(freedom - 1) (Abramowitz and
    Stegun, 1964, 26.7.3 and 26.7.4 are its integrals). The angle that holds 95 % on both sides is found by Newton's
    method.
    """
    if freedom > 1e6:
        return Z_95
    scale = 2 / math.sqrt(math.pi) * math.exp(math.lgamma((freedom + 1) / 2) - math.lgamma(freedom / 2))
    angle = min(math.atan(2 / math.sqrt(freedom)), 1.4)
    for _ in range(50):
        step = (scale * _integral(angle, freedom - 1) - 0.95) / (scale * math.cos(angle) ** (freedom - 1))
        angle -= step
        if abs(step) < 1e-12:
            break
    return math.sqrt(freedom) * math.tan(angle)


def _integral(angle: float, power: float) -> float:
    """Of cos(θ)^power from 0 to `angle`, by Simpson's rule."""
    width = angle / _STEPS
    inner = math.fsum((4 if i % 2 else 2) * math.cos(i * width) ** power for i in range(1, _STEPS))
    return float(width / 3 * (1.0 + inner + math.cos(angle) ** power))
