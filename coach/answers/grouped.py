"""What is said of a matter, by group or side by side: in how many contacts of each it is spoken of."""

from collections.abc import Iterator, Sequence

from coach.counts import Figure, count
from coach.counts.groups import DATED
from coach.counts.sides import Side, sides_of
from coach.intervals import newcombe, wilson
from coach.routing import Plan
from coach.store import Filter, Filters, Store
from coach.store.query import CountQuery

MAX_EMPTY = 12
"""Of more groups than that, those in which nobody speaks of it are left out: of a thousand customers most do not."""


def by_group(store: Store, plan: Plan, where: Filters, label: str, calls: Sequence[str]) -> tuple[Figure, ...]:
    """A figure a group or side of the plan, n of N contacts that meet `where`, then the difference of two sides.

    `where` is without the plan's period. `calls` are the contacts with evidence; no figure for a plan that neither
    groups nor compares. Of many groups that are no times (MAX_EMPTY) only those with n > 0. Raises ConfigError for a
    group that does not exist.
    """
    if plan.compare is not None:
        sides = sides_of(store, CountQuery("contacts", None, tuple(where), None, plan.period, plan.compare))
        return tuple(_sides(store, sides, label, calls)) if len(sides) == 2 else ()
    if plan.group_by is None:
        return ()
    query = (*where, *plan.period.filters())
    sizes = _sizes(store, plan.group_by, query)
    found = _sizes(store, plan.group_by, (*query, Filter("call", "=", tuple(calls))))
    shown = sizes if len(sizes) <= MAX_EMPTY or plan.group_by in DATED else found
    return tuple(_figure(label, found.get(group, 0), sizes[group], group) for group in sizes if group in shown)


def _sizes(store: Store, group_by: str, where: Filters) -> dict[str, int]:
    """Contacts by group, in the order of a count's groups."""
    figures = count(store, CountQuery("contacts", None, tuple(where), group_by)).figures
    return {figure.group: figure.n for figure in figures if figure.group is not None and figure.unit == "count"}


def _sides(store: Store, sides: Sequence[Side], label: str, calls: Sequence[str]) -> Iterator[Figure]:
    spoken = Filter("call", "=", tuple(calls))
    pairs = [(store.count_calls((*side.where, spoken)), store.count_calls(side.where)) for side in sides]
    for side, (n, size) in zip(sides, pairs, strict=True):
        yield _figure(label, n, size, side.name)
    (n, size), (other, other_size) = pairs
    apart = not store.count_calls((*sides[0].where, *sides[1].where))
    value = n / size - other / other_size if size and other_size else None
    low, high = (newcombe(n, size, other, other_size) if apart and value is not None else None) or (None, None)
    yield Figure(f"{sides[0].name} less {sides[1].name}", n, size, value, "difference share", low, high)


def _figure(label: str, n: int, size: int, group: str | None) -> Figure:
    low, high = wilson(n, size) or (None, None)
    return Figure(label, n, size, n / size if size else None, "share", low, high, group)
