"""Answers a typed query by counting: figures with intervals, whether a difference is beyond chance, and caveats."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from coach.counts.caveats import caveats_of
from coach.counts.estimates import difference_of, figure_of
from coach.counts.figure import Figure
from coach.counts.groups import DATED, name_of
from coach.counts.measures import MEASURES, label_of, unit_of
from coach.counts.names import check_names
from coach.counts.sides import Side, sides_of, spread
from coach.counts.tables import Key, Table, split, tabulate
from coach.counts.verdict import verdict_of
from coach.counts.wording import reason_words
from coach.store import Store
from coach.store.query import PREVIOUS, CountQuery

MAX_IDS = 200


@dataclass(frozen=True, slots=True)
class Counted:
    """What a query counts."""

    query: CountQuery
    figures: tuple[Figure, ...]
    """The total, or one a group or side; then the differences, whose units begin with "difference"."""
    caveats: tuple[str, ...]
    """What limits the figures, a sentence each."""
    verdict: str | None
    """Whether the one difference is beyond chance, in a sentence; None where there is none or more than one."""
    calls: tuple[str, ...]
    """Ids of the newest contacts, at most MAX_IDS, of the side asked about that have what is counted; all of them for
    a number, none for a mean over contacts."""
    other_calls: tuple[str, ...]
    """Likewise of those that do not."""
    n_calls: int
    """Contacts of the side asked about."""


def count(store: Store, query: CountQuery) -> Counted:
    """What the stored calls show.

    ConfigError for a name that does not exist, of a measure, its subject, a grouping or a filter's key; it names those
    that do. Figures of nothing have no value.
    """
    check_names(store, query)
    sides, parts = spread(store, query) if query.group_by in DATED else (sides_of(store, query), ())
    table = tabulate(store, query, sides)
    compared = split(store, query, table, parts) if parts else table
    n_shared = _shared(store, sides) if isinstance(query.compare, tuple) else 0
    figures = (
        *_figures(query, table, sides),
        *_differences(replace(query, group_by=None) if parts else query, compared, parts or sides, not n_shared),
    )
    differences = [figure for figure in figures if figure.unit.startswith("difference ")]
    asked = parts[0] if parts and query.compare == PREVIOUS else sides[0]
    having, lacking = _evidence(store, query, asked)
    return Counted(
        query=query,
        figures=figures,
        caveats=tuple(caveats_of(store, query, table, sides, parts or sides, n_shared)),
        verdict=verdict_of(differences[0], parts or sides) if len(differences) == 1 else None,
        calls=having,
        other_calls=lacking,
        n_calls=store.count_calls(asked.where),
    )


def _figures(query: CountQuery, table: Table, sides: Sequence[Side]) -> Iterator[Figure]:
    kind, unit = MEASURES[query.measure].kind, unit_of(query)
    for key in table.keys:
        for at, side in enumerate(sides):
            named = [part for part in (_group(query, key), side.name) if part is not None]
            group = ", ".join(named) if named else None
            yield figure_of(kind, unit, _label(query, table, key), table.sums(at, key), table.totals[at], group)


def _differences(query: CountQuery, table: Table, sides: Sequence[Side], apart: bool) -> Iterator[Figure]:
    if len(sides) < 2:
        return
    kind, unit = MEASURES[query.measure].kind, unit_of(query)
    for key in table.keys:
        pair = table.sums(0, key), table.sums(1, key)
        if len(table.keys) > 1 and not (pair[0].known and pair[1].known):
            continue
        label = f"{_label(query, table, key)}: {sides[0].name} less {sides[1].name}"
        yield difference_of(kind, unit, label, pair, apart=apart, group=_group(query, key))


def _label(query: CountQuery, table: Table, key: Key) -> str:
    if key.reason is not None:
        kind, words = reason_words(key.reason)
        told = "the customer states the reason" if kind == "stated" else "the cause is heard"
        return f"contacts in which {told}: {words}"
    if table.measure == "duration":
        return "mean length of the recording, since no handle time is given"
    return label_of(query)


def _group(query: CountQuery, key: Key) -> str | None:
    parts = [] if query.group_by is None else [name_of(query.group_by, key.group)]
    if key.reason is not None:
        parts.append(": ".join(reason_words(key.reason)))
    return ", ".join(parts) if parts else None


def _shared(store: Store, sides: Sequence[Side]) -> int:
    """How many contacts are on both sides."""
    return store.count_calls((*sides[0].where, *sides[1].where))


def _evidence(store: Store, query: CountQuery, side: Side) -> tuple[tuple[str, ...], tuple[str, ...]]:
    if MEASURES[query.measure].kind == "mean":
        return (), ()
    found = (store.calls_by(query.measure, query.subject, side.where, met=met, limit=MAX_IDS) for met in (True, False))
    having, lacking = map(tuple, found)
    return having, lacking
