"""The sums of all groups and sides of a query, beside each other."""

from collections.abc import Sequence
from dataclasses import dataclass

from coach.counts.groups import DATED, in_order, kept
from coach.counts.measures import MEASURES
from coach.counts.sides import Side
from coach.counts.wording import TRACKER_WORDS
from coach.store import Store, Sums
from coach.store.query import CountQuery

REASONS = ("reason_", "cause_")
"""How the trackers of reasons that customers state, and of causes that are heard, begin."""


@dataclass(frozen=True, slots=True)
class Key:
    """A row: a group, a reason, both or neither."""

    group: str | None = None
    """As the store gives it."""
    reason: str | None = None
    """A tracker; only for `reasons`."""


@dataclass(frozen=True, slots=True)
class Table:
    """Of each row the sums of each side."""

    measure: str
    """What was counted: "duration" where a handle time is asked for and none is given."""
    is_grouped: bool
    keys: tuple[Key, ...]
    cells: tuple[dict[Key, Sums], ...]
    """By side."""
    totals: tuple[int, ...]
    """Of each side, what a number is of: all contacts (or customers) of the period, or those that are grouped."""
    left_out: tuple[str | None, ...] = ()
    """Groups beyond the most that are shown."""

    def sums(self, side: int, key: Key) -> Sums:
        return self.cells[side].get(key, Sums())


def tabulate(store: Store, query: CountQuery, sides: Sequence[Side]) -> Table:
    """Counts every side; rows are in the order in which they are shown."""
    measure = query.measure
    by_group = [store.tally(measure, query.subject, side.where, query.group_by) for side in sides]
    if measure == "handle_time" and not any(sums.known for groups in by_group for sums in groups.values()):
        measure = "duration"
        by_group = [store.tally(measure, None, side.where, query.group_by) for side in sides]
    groups, left_out = _groups(store, query, by_group)
    if measure == "reasons":
        keys, cells = _reasons(store, query, sides, groups, by_group)
    else:
        keys = tuple(Key(group) for group in groups)
        cells = tuple({Key(group): sums for group, sums in found.items()} for found in by_group)
    totals = tuple(_total(store, query, side) for side in sides)
    return Table(measure, query.group_by is not None, keys, cells, totals, left_out)


def _groups(
    store: Store, query: CountQuery, by_group: Sequence[dict[str | None, Sums]]
) -> tuple[list[str | None], tuple[str | None, ...]]:
    if query.group_by is None:
        return [None], ()
    sizes: dict[str | None, int] = {}
    for found in by_group:
        for group, sums in found.items():
            sizes[group] = sizes.get(group, 0) + sums.calls
    span = store.days(query.period.filters()) if query.group_by in DATED else None
    ordered = in_order(query.group_by, sizes, span)
    shown = kept(query.group_by, ordered)
    return shown, tuple(group for group in ordered if group not in set(shown))


def _reasons(
    store: Store,
    query: CountQuery,
    sides: Sequence[Side],
    groups: Sequence[str | None],
    by_group: Sequence[dict[str | None, Sums]],
) -> tuple[tuple[Key, ...], tuple[dict[Key, Sums], ...]]:
    """Of each group the reasons, the most frequent first; those never heard only where nothing is grouped."""
    heard = [store.tally_reasons(side.where, query.group_by) for side in sides]
    names = {name for found in heard for reasons in found.values() for name in reasons}
    if query.group_by is None:
        names.update(name for name in TRACKER_WORDS if name.startswith(REASONS))
    cells: list[dict[Key, Sums]] = []
    for totals, found in zip(by_group, heard, strict=True):
        cells.append({})
        for group, total in totals.items():
            none = Sums(total.calls, total.known, 0.0, total.y, 0.0, total.yy, 0.0)
            cells[-1].update((Key(group, name), found.get(group, {}).get(name, none)) for name in names)
    keys = []
    for group in groups:
        n = {name: sum(cell.get(Key(group, name), Sums()).x for cell in cells) for name in names}
        keys += [
            Key(group, name)
            for name in sorted(names, key=lambda name: (-n[name], name))
            if n[name] or not query.group_by
        ]
    return tuple(keys), tuple(cells)


def _total(store: Store, query: CountQuery, side: Side) -> int:
    if MEASURES[query.measure].kind != "number":
        return 0
    where = side.where if query.group_by is not None else side.period.filters()
    return store.tally(query.measure, None, where)[None].calls
