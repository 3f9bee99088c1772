"""Parts of instants, and instants before them, in the SQL of either database. All in UTC."""

from typing import Any

from sqlalchemy import ColumnElement, DateTime, Integer, Interval, Text, cast, func, literal_column, type_coerce

TIMES = ("day", "week", "month", "weekday", "hour")


def part_of(dialect: str, instant: ColumnElement[Any], unit: str) -> ColumnElement[Any]:
    """Text: a day, and the Monday of a week, as 2026-01-31; a month as 2026-01; a weekday as 1 (Monday) to 7; an hour
    as 00 to 23. Null for null."""
    if dialect == "postgresql":
        utc = func.timezone("UTC", instant)
        formats = {"month": "YYYY-MM", "weekday": "ID", "hour": "HH24"}
        return func.to_char(func.date_trunc("week", utc) if unit == "week" else utc, formats.get(unit, "YYYY-MM-DD"))
    text = cast(instant, Text)  # 2026-01-31T09:30:00.000000+00:00
    day = func.substr(text, 1, 10)
    if unit == "weekday":
        return func.substr("7123456", cast(func.strftime("%w", day), Integer) + 1, 1)
    if unit == "week":
        return func.date(day, "weekday 0", "-6 days")
    first, length = {"day": (1, 10), "month": (1, 7), "hour": (12, 2)}[unit]
    return func.substr(text, first, length)


def days_earlier(dialect: str, instant: ColumnElement[Any], days: int) -> ColumnElement[Any]:
    """The instant so many times 24 hours before."""
    if dialect == "postgresql":
        span = literal_column(f"interval '{24 * int(days)} hours'", Interval)
        return type_coerce(instant, DateTime(timezone=True)) - span
    text = cast(instant, Text)  # of fixed width, so that it compares as time does
    return func.date(func.substr(text, 1, 10), f"-{int(days)} days", type_=Text()).concat(func.substr(text, 11))
