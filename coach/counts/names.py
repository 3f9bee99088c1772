"""Whether the names of a query exist. What does not is refused with those that do."""

from coach.counts.measures import MEASURES
from coach.errors import ConfigError
from coach.store import Filter, Store
from coach.store.counting import GROUPINGS
from coach.store.filters import KEYS, conditions
from coach.store.query import CountQuery


def check_names(store: Store, query: CountQuery) -> None:
    """ConfigError for a measure, subject, grouping, filter's key or tracker of a filter that there is not."""
    if query.measure not in MEASURES:
        raise ConfigError(f"There is no measure {query.measure!r}; there are {', '.join(MEASURES)}.")
    measure = MEASURES[query.measure]
    trackers, rubrics, extra = store.said_names()
    stored = {"trackers": trackers, "rubrics": rubrics}.get(measure.stored or "", [])
    subjects = sorted({*measure.subjects, *stored})
    if not subjects and query.subject is not None:
        raise ConfigError(f"The measure {query.measure} has no subject; {query.subject!r} was given.")
    if subjects and query.subject not in subjects:
        given = "none was given" if query.subject is None else f"there is no {query.subject!r}"
        raise ConfigError(f"The measure {query.measure} needs a subject, and {given}; there are {', '.join(subjects)}.")
    if query.group_by is not None and query.group_by not in (*GROUPINGS, *extra):
        raise ConfigError(
            f"There is nothing to group by {query.group_by!r}; there are {', '.join((*GROUPINGS, *extra))}."
        )
    sides = query.compare if isinstance(query.compare, tuple) else ()
    filters = (*query.where, *(each for side in sides for each in side))
    conditions(filters)
    known = {*MEASURES["cue"].subjects, *trackers}
    for each in filters:
        _check_filter(each, extra, known)


def _check_filter(each: Filter, extra: list[str], trackers: set[str]) -> None:
    if each.key not in KEYS and each.key not in extra:
        raise ConfigError(f"{each}: there is no field {each.key!r}; there are {', '.join((*KEYS, *extra))}.")
    if each.key == "cue" and (unknown := [value for value in each.values if value not in trackers]):
        raise ConfigError(f"{each}: there is no cue {unknown[0]!r}; there are {', '.join(sorted(trackers))}.")
