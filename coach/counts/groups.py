"""The groups of a count, in the order people expect, under the names they read."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta

from coach.counts.wording import NOT_GIVEN, WEEKDAYS

MAX_GROUPS = 50
DATED = ("day", "week", "month")
"""Groupings in which time goes on, so that there is an older and a newer half."""


def in_order(by: str, sizes: Mapping[str | None, int], span: tuple[date, date] | None) -> list[str | None]:
    """The groups, of which `sizes` gives the contacts: time and scales as they run, others by size and then by name.

    Dates within `span` and weekdays that have no contacts are there too. Contacts without a value come last.
    """
    found = [group for group in sizes if group is not None]
    ordered: Iterable[str]
    if by in DATED:
        ordered = _dates(by, *span) if span is not None and found else found
    elif by == "weekday":
        ordered = [str(day) for day in range(1, 8)] if found else []
    elif by == "hour":
        ordered = [f"{hour:02d}" for hour in range(int(min(found)), int(max(found)) + 1)] if found else []
    elif by == "csat":
        ordered = sorted(found, key=float)
    else:
        ordered = sorted(found, key=lambda group: (-sizes[group], group.casefold(), group))
    return [*ordered, *([None] if None in sizes else [])]


def kept(by: str, ordered: list[str | None]) -> list[str | None]:
    """At most MAX_GROUPS of them: the newest of dates, else the first."""
    return ordered[-MAX_GROUPS:] if by in DATED else ordered[:MAX_GROUPS]


def name_of(by: str, group: str | None) -> str:
    """For people: "Monday", "09:00"; a week by its Monday."""
    if group is None:
        return NOT_GIVEN
    if by == "weekday":
        return WEEKDAYS[int(group) - 1]
    return f"{group}:00" if by == "hour" else str(group)


def dated(by: str, day: str | None) -> str | None:
    """The group of a day: itself, the Monday of its week, or its month as 2026-01."""
    if day is None or by == "day":
        return day
    first = date.fromisoformat(day)
    return day[:7] if by == "month" else (first - timedelta(days=first.weekday())).isoformat()


def _dates(by: str, first: date, last: date) -> Iterable[str]:
    """Every group from the one of `first` to the one of `last`."""
    days = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return dict.fromkeys(str(dated(by, day.isoformat())) for day in days)
