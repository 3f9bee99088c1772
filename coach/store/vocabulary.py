"""Which values the metadata of the stored calls has: what names in a question can mean here."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, Connection, func, select

from coach.store.schema import call_extra, calls, cues, scorecards

FIELDS = ("medium", "agent", "team", "customer", "segment", "product", "queue")
MAX_VALUES = 5_000
"""Of one field. A field with more distinct values (customers) is known by its most frequent ones."""
MAX_COLUMNS = 100
MAX_LENGTH = 120
"""Of a value in characters. Longer texts are notes, not names, and nobody types them into a question."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The names that calls, cues and scorecards in a store bear."""

    values: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """For each of FIELDS and each extra column that has any: its values and in how many calls each stands, the most
    frequent first, MAX_VALUES at most."""
    extra: tuple[str, ...] = ()
    """The extra columns, the most used first."""
    trackers: tuple[str, ...] = ()
    """Of which the store holds cues, by name."""
    rubrics: tuple[str, ...] = ()
    """Of which the store holds scorecards, by name."""


def read_vocabulary(connection: Connection) -> Vocabulary:
    """The vocabulary of all stored calls; nothing in it for an empty store."""
    n = func.count().label("n")
    name = call_extra.c.name
    columns = connection.scalars(
        select(name).where(name != "").group_by(name).order_by(n.desc(), name).limit(MAX_COLUMNS)
    )
    extra = tuple(column for column in columns if column not in calls.c)
    read = {field: dict(_counted(connection, calls.c[field])) for field in FIELDS}
    read |= {column: dict(_counted(connection, call_extra.c.value, name == column)) for column in extra}
    return Vocabulary(
        {field: values for field, values in read.items() if values},
        extra,
        tuple(connection.scalars(select(cues.c.tracker).distinct().order_by(cues.c.tracker))),
        tuple(connection.scalars(select(scorecards.c.rubric).distinct().order_by(scorecards.c.rubric))),
    )


def _counted(
    connection: Connection, column: ColumnElement[str], *conditions: ColumnElement[bool]
) -> list[tuple[str, int]]:
    """The column's values and in how many rows each stands, the most frequent first."""
    n = func.count().label("n")
    named = select(column, n).where(column.is_not(None), column != "", func.length(column) <= MAX_LENGTH, *conditions)
    return [
        (row[0], row[1])
        for row in connection.execute(named.group_by(column).order_by(n.desc(), column).limit(MAX_VALUES))
    ]
