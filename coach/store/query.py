"""What is to be counted, as a value: the only form in which a question, whoever understood it, reaches the database.

A query names a measure, never a column: what each measure counts is written down in `coach.store.counting`, so neither
people's words nor a model's reply can bring SQL of their own.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from coach.store.filters import Filter

PREVIOUS: Literal["previous"] = "previous"
PERIOD = "period"
"""What a plan's period is called, whatever it is, where conditions are taken away by name."""


@dataclass(frozen=True, slots=True)
class Period:
    """Whole days in UTC, both included; None is open."""

    since: date | None = None
    until: date | None = None

    def filters(self) -> tuple[Filter, ...]:
        """The same as conditions on calls; none for any time. A call without a start is in no other period."""
        ends = ((">=", self.since), ("<=", self.until))
        return tuple(Filter("started_at", op, (day.isoformat(),)) for op, day in ends if day is not None)  # type: ignore[arg-type]

    def before(self) -> "Period | None":
        """The period of equal length just before; whole calendar months before whole calendar months. None if open."""
        if self.since is None or self.until is None:
            return None
        last = self.since - timedelta(days=1)
        months = _whole_months(self.since, self.until)
        if months is None:
            return Period(last - (self.until - self.since), last)
        first = self.since
        for _ in range(months):
            first = (first - timedelta(days=1)).replace(day=1)
        return Period(first, last)


ANY_TIME = Period()


@dataclass(frozen=True, slots=True)
class CountQuery:
    """One measure over the calls that meet `where` within `period`."""

    measure: str
    """A name of `coach.counts.MEASURES`."""
    subject: str | None = None
    """What the measure is about: a tracker, a question's function, an outcome, a call's measure, a rubric."""
    where: tuple[Filter, ...] = ()
    group_by: str | None = None
    """A key of the metadata, an extra column, or day, week, month, weekday, hour."""
    period: Period = ANY_TIME
    compare: tuple[tuple[Filter, ...], tuple[Filter, ...]] | Literal["previous"] | None = None
    """Two sides, each with filters beside `where`; or this period beside the one before."""


def _whole_months(since: date, until: date) -> int | None:
    """How many calendar months the days make up; None when they begin or end within one."""
    if since.day != 1 or (until + timedelta(days=1)).day != 1:
        return None
    return (until.year - since.year) * 12 + until.month - since.month + 1
