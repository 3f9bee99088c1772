"""The sums of all groups and sides of a query, beside each other."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from coach.counts.groups import DATED, dated, in_order, kept
from coach.counts.measures import MEASURES
from coach.counts.sides import Side
from coach.counts.wording import TRACKER_WORDS
from coach.store import Store, Sums
from coach.store.counting import REASONS
from coach.store.query import CountQuery


@dataclass(frozen=True, slots=True)
class Key:
    """A row: a group, a reason, both or neither."""

    group: str | None = None
    """As the store gives it."""
    reason: str | None = None
    """A tracker; only for `reasons`."""


Cells = Mapping[Key, Sums]
"""The sums of one side; a row without contacts is not there."""


@dataclass(frozen=True, slots=True)
class Table:
    """Of each row the sums of each side."""

    measure: str
    """What was counted: "duration" where a handle time is asked for and none is given."""
    keys: tuple[Key, ...]
    """Rows, in the order in which they are shown."""
    cells: tuple[Cells, ...]
    """By side."""
    totals: tuple[int, ...] = ()
    """Of each side, what a number is of: all contacts (or customers) of the period, or those that are grouped."""
    left_out: tuple[str | None, ...] = ()
    """Groups beyond the most that are shown."""
    by_day: tuple[Cells, ...] = ()
    """Where dates are grouped and days can be added up: the sums of each day."""

    def sums(self, side: int, key: Key) -> Sums:
        return self.cells[side].get(key, Sums())


def tabulate(store: Store, query: CountQuery, sides: Sequence[Side]) -> Table:
    """Counts every side once: dates are counted by day and added up, except customers, who come on several."""
    by, days_add_up = query.group_by, query.measure != "customers"
    in_days = by in DATED and days_add_up
    measure, counted = _count(store, query, sides, "day" if in_days else by)
    cells = counted
    if in_days:
        cells = tuple(_added(side, lambda key: replace(key, group=dated(str(by), key.group))) for side in counted)
    groups, left_out = _groups(store, query, sides[0], cells)
    return Table(
        measure,
        tuple(_keys(query, groups, cells)),
        cells,
        tuple(_total(store, query, side, found) for side, found in zip(sides, cells, strict=True)),
        left_out,
        counted if in_days else (),
    )


def split(store: Store, query: CountQuery, table: Table, parts: Sequence[Side]) -> Table:
    """The sums of two parts of a table's days, without groups."""
    ungrouped = replace(query, group_by=None)
    cells = _parts(table, parts) if table.by_day else _count(store, ungrouped, parts, None)[1]
    return Table(table.measure, tuple(_keys(ungrouped, [None], cells)), cells)


def _parts(table: Table, parts: Sequence[Side]) -> tuple[Cells, ...]:
    (days,) = table.by_day
    found = ({key: sums for key, sums in days.items() if _within(part, key.group)} for part in parts)
    return tuple(_added(part, lambda key: replace(key, group=None)) for part in found)


def _count(store: Store, query: CountQuery, sides: Sequence[Side], by: str | None) -> tuple[str, tuple[Cells, ...]]:
    """What was counted, and the sums of every side."""
    if query.measure == "reasons":
        return query.measure, _reasons(store, query, sides, by)
    counted = [store.tally(query.measure, query.subject, side.where, by) for side in sides]
    measure = query.measure
    if measure == "handle_time" and not any(sums.known for groups in counted for sums in groups.values()):
        measure = "duration"
        counted = [store.tally(measure, None, side.where, by) for side in sides]
    return measure, tuple({Key(group): sums for group, sums in found.items()} for found in counted)


def _reasons(store: Store, query: CountQuery, sides: Sequence[Side], by: str | None) -> tuple[Cells, ...]:
    """Every reason of every group, those heard in none too: a group's contacts are the same for all."""
    heard = [store.tally_reasons(side.where, by) for side in sides]
    names = {tracker for found in heard for _, tracker in found}
    if query.group_by is None:
        names.update(name for name in TRACKER_WORDS if name.startswith(REASONS))
    cells: list[Cells] = []
    for side, found in zip(sides, heard, strict=True):
        totals = store.tally("sides", None, side.where, by)
        cells.append(
            {
                Key(group, name): replace(total, x=n, xx=n, xy=n)
                for group, total in totals.items()
                for name in names
                for n in (float(found.get((group, name), 0)),)
            }
        )
    return tuple(cells)


def _added(cells: Cells, renamed: Callable[[Key], Key]) -> Cells:
    """Rows that get the same name become one."""
    added: dict[Key, Sums] = {}
    for key, sums in cells.items():
        name = renamed(key)
        added[name] = added[name] + sums if name in added else sums
    return added


def _within(side: Side, day: str | None) -> bool:
    since, until = side.period.since, side.period.until
    return day is not None and since is not None and until is not None and since <= date.fromisoformat(day) <= until


def _groups(
    store: Store, query: CountQuery, side: Side, cells: Sequence[Cells]
) -> tuple[list[str | None], tuple[str | None, ...]]:
    """Those shown, in order, and those that are left out. Time runs through the period of `side`."""
    if query.group_by is None:
        return [None], ()
    sizes: dict[str | None, int] = {}
    for found in cells:
        for group, n in {key.group: sums.calls for key, sums in found.items()}.items():
            sizes[group] = sizes.get(group, 0) + n
    span = store.days(side.period.filters()) if query.group_by in DATED else None
    ordered = in_order(query.group_by, sizes, span)
    shown = kept(query.group_by, ordered)
    return shown, tuple(group for group in ordered if group not in set(shown))


def _keys(query: CountQuery, groups: Sequence[str | None], cells: Sequence[Cells]) -> Iterable[Key]:
    """The rows; of reasons the most frequent first within a group, and those never heard only without groups."""
    if query.measure != "reasons":
        yield from map(Key, groups)
        return
    reasons = sorted({key.reason or "" for found in cells for key in found})
    for group in groups:
        n = {name: sum(found.get(Key(group, name), Sums()).x for found in cells) for name in reasons}
        for name in sorted(reasons, key=lambda name: -n[name]):
            if n[name] or query.group_by is None:
                yield Key(group, name)


def _total(store: Store, query: CountQuery, side: Side, cells: Cells) -> int:
    if MEASURES[query.measure].kind != "number":
        return 0
    if query.group_by is not None and query.measure != "customers":
        return sum(sums.calls for sums in cells.values())
    where = side.period.filters() if query.group_by is None else side.where
    return store.tally(query.measure, None, where)[None].calls
