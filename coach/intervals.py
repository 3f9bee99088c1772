"""How sure a figure is: 95 % intervals of shares and of means."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

Z_95 = 1.959964  # standard normal quantile of a two-sided 95 % interval


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


def wilson(n: int, total: int) -> tuple[float, float] | None:
    """Wilson's 95 % score interval of the share n / total (E. B. Wilson, 1927); None when total is 0."""
    if total == 0:
        return None
    share, z2 = n / total, Z_95**2
    centre = (share + z2 / (2 * total)) / (1 + z2 / total)
    half = Z_95 / (1 + z2 / total) * math.sqrt(share * (1 - share) / total + z2 / (4 * total**2))
    # At the ends centre and half are equal but for rounding, which must not push a bound past the share itself.
    return 0.0 if n == 0 else centre - half, 1.0 if n == total else centre + half


def student(values: Sequence[float]) -> tuple[float, float] | None:
    """Student's 95 % interval of the mean; None for fewer than two values.

    The quantile comes from the normal one by the expansion 26.7.5 of Abramowitz and Stegun (1964): right to .01 from
    five values on, and too narrow below.
    """
    n = len(values)
    if n < 2:
        return None
    mean = math.fsum(values) / n
    variance = math.fsum((value - mean) ** 2 for value in values) / (n - 1)
    half = _t_95(n - 1) * math.sqrt(variance / n)
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


def _t_95(freedom: int) -> float:
    """Student's quantile of a two-sided 95 % interval."""
    z = Z_95
    return (
        z
        + (z**3 + z) / (4 * freedom)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * freedom**3)
    )
