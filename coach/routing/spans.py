"""Calendar arithmetic for periods: the month before, the last July that has begun, the last thirty days."""

from datetime import date, timedelta

from coach.store.query import Period

SATURDAY = 5


def month_of(year: int, month: int) -> Period:
    """That calendar month; months beyond 1..12 are of the years beside."""
    return months_from(year, month, 1)


def months_from(year: int, month: int, number: int) -> Period:
    """So many calendar months, the first one given as in `month_of`."""
    return Period(_first(year, month), _first(year, month + number) - timedelta(days=1))


def last_day(year: int, month: int) -> int:
    return (_first(year, month + 1) - timedelta(days=1)).day


def unit_back(unit: str, back: int, today: date) -> Period:
    """The day, week, weekend, month, quarter or year that lies `back` before the one of `today`, whole."""
    if unit == "week":
        monday = today - timedelta(days=today.weekday() + 7 * back)
        return Period(monday, monday + timedelta(days=6))
    if unit == "weekend":
        saturday = today - timedelta(days=today.weekday() - SATURDAY + 7 * back)
        return Period(saturday, saturday + timedelta(days=1))
    if unit == "month":
        return month_of(today.year, today.month - back)
    if unit == "quarter":
        return months_from(today.year, (today.month - 1) // 3 * 3 + 1 - 3 * back, 3)
    if unit == "year":
        return months_from(today.year - back, 1, 12)
    return Period(today - timedelta(days=back), today - timedelta(days=back))


def rolling(number: int, unit: str, today: date) -> Period:
    """The last so many days (today and those before), weeks of seven days, or months up to today."""
    months = {"month": 1, "quarter": 3, "year": 12}.get(unit)
    if months is None:
        return Period(today - timedelta(days=number * (7 if unit == "week" else 1) - 1), today)
    then = _first(today.year, today.month - number * months)
    same_date = then.replace(day=min(today.day, last_day(then.year, then.month)))
    return Period(same_date + timedelta(days=1), today)


def last_begun(month: int, day: int, year: int | None, today: date) -> date | None:
    """That day of that year, else the last one that has begun; None for a day that the month never has."""
    if not 1 <= day <= last_day(2024 if year is None else year, month):
        return None
    if year is not None:
        return date(year, month, day)
    years = (y for y in range(today.year, today.year - 9, -1) if day <= last_day(y, month))
    return next((then for y in years if (then := date(y, month, day)) <= today), None)


def days_of(month: Period, begin: int, end: int) -> Period:
    """From day `begin` to day `end` of a whole month; days beyond its end are cut."""
    assert month.since is not None
    assert month.until is not None
    return Period(month.since.replace(day=max(1, begin)), month.since.replace(day=min(month.until.day, end)))


def following(period: Period) -> Period | None:
    """The period whose `Period.before` this one is; None for an open one."""
    if period.since is None or period.until is None:
        return None
    begin = period.until + timedelta(days=1)
    same_days = Period(begin, begin + (period.until - period.since))
    months = (begin.year - period.since.year) * 12 + begin.month - period.since.month
    by_months = months_from(begin.year, begin.month, months) if months and begin.day == 1 else same_days
    return by_months if by_months.before() == period else same_days


def _first(year: int, month: int) -> date:
    """The first of a month; months beyond 1..12 are of the years beside. Kept within the calendar."""
    year, month = year + (month - 1) // 12, (month - 1) % 12 + 1
    return date(min(max(year, 1), 9999), month, 1)
