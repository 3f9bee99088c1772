"""Dates in words as periods: "last month", "since May", "in the first half of August", "between 3 and 10 July"."""

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta

from coach.routing.dates import SPANS
from coach.routing.words import Draft, whole
from coach.store.query import Period


@dataclass(frozen=True, slots=True)
class Dated:
    """A period and the words it was read from."""

    period: Period
    words: str


def take_periods(draft: Draft, today: date) -> None:
    """Replaces what names days by marks of `Dated`: single spans first, then "since" and "from ... to" of them."""
    for pattern, read in SPANS:
        for match in reversed(list(pattern.finditer(draft.text))):
            said = {name.rstrip("2"): text for name, text in match.groupdict().items() if text}
            with suppress(ValueError, OverflowError):  # no such day
                if (period := read(said, today)) is not None:
                    draft.take(match.start(), match.end(), Dated(period, match.group()))
    for pattern, join in _JOINED:
        for match in reversed(list(pattern.finditer(draft.text))):
            if join is _adjacent and _SET_AGAINST.search(draft.text):
                continue
            things = [draft.thing(mark) for mark in match.groups() if mark is not None]
            if not all(isinstance(thing, Dated) for thing in things):
                continue
            with suppress(OverflowError):
                if (period := join(*(thing.period for thing in things))) is not None:
                    words = re.sub(r"@\d+", lambda mark: draft.thing(mark.group()).words, match.group())
                    draft.take(match.start(), match.end(), Dated(period, words))


def _open(period: Period) -> Period:
    return Period(period.since, None)


def _until(period: Period) -> Period:
    return Period(None, period.until)


def _before(period: Period) -> Period | None:
    return None if period.since is None else Period(None, period.since - timedelta(days=1))


def _after(period: Period) -> Period | None:
    return None if period.until is None else Period(period.until + timedelta(days=1), None)


def _range(begin: Period, end: Period) -> Period | None:
    """From the begin of one to the end of the other; the begin a year earlier where it would come last."""
    if begin.since is None or end.until is None:
        return None
    since = begin.since
    return Period(since if since <= end.until else since.replace(year=since.year - 1), end.until)


def _adjacent(begin: Period, end: Period) -> Period | None:
    """ "May and June": one period when the other follows at once."""
    if None in (begin.since, begin.until, end.since) or end.since != (begin.until or date.max) + timedelta(days=1):
        return None
    return Period(begin.since, end.until)


_SET_AGAINST = whole(r"compar\w*|differ(?!ent(?: |$))\w*|versus|vs")


def _itself(period: Period) -> Period:
    return period


def _from(period: Period) -> Period:
    """ "From 3 August" goes on from there; "examples from July" are of that month."""
    is_day = period.since is not None and period.since == period.until
    return _open(period) if is_day else period


def _week_of(period: Period) -> Period | None:
    if period.since is None:
        return None
    monday = period.since - timedelta(days=period.since.weekday())
    return Period(monday, monday + timedelta(days=6))


_JOINED: tuple[tuple[re.Pattern[str], Callable[..., Period | None]], ...] = tuple(
    (whole(pattern), join)
    for pattern, join in (
        (
            r"(?:(?:in|during|for|of|over) )?(?:the |that )?week (?:of|commencing|starting|beginning|from"
            r"|that (?:began|started))(?: on| with)?(?: the)? (@\d+)",
            _week_of,
        ),
        (r"(?:from|between) (@\d+) (?:and|to|until|till|through|up to)(?: the end of)? (@\d+)", _range),
        (r"(?:in |during )?(@\d+) (?:to|until|till|through|up to)(?: the end of)? (@\d+)", _range),
        (r"(?:in |during |for )?(?:both )?(@\d+) and (@\d+)", _adjacent),
        (
            r"(?:ever since|since|starting(?: in| from| on)?|as of|beginning) (?:the beginning of )?(@\d+)"
            r"(?: onwards?| on)?|from (?:the beginning of )?(@\d+) (?:onwards?|on)",
            _open,
        ),
        (r"from (@\d+)", _from),
        (r"(?:until|till|up to(?: and including)?|by|through)(?: the end of)? (@\d+)", _until),
        (r"(?:before|older than|earlier than|prior to) (@\d+)", _before),
        (r"(?:after|later than|newer than|more recent than) (@\d+)", _after),
        (r"(?:in|during|on|over|throughout|within|for|of|from|at)(?: all of)? (@\d+)", _itself),
    )
)
