"""Figures as drawings: bars of groups beside each other, or a line through time, both with their 95 % intervals.

Places are percentages of the drawing's width or height, so that it can be drawn at any size without a script.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from coach.counts.figure import Figure
from coach.counts.wording import NOT_GIVEN
from coach.figures import name_of, shared_label, unit_of, write_basis, write_interval, write_number, write_value

MAX_TICK_LABELS = 6
"""Along the time axis: so many fit on a telephone."""


@dataclass(frozen=True, slots=True)
class Mark:
    """One figure in a drawing. Percentages; `y` counts from the top. None where it is not known."""

    name: str
    value: str
    basis: str
    interval: str | None
    at: float
    """The value's place along the axis of values, from 0."""
    low: float | None
    high: float | None
    known: bool
    x: float = 50.0
    """Of a trend: the place in time."""
    tick: str = ""
    """Of a trend: the word under it; empty where there is no room for one."""

    @property
    def title(self) -> str:
        """All of it in a line, for a tooltip."""
        return f"{self.name}: {self.value}, {self.basis}" + (f", {self.interval}" if self.interval else "")


@dataclass(frozen=True, slots=True)
class Chart:
    label: str
    """What is drawn."""
    marks: tuple[Mark, ...]
    is_trend: bool
    ticks: tuple[str, ...] = ()
    """Of a trend: values along the axis, at equal distances, from the top to 0."""

    @property
    def lines(self) -> tuple[tuple[Mark, Mark], ...]:
        """Of a trend: neighbours in time that are both known."""
        dated = [mark for mark in self.marks if mark.name != NOT_GIVEN]
        return tuple((one, other) for one, other in pairwise(dated) if one.known and other.known)


def draw_bars(figures: Sequence[Figure]) -> Chart | None:
    """A bar each, the longest bar or whisker as wide as there is room; None for fewer than two figures."""
    if len(figures) < 2:
        return None
    longest = max((_top(one) for one in figures), default=0.0)
    return Chart(shared_label(figures), tuple(_mark(one, name_of(one), longest) for one in figures), is_trend=False)


def draw_trend(figures: Sequence[Figure], by: str) -> Chart | None:
    """A point for each day, week or month, in order, and one apart for what has no date; None for fewer than two."""
    if len(figures) < 2:
        return None
    unit = unit_of(figures[0])
    ticks = axis(max((_top(one) for one in figures), default=0.0), unit)
    every = math.ceil(len(figures) / MAX_TICK_LABELS)
    marks = []
    for at, one in enumerate(figures):
        name = write_date(name_of(one), by)
        x = 100 * (at + 0.5) / len(figures)
        tick = name if name == NOT_GIVEN else name.rsplit(" ", 1)[0] if at % every == 0 else ""
        marks.append(_mark(one, name, ticks[0], x, tick))
    return Chart(
        shared_label(figures), tuple(marks), is_trend=True, ticks=tuple(write_number(each, unit) for each in ticks)
    )


def axis(top: float, unit: str) -> tuple[float, ...]:
    """Three or more round values from one at least `top` down to 0, at equal distances. Shares end at 1."""
    if top <= 0:
        return 1.0, 0.5, 0.0
    rough = top / 4
    power = 10 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough * (1 - 1e-9))
    if unit == "count":
        step = max(1.0, float(math.ceil(step)))
    count = max(2, math.ceil(top / step - 1e-9))
    if unit == "share" and count * step > 1:
        return 1.0, 0.75, 0.5, 0.25, 0.0
    return tuple(step * at for at in range(count, -1, -1))


def write_date(text: str, by: str) -> str:
    """A group of time as people write it: "Aug 2026", "3 Aug 2026"; anything else as it is."""
    try:
        day = date.fromisoformat(f"{text}-01" if by == "month" else text)
    except ValueError:
        return text
    return f"{day:%b %Y}" if by == "month" else f"{day.day} {day:%b %Y}"


def _mark(figure: Figure, name: str, longest: float, x: float = 50.0, tick: str = "") -> Mark:
    def place(value: float | None) -> float | None:
        return None if value is None else 100 * min(1.0, max(0.0, value) / longest) if longest > 0 else 0.0

    return Mark(
        name=name,
        value=write_value(figure),
        basis=write_basis(figure),
        interval=write_interval(figure),
        at=place(figure.value) or 0.0,
        low=place(figure.low),
        high=place(figure.high),
        known=figure.value is not None,
        x=x,
        tick=tick,
    )


def _top(figure: Figure) -> float:
    return max((value for value in (figure.value, figure.high) if value is not None), default=0.0)
