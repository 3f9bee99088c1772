"""What each measure counts, in SQL. Nothing else becomes SQL: a query brings names, which are looked up here.

Every measure is a ratio of two sums over calls: of each call an x and a y are known, or it is left out as not known.
One statement gives the sums of each group, from which `coach.counts` makes figures with intervals.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import CTE, ColumnElement, Connection, Label, Select, Table, and_, case, exists, func, or_, select
from sqlalchemy import Text as PlainText
from sqlalchemy import cast as as_type
from sqlalchemy import literal_column as sql

from coach.store.filters import Filters, conditions
from coach.store.moments import TIMES, days_earlier, part_of
from coach.store.records import Names, Sums
from coach.store.schema import call_extra, calls, cues, measures, questions, scorecards
from coach.types import LIKELY_CUE

REPEAT_DAYS = 30
FIELDS = ("agent", "team", "segment", "product", "queue", "medium", "customer")
OUTCOMES = ("resolved", "churned", "sold")
REASONS = ("reason_", "cause_")
"""How the trackers of reasons that customers state, and of causes that are heard, begin."""
GROUPINGS = (*FIELDS, "csat", *OUTCOMES, *TIMES)
"""What calls can be grouped by, beside the unknown columns that metadata brought."""

Column = ColumnElement[Any]
_ONE: Column = sql("1.0")
_ZERO: Column = sql("0.0")


@dataclass(frozen=True, slots=True)
class _Terms:
    """Of one call: what is summed above and below the line."""

    x: Column
    """Null where it is not known."""
    y: Column = _ONE
    doubtful: Column = _ZERO
    """How much of x rests on unsure labels; of a cue, 1 where it is only unlikely said, which x does not count."""


_FLAGS = as_type(calls.c.flags, PlainText)  # as JSON: ["mono", "truncated"]
_SCORED = calls.c.scored_by.is_not(None)
_ONE_CHANNEL = _FLAGS.contains('mono"')  # mono, duplicated_mono
_SIDES = and_(_SCORED, or_(calls.c.talk_share.is_not(None), ~or_(_ONE_CHANNEL, _FLAGS.contains('"one_sided"'))))
"""It is known who says what; else a cue that was not found may have been said."""
_ASKING = and_(_SCORED, or_(calls.c.n_questions > 0, calls.c.talk_share.is_not(None), ~_ONE_CHANNEL))
"""The agent is known, and so are their questions."""
_ASKED = and_(questions.c.call_key == calls.c.key, questions.c.form != "none")
_HEARD = and_(cues.c.call_key == calls.c.key, cues.c.score >= LIKELY_CUE)
_REASON = or_(*(func.substr(cues.c.tracker, 1, len(name)) == name for name in REASONS))


def _one(_subject: str) -> _Terms:
    return _Terms(_ONE)


def _repeat(dialect: str) -> _Terms:
    """Whether the same customer, as the metadata writes it, had a call begin in the 30 days before."""
    earlier = calls.alias("earlier")
    again = exists().where(
        earlier.c.customer == calls.c.customer,
        earlier.c.started_at < calls.c.started_at,
        earlier.c.started_at >= days_earlier(dialect, calls.c.started_at, REPEAT_DAYS),
    )
    return _Terms(_yes(again, and_(calls.c.customer.is_not(None), calls.c.started_at.is_not(None))))


def _cue(tracker: str) -> _Terms:
    likely = exists().where(_HEARD, cues.c.tracker == tracker)
    unlikely = exists().where(cues.c.call_key == calls.c.key, cues.c.tracker == tracker, cues.c.score < LIKELY_CUE)
    return _Terms(_yes(likely, _SIDES), doubtful=_yes(and_(unlikely, ~likely), _SIDES))


def _sides(_subject: str) -> _Terms:
    """1 where a cue could have been heard."""
    return _Terms(case((_SIDES, _ONE)))


def _reasons(_subject: str) -> _Terms:
    """Whether any reason or cause is heard."""
    return _Terms(_yes(exists().where(_HEARD, _REASON), _SIDES))


def _questions(_subject: str) -> _Terms:
    return _Terms(case((_ASKING, calls.c.n_questions * 1.0)))


def _open(_subject: str) -> _Terms:
    return _of_questions(questions.c.form == "open")


def _function(function: str) -> _Terms:
    return _of_questions(questions.c.function == function)


def _of_questions(such: Column) -> _Terms:
    """Such questions of all the agent's; not known where none was asked."""
    counted = select(func.count()).select_from(questions).where(_ASKED, such).correlate(calls)
    unsure = counted.where(questions.c.unsure)
    asked = and_(_ASKING, calls.c.n_questions > 0)
    return _Terms(
        case((asked, counted.scalar_subquery() * 1.0)),
        calls.c.n_questions * 1.0,
        case((asked, unsure.scalar_subquery()), else_=_ZERO),
    )


def _asked(function: str) -> _Terms:
    such = exists().where(_ASKED, questions.c.function == function)
    sure = such.where(~questions.c.unsure)
    return _Terms(_yes(such, _ASKING), doubtful=_yes(and_(such, ~sure), _ASKING))


def _outcome(name: str) -> _Terms:
    return _Terms(_yes(calls.c[name].is_(True), calls.c[name].is_not(None)))


def _csat(_subject: str) -> _Terms:
    return _Terms(calls.c.csat)


def _handle_time(_subject: str) -> _Terms:
    return _Terms(calls.c.handle_time_s)


def _duration(_subject: str) -> _Terms:
    return _Terms(calls.c.duration_s)


def _measure(name: str) -> _Terms:
    return _Terms(_value(measures, measures.c.name == name))


def _rubric(name: str) -> _Terms:
    return _Terms(_value(scorecards, scorecards.c.rubric == name))


def _yes(met: Column, known: Column) -> Column:
    """1 or 0; null where it is not known."""
    return case((and_(known, met), _ONE), (known, _ZERO))


def _value(table: Table, which: Column) -> Column:
    """The value in the call's one such row of that table; null without one."""
    of_call = select(func.max(table.c.value)).where(table.c.call_key == calls.c.key, which)
    return of_call.correlate(calls).scalar_subquery()


_TERMS: dict[str, Callable[[str], _Terms]] = {
    "contacts": _one,
    "customers": _one,
    "cue": _cue,
    "reasons": _reasons,
    "sides": _sides,
    "questions": _questions,
    "open": _open,
    "function": _function,
    "asked": _asked,
    "outcome": _outcome,
    "csat": _csat,
    "handle_time": _handle_time,
    "duration": _duration,
    "measure": _measure,
    "rubric": _rubric,
}


def tally(
    connection: Connection, measure: str, subject: str | None, where: Filters, group_by: str | None
) -> dict[str | None, Sums]:
    """The sums of each group of the calls that meet `where`; without `group_by` of all of them, under None.

    With it None is the group of the calls that have no such value; a name that is none of GROUPINGS is an unknown
    column. A group without calls is left out. `customers` takes each customer of a group as one call.
    """
    each = _each_call(connection, measure, subject, where, group_by)
    known = each.c.x.is_not(None)
    y = case((known, each.c.y))
    summed = select(
        each.c.grouped,
        func.count(),
        func.count(each.c.x),
        *(func.sum(term) for term in (each.c.x, y, each.c.x * each.c.x, y * y, each.c.x * y, each.c.doubtful)),
    ).group_by(each.c.grouped)
    found = {_name(row[0]): Sums(row[1], row[2], *map(_number, row[3:])) for row in connection.execute(summed)}
    return found if found or group_by is not None else {None: Sums()}


def tally_reasons(connection: Connection, where: Filters, group_by: str | None) -> dict[tuple[str | None, str], int]:
    """How many calls of each group have each reason and cause, by (group, tracker), as `tally` groups them.

    Those that are heard in none of a group are left out. Of how many they are, `tally` tells of the measure "sides".
    """
    heard = (
        select(calls.c.key, _grouped(connection, group_by), cues.c.tracker)
        .join(cues, cues.c.call_key == calls.c.key)
        .where(cues.c.score >= LIKELY_CUE, _REASON, _SIDES, *conditions(where))
        .distinct()
        .subquery()
    )
    counted = select(heard.c.grouped, heard.c.tracker, func.count()).group_by(heard.c.grouped, heard.c.tracker)
    return {(_name(group), tracker): n for group, tracker, n in connection.execute(counted)}


def ids(
    connection: Connection, measure: str, subject: str | None, where: Filters, *, met: bool, limit: int
) -> list[str]:
    """Ids of the newest calls whose x is not 0 (`met`) or is 0; those without a start come last."""
    x = _terms(connection, measure, subject).x
    chosen = select(calls.c.id).where(*conditions(where), x > 0 if met else x == 0)
    return list(connection.scalars(chosen.order_by(calls.c.started_at.desc().nulls_last(), calls.c.id).limit(limit)))


def days(connection: Connection, where: Filters) -> tuple[date, date] | None:
    """First and last day in UTC on which a call that meets `where` began; None when none has a start."""
    spans = select(func.min(calls.c.started_at), func.max(calls.c.started_at)).where(*conditions(where))
    first, last = connection.execute(spans).one()
    return None if first is None else (first.date(), last.date())


def names(connection: Connection) -> Names:
    """What the store calls things, beside the names that come with Callcoach."""
    return Names(
        trackers=tuple(_distinct(connection, cues.c.tracker)),
        rubrics=tuple(_distinct(connection, scorecards.c.rubric)),
        extra=tuple(_distinct(connection, call_extra.c.name)),
    )


def _distinct(connection: Connection, column: Column) -> Iterator[str]:
    """The column's values in its order. One look into the index for each, where DISTINCT would read every row."""
    value = connection.scalar(select(func.min(column)))
    while value is not None:
        yield value
        value = connection.scalar(select(func.min(column)).where(column > value))


def _terms(connection: Connection, measure: str, subject: str | None) -> _Terms:
    if measure == "repeat":  # the only one that reckons with time, which the databases do differently
        return _repeat(connection.dialect.name)
    return _TERMS[measure](subject or "")


def _each_call(connection: Connection, measure: str, subject: str | None, where: Filters, group_by: str | None) -> CTE:
    """One row a call (or customer): key, grouped, x, y, doubtful. Materialized, so that x is worked out once."""
    terms = _terms(connection, measure, subject)
    columns = (_grouped(connection, group_by), terms.x.label("x"), terms.y.label("y"), terms.doubtful.label("doubtful"))
    each: Select[Any] = select(calls.c.key, *columns)
    if measure == "customers":
        each = select(calls.c.customer, *columns).where(calls.c.customer.is_not(None)).distinct()
    return each.where(*conditions(where)).cte("each_call").prefix_with("MATERIALIZED")


def _grouped(connection: Connection, group_by: str | None) -> Label[Any]:
    return (as_type(None, PlainText) if group_by is None else _group(connection, group_by)).label("grouped")


def _group(connection: Connection, key: str) -> Column:
    """What a call is grouped by; null where it has none."""
    if key in TIMES:
        return part_of(connection.dialect.name, calls.c.started_at, key)
    if key in OUTCOMES:
        return case((calls.c[key].is_(True), "yes"), (calls.c[key].is_(False), "no"))
    if key == "csat":
        return calls.c.csat
    if key in FIELDS:
        return func.nullif(calls.c[key], "")
    return func.nullif(_value(call_extra, call_extra.c.name == key), "")


def _name(group: Any) -> str | None:
    """As text; numbers in full, so that none gets another's name."""
    if isinstance(group, float):
        return str(int(group)) if group.is_integer() else repr(group)
    return group  # type: ignore[no-any-return]


def _number(value: Any) -> float:
    return float(value or 0)
