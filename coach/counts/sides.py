"""Which contacts stand beside each other: those of a comparison, a period and the one before, two halves of a span."""

from dataclasses import dataclass
from datetime import timedelta

from coach.store import Filter, Filters, Store
from coach.store.query import PREVIOUS, CountQuery, Period

_HAPPENED = {"cue": "said", "question": "asked"}
"""What the conditions on what was said speak of."""


@dataclass(frozen=True, slots=True)
class Side:
    """The contacts that are counted together."""

    name: str | None
    """For people; None when there is nothing beside it."""
    where: Filters
    """All their conditions, the period's too."""
    period: Period


def sides_of(store: Store, query: CountQuery) -> tuple[Side, ...]:
    """One side, or the two that are compared, the one asked about first.

    Compared with the period before, an open end is that of the newest contact; without a beginning the newer half of
    all is compared with the older. One side only when there are no such days.
    """
    if query.compare is None:
        return (_side(query, query.period, None),)
    if query.compare != PREVIOUS:
        return tuple(
            Side(_words(side), (*query.where, *side, *query.period.filters()), query.period) for side in query.compare
        )
    period, span = query.period, store.days(query.period.filters())
    if period.since is not None and period.until is None and span is not None:
        period = Period(period.since, span[1])
    before = period.before()
    if before is None:
        return halves_of(store, query) or (_side(query, query.period, None),)
    return _dated(query, period), _dated(query, before)


def spread(store: Store, query: CountQuery) -> tuple[tuple[Side, ...], tuple[Side, ...]]:
    """For groups of time: the sides whose groups are shown, and beside them the two parts of the time that they cover.

    Compared with the period before, the groups run through both periods, which are the parts; of a single side they
    are the newer and the older half. No parts where two sides are compared, or there is a single day.
    """
    sides = sides_of(store, query)
    if isinstance(query.compare, tuple):
        return sides, ()
    if len(sides) == 1:
        return sides, halves_of(store, query)
    whole = Period(sides[1].period.since, sides[0].period.until)
    return (_side(query, whole, None),), sides


def halves_of(store: Store, query: CountQuery) -> tuple[Side, ...]:
    """The newer and the older half of the days with contacts within the query's period; none for a single day.

    Of an odd number of days the one in the middle belongs to neither, so that numbers of contacts can be compared.
    """
    span = store.days(query.period.filters())
    if span is None or span[0] == span[1]:
        return ()
    half = timedelta(days=((span[1] - span[0]).days + 1) // 2 - 1)
    return _dated(query, Period(span[1] - half, span[1])), _dated(query, Period(span[0], span[0] + half))


def _dated(query: CountQuery, period: Period) -> Side:
    return _side(query, period, f"{period.since} to {period.until}")


def _side(query: CountQuery, period: Period, name: str | None) -> Side:
    return Side(name, (*query.where, *period.filters()), period)


def _words(where: Filters) -> str:
    return " and ".join(map(_word, where)) or "all"


def _word(each: Filter) -> str:
    """ "senior", "not senior", "leaving said", "impact not asked"; other conditions as they are written."""
    values = " or ".join(each.values)
    if not values or each.op not in ("=", "!="):
        return str(each)
    negation = "" if each.op == "=" else "not "
    if each.key in _HAPPENED:
        return f"{values.replace('_', ' ')} {negation}{_HAPPENED[each.key]}"
    return f"{each.key} {negation}{values}" if values in ("true", "false") else f"{negation}{values}"
