"""Whether the names of a query exist. What does not is refused with those that do."""

from collections.abc import Iterable

from coach.counts.measures import MEASURES, Measure
from coach.errors import ConfigError
from coach.store import Filter, Filters, Store
from coach.store.counting import GROUPINGS
from coach.store.filters import KEYS, conditions
from coach.store.query import CountQuery


def check_names(store: Store, query: CountQuery) -> None:
    """ConfigError for a measure, subject, grouping, filter's key or tracker of a filter that there is not.

    The store is asked only for names that do not come with Callcoach: an organisation's own.
    """
    if query.measure not in MEASURES:
        raise ConfigError(f"There is no measure {query.measure!r}; there are {', '.join(MEASURES)}.")
    _check_subject(store, MEASURES[query.measure], query.subject)
    by = query.group_by
    if by is not None and by not in GROUPINGS and by not in (extra := store.names().extra):
        raise ConfigError(f"Calls cannot be grouped by {by!r}; by {', '.join((*GROUPINGS, *extra))}.")
    sides = query.compare if isinstance(query.compare, tuple) else ()
    check_where(store, (*query.where, *(each for side in sides for each in side)))


def check_where(store: Store, filters: Filters) -> None:
    """ConfigError for a field that no call has, a cue that no tracker finds, or a value that cannot be."""
    conditions(filters)
    for each in filters:
        _check_filter(store, each)


def _check_subject(store: Store, measure: Measure, subject: str | None) -> None:
    if not measure.subjects:
        if subject is not None:
            raise ConfigError(f"The measure {measure.name} has no subject; {subject!r} was given.")
        return
    if subject in measure.subjects:
        return
    stored: Iterable[str] = getattr(store.names(), measure.stored) if measure.stored else ()
    known = sorted({*measure.subjects, *stored})
    if subject not in known:
        given = "none was given" if subject is None else f"there is no {subject!r}"
        raise ConfigError(f"The measure {measure.name} needs a subject, and {given}; there are {', '.join(known)}.")


def _check_filter(store: Store, each: Filter) -> None:
    if each.key not in KEYS and each.key not in (extra := store.names().extra):
        raise ConfigError(f"{each}: there is no field {each.key!r}; there are {', '.join((*KEYS, *extra))}.")
    shipped = MEASURES["cue"].subjects
    if each.key != "cue" or all(value in shipped for value in each.values):
        return
    known = sorted({*shipped, *store.names().trackers})
    for value in each.values:
        if value not in known:
            raise ConfigError(f"{each}: there is no cue {value!r}; there are {', '.join(known)}.")
