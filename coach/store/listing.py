"""Lists of calls: filtered, searched, ordered, in pages."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, exists, func, or_, select

from coach.errors import ConfigError
from coach.store.calls import extra_of
from coach.store.filters import Filters, conditions
from coach.store.records import CallSummary
from coach.store.rows import metadata_of
from coach.store.schema import calls, turns

ORDERS = (
    "id", "started_at", "saved_at", "medium", "agent", "team", "customer", "segment", "product", "queue", "csat",
    "handle_time_s", "duration_s", "n_questions", "open_share", "impact_count", "talk_share",
)  # fmt: skip


def summaries(
    connection: Connection, where: Filters, *, text: str | None, order: str, limit: int | None, offset: int
) -> list[CallSummary]:
    """One page of the calls that meet `where` and in one turn of which `text` is said, without regard to case.

    `order` is one of ORDERS, with "-" before it for falling; calls without that value come last either way.
    """
    query = select(calls).where(*_chosen(connection, where, text)).order_by(*_ordered(order))
    if limit is not None:
        query = query.limit(max(0, limit))
    found = connection.execute(query.offset(max(0, offset)))
    return [summary for part in _parts(found) for summary in _summarised(connection, part)]


def count(connection: Connection, where: Filters, *, text: str | None) -> int:
    query: Select[Any] = select(func.count()).select_from(calls).where(*_chosen(connection, where, text))
    return int(connection.scalar(query) or 0)


def ids(connection: Connection, where: Filters) -> list[str]:
    """Ids of the calls that meet `where`, in the order of the ids."""
    return list(connection.scalars(select(calls.c.id).where(*conditions(where)).order_by(calls.c.id)))


def outdated(connection: Connection, scored_by: str) -> list[str]:
    """Ids of the calls that something else than `scored_by` scored, or nothing."""
    query = select(calls.c.id).where(or_(calls.c.scored_by.is_(None), calls.c.scored_by != scored_by))
    return list(connection.scalars(query.order_by(calls.c.id)))


def unsuggested(connection: Connection) -> list[str]:
    """Ids of the calls that were scored and not yet looked at for suggestions."""
    query = select(calls.c.id).where(calls.c.scored_by.is_not(None), ~calls.c.suggested)
    return list(connection.scalars(query.order_by(calls.c.id)))


def _chosen(connection: Connection, where: Filters, text: str | None) -> list[ColumnElement[bool]]:
    chosen = conditions(where)
    if text:
        said = _contains(connection.dialect.name, text)
        chosen.append(exists().where(turns.c.call_key == calls.c.key, said))
    return chosen


def _contains(dialect: str, text: str) -> ColumnElement[bool]:
    if dialect == "sqlite" and text.isascii():  # its own LIKE ignores the case of ASCII, and is 10 times as fast
        return turns.c.text.contains(text, autoescape=True)
    return turns.c.text.icontains(text, autoescape=True)


def _ordered(order: str) -> list[ColumnElement[Any]]:
    name = order.removeprefix("-")
    if name not in ORDERS:
        raise ConfigError(f"Calls cannot be ordered by {name!r}; by {', '.join(ORDERS)}.")
    column: ColumnElement[Any] = calls.c[name]
    direction = column.desc() if order.startswith("-") else column.asc()
    return [direction.nulls_last(), calls.c.id]


def _parts(rows: Iterable[Row[Any]], size: int = 500) -> Iterator[Sequence[Row[Any]]]:
    iterator = iter(rows)
    while part := list(islice(iterator, size)):
        yield part


def _summarised(connection: Connection, rows: Sequence[Row[Any]]) -> list[CallSummary]:
    extra = extra_of(connection, [row.key for row in rows])
    return [
        CallSummary(
            id=row.id,
            metadata=metadata_of(row, extra.get(row.key, {})),
            duration_s=row.duration_s,
            flags=tuple(row.flags),
            source=row.source,
            audio=row.audio,
            n_questions=row.n_questions,
            open_share=row.open_share,
            impact_count=row.impact_count,
            talk_share=row.talk_share,
        )
        for row in rows
    ]
