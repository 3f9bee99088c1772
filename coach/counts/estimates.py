"""From sums over contacts to figures with 95 % intervals, and to differences between two sides."""

from coach import intervals
from coach.counts.figure import Figure
from coach.counts.measures import Kind
from coach.intervals import Interval
from coach.store import Sums

_NOT_NEGATIVE = ("count", "s", "per_contact", "per_minute", "per_10_minutes")


def figure_of(kind: Kind, unit: str, label: str, sums: Sums, of: int, group: str | None) -> Figure:
    """The figure of one group or side. `of` is what a number is of; a number is counted and has no interval.

    A share of contacts is n of N known contacts, a share within contacts n of N questions, a mean of n known of N.
    """
    value = value_of(kind, sums, of)
    low, high = (None, None) if kind == "number" else interval_of(kind, unit, sums) or (None, None)
    if kind == "number":
        n, total = sums.calls, of
    elif kind == "mean":
        n, total = sums.known, sums.calls
    else:
        n, total = round(sums.x), round(sums.y)
    return Figure(label, n, total, value, unit, low, high, group)


def value_of(kind: Kind, sums: Sums, of: int) -> float | None:
    """None when there is nothing to count, or nothing is known."""
    if kind == "number":
        return float(sums.calls) if of else None
    return sums.x / sums.y if sums.y else None


def interval_of(kind: Kind, unit: str, sums: Sums) -> Interval | None:
    """Of one group or side.

    Wilson's where every contact counts 0 or 1; else Student's of the mean or ratio over contacts. Where all questions
    of all contacts are alike, nothing varies: Wilson's then, with a contact as the unit.
    """
    if kind == "number":
        return intervals.poisson(sums.calls)
    if _is_yes_no(kind, unit, sums):
        return intervals.wilson(round(sums.x), sums.known)
    if kind == "share" and sums.y and sums.x in (0.0, sums.y):
        return intervals.wilson(sums.known if sums.x else 0, sums.known)
    mean = _mean(sums)
    bounds = None if mean is None else intervals.around(mean)
    return None if bounds is None else _cut(bounds, *_limits(unit))


def difference_of(
    kind: Kind, unit: str, label: str, sides: tuple[Sums, Sums], *, apart: bool, group: str | None
) -> Figure:
    """The first side's value less the other's. No interval unless they are `apart`, that is, share no contact.

    Where there is nothing on either side, their numbers are not compared.
    """
    one, other = sides
    values = tuple(value_of(kind, side, one.calls + other.calls) for side in sides)
    figure = figure_of(kind, unit, label, one, one.calls, group)
    if values[0] is None or values[1] is None:
        return Figure(label, figure.n, figure.N, None, f"difference {unit}", None, None, group)
    low, high = (_between(kind, unit, one, other) if apart else None) or (None, None)
    return Figure(label, figure.n, figure.N, values[0] - values[1], f"difference {unit}", low, high, group)


def _between(kind: Kind, unit: str, one: Sums, other: Sums) -> Interval | None:
    """Newcombe's interval for two shares of contacts, Welch's for two means or ratios that vary; else from the two
    intervals (numbers, and where only one side varies)."""
    if _is_yes_no(kind, unit, one) and _is_yes_no(kind, unit, other):
        return intervals.newcombe(round(one.x), one.known, round(other.x), other.known)
    means = _mean(one), _mean(other)
    if kind != "number" and means[0] is not None and means[1] is not None and means[0].variance and means[1].variance:
        bounds = intervals.welch(means[0], means[1])
        return None if bounds is None else _cut(bounds, *((-1.0, 1.0) if unit == "share" else (None, None)))
    around = interval_of(kind, unit, one), interval_of(kind, unit, other)
    values = value_of(kind, one, 1), value_of(kind, other, 1)
    if around[0] is None or around[1] is None or values[0] is None or values[1] is None:
        return None
    return intervals.square_and_add(values[0], around[0], values[1], around[1])


def _is_yes_no(kind: Kind, unit: str, sums: Sums) -> bool:
    """Whether every contact's value is 0 or 1, as for shares of contacts: a share x equals its square only then."""
    return sums.known > 0 and (kind == "yes" or (kind == "mean" and unit == "share" and sums.x == sums.xx))


def _mean(sums: Sums) -> intervals.Mean | None:
    return intervals.ratio(sums.known, sums.x, sums.y, sums.xx, sums.yy, sums.xy)


def _limits(unit: str) -> tuple[float | None, float | None]:
    if unit == "share":
        return 0.0, 1.0
    return (0.0 if unit in _NOT_NEGATIVE else None), None


def _cut(bounds: Interval, least: float | None, most: float | None) -> Interval:
    low, high = bounds
    return (low if least is None else max(least, low)), (high if most is None else min(most, high))
