"""Dates in words."""

from datetime import date

import pytest

from coach.routing.periods import Dated, take_periods
from coach.routing.spans import following, last_begun, rolling, unit_back
from coach.routing.words import Draft, plain_words
from coach.store.query import Period

TODAY = date(2026, 8, 31)  # a Monday


def periods(text: str, today: date = TODAY) -> list[tuple[str, str]]:
    draft = Draft(plain_words(text))
    take_periods(draft, today)
    return [(str(one.period.since), str(one.period.until)) for _, _, one in draft.marks(Dated)]


@pytest.mark.parametrize(
    ("text", "since", "until"),
    [
        ("last month", "2026-07-01", "2026-07-31"),
        ("this week", "2026-08-31", "2026-09-06"),
        ("last week", "2026-08-24", "2026-08-30"),
        ("the week before last", "2026-08-17", "2026-08-23"),
        ("yesterday", "2026-08-30", "2026-08-30"),
        ("in July", "2026-07-01", "2026-07-31"),
        ("in November", "2025-11-01", "2025-11-30"),
        ("in may", "2026-05-01", "2026-05-31"),
        ("July 2025", "2025-07-01", "2025-07-31"),
        ("since May", "2026-05-01", "None"),
        ("until the end of June", "None", "2026-06-30"),
        ("before 15 July", "None", "2026-07-14"),
        ("after June", "2026-07-01", "None"),
        ("the last 30 days", "2026-08-02", "2026-08-31"),
        ("past fortnight", "2026-08-18", "2026-08-31"),
        ("in the last three months", "2026-06-01", "2026-08-31"),
        ("in the first half of August", "2026-08-01", "2026-08-15"),
        ("the last week of July", "2026-07-25", "2026-07-31"),
        ("between 3 and 10 July", "2026-07-03", "2026-07-10"),
        ("1-15 July", "2026-07-01", "2026-07-15"),
        ("from May to July", "2026-05-01", "2026-07-31"),
        ("in May and June", "2026-05-01", "2026-06-30"),
        ("from November to February", "2025-11-01", "2026-02-28"),
        ("in the week of 12 August", "2026-08-10", "2026-08-16"),
        ("in the week commencing Monday 3 August", "2026-08-03", "2026-08-09"),
        ("from the last 10 days", "2026-08-22", "2026-08-31"),
        ("from 3 August onwards", "2026-08-03", "None"),
        ("from July", "2026-07-01", "2026-07-31"),
        ("2025", "2025-01-01", "2025-12-31"),
        ("Q2", "2026-04-01", "2026-06-30"),
        ("this summer", "2026-06-01", "2026-08-31"),
        ("so far this year", "2026-01-01", "2026-08-31"),
        ("2026-07-01 to 2026-07-15", "2026-07-01", "2026-07-15"),
        ("01/07/2026", "2026-07-01", "2026-07-01"),
        ("last Friday", "2026-08-28", "2026-08-28"),
        ("3 weeks ago", "2026-08-10", "2026-08-16"),
    ],
)
def test_words_for_days_are_read(text: str, since: str, until: str) -> None:
    assert periods(f"How many contacts {text}?") == [(since, until)]


@pytest.mark.parametrize(
    "text",
    ["may we know who may leave", "they march on", "the summer sale", "a Black Friday deal", "second thoughts", "31 x"],
)
def test_words_that_only_look_like_days_stay(text: str) -> None:
    assert periods(text) == []


def test_days_that_no_month_has_do_no_harm() -> None:
    assert periods("2026-02-31") == []
    assert periods("on 29 February") == [("2024-02-29", "2024-02-29")]


def test_compared_months_stay_apart() -> None:
    assert sorted(periods("compare June and July")) == [("2026-06-01", "2026-06-30"), ("2026-07-01", "2026-07-31")]


@pytest.mark.parametrize("day", [date(2026, 3, 31), date(2024, 2, 29), date(2026, 1, 1), date(2025, 12, 31)])
def test_calendar_units_hold_today_and_follow_each_other(day: date) -> None:
    for unit in ("day", "week", "month", "quarter", "year"):
        now, then = unit_back(unit, 0, day), unit_back(unit, 1, day)
        assert now.since is not None
        assert now.until is not None
        assert now.since <= day <= now.until
        assert then.until is not None
        assert (now.since - then.until).days == 1
    assert rolling(1, "month", day).until == day


def test_the_following_period_has_the_given_one_before_it() -> None:
    for period in (Period(date(2026, 2, 1), date(2026, 2, 28)), Period(date(2026, 8, 3), date(2026, 8, 9))):
        after = following(period)
        assert after is not None
        assert after.before() == period
    assert following(Period(date(2026, 2, 1), None)) is None


def test_a_name_without_year_is_the_last_that_has_begun() -> None:
    assert last_begun(8, 31, None, TODAY) == TODAY
    assert last_begun(9, 1, None, TODAY) == date(2025, 9, 1)
    assert last_begun(6, 31, None, TODAY) is None
