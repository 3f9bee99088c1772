"""Which calls are meant: `--where team=north,south --where csat>=4`, compiled to SQL.

Several filters mean "and", several values of one "or". `k=` (no value) finds calls where it is missing, `k!=` those
where it is not. Every call meets exactly one of `k=v` and `k!=v`: a missing value is not `v`.

Three keys speak of what was said: `cue=leaving` means calls in which that cue is likely said, `question=impact` calls
in which the agent asked such a question, `role=customer` calls in which the customer says anything. In a search they
mean passages (`coach.store.passages`).
"""

import csv
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Literal, get_args

from sqlalchemy import ColumnElement, Select, and_, exists, false, not_, or_, select

from coach.errors import ConfigError
from coach.store.columns import as_utc
from coach.store.schema import call_extra, calls, cues, questions, turns
from coach.types import FUNCTIONS, LIKELY_CUE, MEDIA, ROLES

Op = Literal["=", "!=", ">=", "<="]
OPS: tuple[Op, ...] = get_args(Op)
MAX_VALUES = 1000
MAX_LENGTH = 20_000
_SHAPE = re.compile(r"\s*([^=!<>]+?)\s*(!=|>=|<=|=)(?!=)(.*)", re.DOTALL)

_TEXTS = {"call": calls.c.id} | {
    name: calls.c[name] for name in ("call_id", "medium", "agent", "team", "customer", "segment", "product", "queue")
}
_NUMBERS = {name: calls.c[name] for name in ("csat", "handle_time_s", "duration_s")}
_TRUTHS = {name: calls.c[name] for name in ("resolved", "churned", "sold")}
_INSTANTS = {"started_at": calls.c.started_at}
SAID = ("cue", "question", "role")
"""Keys that speak of what was said in a call: a tracker's name, a question's function, who speaks."""
KEYS = (*_TEXTS, *_NUMBERS, *_TRUTHS, *_INSTANTS, *SAID)
"""All keys beside the unknown columns that metadata brought."""
_TRUTH_WORDS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


@dataclass(frozen=True, slots=True)
class Filter:
    """One condition on calls. An unknown key means one of the extra columns the metadata brought."""

    key: str
    op: Op
    values: tuple[str, ...]
    """As written. Empty: the value is missing (`=`) or present (`!=`)."""

    def __str__(self) -> str:
        return f"{self.key}{self.op}{','.join(self.values)}"


Filters = Sequence[Filter]


def parse_where(texts: Iterable[str]) -> tuple[Filter, ...]:
    """The filters that `texts` write down, checked. A value with a comma goes in double quotes: `agent="Roe, Jane"`.

    Raises ConfigError naming the offending text.
    """
    filters = tuple(_parse(text) for text in texts)
    conditions(filters)
    return filters


def conditions(filters: Filters) -> list[ColumnElement[bool]]:
    """What to put in a WHERE over `calls`; an empty list for no filters. ConfigError for impossible values."""
    return [_condition(each) for each in filters]


def _parse(text: str) -> Filter:
    match = _SHAPE.fullmatch(text)
    if len(text) > MAX_LENGTH:
        raise ConfigError(f"--where {text[:40]!r}...: is longer than {MAX_LENGTH} characters.")
    if match is None:
        raise ConfigError(f"--where {text!r}: write key=value, key=a,b, key!=value, key>=value or key<=value.")
    key, op, written = match.groups()
    try:
        (values,) = csv.reader([written.strip()], skipinitialspace=True) if written.strip() else ([],)
    except (csv.Error, ValueError):
        raise ConfigError(f"--where {text!r}: the values cannot be read; quote them as in a CSV file.") from None
    stripped = tuple(value.strip() for value in values)
    if any(not value for value in stripped):
        raise ConfigError(f"--where {text!r}: there is an empty value between the commas.")
    return Filter(key, op, stripped)  # type: ignore[arg-type]


def _condition(each: Filter) -> ColumnElement[bool]:
    if each.op not in OPS:
        raise ConfigError(f"{each}: the operators are {', '.join(OPS)}.")
    if len(each.values) > MAX_VALUES:
        raise ConfigError(f"{each.key}{each.op}...: more than {MAX_VALUES} values.")
    if each.op in (">=", "<=") and len(each.values) != 1:
        raise ConfigError(f"{each}: {each.op} takes one value.")
    if each.key in _NUMBERS:
        return _compared(each, _NUMBERS[each.key], _number)
    if each.key in _INSTANTS:
        return _when(each, _INSTANTS[each.key])
    if each.op in (">=", "<="):
        ordered = ", ".join([*_NUMBERS, *_INSTANTS])
        raise ConfigError(f"{each}: {each.op} works for {ordered}; use = or != here.")
    if each.key in _TRUTHS:
        return _compared(each, _TRUTHS[each.key], _truth)
    if each.key in SAID:
        return _said(each)
    if each.key in _TEXTS:
        return _compared(each, _TEXTS[each.key], _medium if each.key == "medium" else _text)
    return _extra(each)


def _compared(each: Filter, column: ColumnElement[Any], read: Callable[[Filter, str], object]) -> ColumnElement[bool]:
    values = [read(each, value) for value in each.values]
    if each.op == ">=":
        return column >= values[0]
    if each.op == "<=":
        return column <= values[0]
    if not values:
        return column.is_(None) if each.op == "=" else column.is_not(None)
    if each.op == "=":
        return column.in_(values)
    return or_(column.is_(None), column.not_in(values))


def _when(each: Filter, column: ColumnElement[Any]) -> ColumnElement[bool]:
    """Days are whole days in UTC: `<=2026-01-31` includes the 31st, `=2026-01-31` is all of it."""
    if not each.values:
        return column.is_(None) if each.op == "=" else column.is_not(None)
    spans = [_span(each, value) for value in each.values]
    if each.op == ">=":
        return column >= spans[0][0]
    if each.op == "<=":
        return column <= spans[0][1]
    within = or_(false(), *(and_(column >= first, column <= last) for first, last in spans))
    return within if each.op == "=" else or_(column.is_(None), not_(within))


def _said(each: Filter) -> ColumnElement[bool]:
    found = said(each).subquery()
    there = exists().where(found.c.call_key == calls.c.key)
    return there if holds(each) else ~there


def holds(each: Filter) -> bool:
    """Whether a filter of SAID wants what `said` finds, and not all the rest."""
    return (each.op == "=") == bool(each.values)


def said(each: Filter) -> Select[Any]:
    """`call_key` and `turn` of the likely cues, the questions or the turns that a filter of SAID names, all of them
    where it names none."""
    if each.key == "cue":
        likely = select(cues.c.call_key, cues.c.turn).where(cues.c.score >= LIKELY_CUE)
        return likely.where(cues.c.tracker.in_(each.values)) if each.values else likely
    if each.key == "question":
        _known(each, FUNCTIONS, "questions")
        asked = select(questions.c.call_key, questions.c.turn).where(questions.c.form != "none")
        return asked.where(questions.c.function.in_(each.values)) if each.values else asked
    _known(each, ROLES, "roles")
    spoken = select(turns.c.call_key, turns.c.position.label("turn")).where(turns.c.text != "")
    return spoken.where(turns.c.role.in_(each.values)) if each.values else spoken


def _known(each: Filter, names: Sequence[str], what: str) -> None:
    if unknown := [value for value in each.values if value not in names]:
        raise ConfigError(f"{each.key}={unknown[0]}: {what} are {', '.join(names)}.")


def _extra(each: Filter) -> ColumnElement[bool]:
    named = and_(call_extra.c.call_key == calls.c.key, call_extra.c.name == each.key)
    found = exists().where(and_(named, call_extra.c.value.in_(each.values)) if each.values else named)
    if not each.values:
        return ~found if each.op == "=" else found
    return found if each.op == "=" else ~found


def _text(_each: Filter, value: str) -> str:
    return value


def _medium(each: Filter, value: str) -> str:
    if value not in MEDIA:
        raise ConfigError(f"{each}: the media are {', '.join(MEDIA)}.")
    return value


def _number(each: Filter, value: str) -> float:
    try:
        number = float(value)
    except ValueError:
        raise ConfigError(f"{each}: {value!r} is not a number.") from None
    if number != number:
        raise ConfigError(f"{each}: {value!r} is not a number.")
    return number


def _truth(each: Filter, value: str) -> bool:
    if value.lower() not in _TRUTH_WORDS:
        raise ConfigError(f"{each}: {value!r} is neither true nor false (also yes, no, 1, 0).")
    return _TRUTH_WORDS[value.lower()]


def _span(each: Filter, value: str) -> tuple[datetime, datetime]:
    """First and last instant that `value` stands for."""
    try:
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
            first = datetime.combine(date.fromisoformat(value), datetime.min.time(), UTC)
            return first, first.replace(hour=23, minute=59, second=59, microsecond=999_999)
        instant = as_utc(datetime.fromisoformat(value))
    except (ValueError, OverflowError):
        raise ConfigError(f"{each}: {value!r} is not a date (2026-01-31) or time (2026-01-31T09:30).") from None
    return instant, instant
