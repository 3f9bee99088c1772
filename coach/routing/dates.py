"""Single spans of days in words: "yesterday", "last month", "3 August", "the first half of July", "Q2".

A week begins on Monday. A name without a year ("July", "3 August") means the last one that has begun. "This month" is
the whole month, also where some of it is still to come. "Summer" is June to August, as the weather services count.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date, timedelta

from coach.routing.spans import SATURDAY, days_of, last_begun, month_of, months_from, rolling, unit_back
from coach.routing.words import whole
from coach.store.query import Period

Read = Callable[[Mapping[str, str], date], Period | None]
"""From a pattern's named groups (only those that matched) and today."""

NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_MONTHS = (
    "jan(?:uary)?", "feb(?:ruary)?", "mar(?:ch)?", "apr(?:il)?", "may", "june?", "july?", "aug(?:ust)?",
    "sept?(?:ember)?", "oct(?:ober)?", "nov(?:ember)?", "dec(?:ember)?",
)  # fmt: skip
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SEASONS = {"spring": 3, "summer": 6, "autumn": 9, "winter": 12}
_ORDINALS = {"first": 1, "1st": 1, "second": 2, "2nd": 2, "third": 3, "3rd": 3, "fourth": 4, "4th": 4}
_THIRDS = {"beginning": 1, "start": 1, "early": 1, "middle": 11, "mid": 11, "end": 21, "late": 21}
"""The first of the ten days of a month (eleven at its end) that a vague word means."""


def _number(word: str) -> int:
    return (
        int(word) if word.isdigit() else {"a couple of": 2, "couple of": 2, "few": 3}.get(word) or NUMBERS.index(word)
    )


def _unit(said: Mapping[str, str]) -> str:
    return said["unit"].rstrip("s")


def _rolling(said: Mapping[str, str], today: date) -> Period | None:
    number, unit = _number(said["n"]), _unit(said)
    if unit == "fortnight":
        number, unit = 2 * number, "week"
    return rolling(number, unit, today) if number else None


def _ago(said: Mapping[str, str], today: date) -> Period:
    return unit_back(_unit(said), 1 if said["n"] in ("a", "an") else _number(said["n"]), today)


def _so_far(said: Mapping[str, str], today: date) -> Period:
    unit = {"ytd": "year", "mtd": "month"}.get(said.get("short", "")) or _unit(said)
    return Period(unit_back(unit, 0, today).since, today)


def _weekend(_said: Mapping[str, str], today: date) -> Period:
    return unit_back("weekend", 0 if today.weekday() >= SATURDAY else 1, today)


def _year_so_far(said: Mapping[str, str], today: date) -> Period | None:
    since = date(int(said["year"]), 1, 1)
    return Period(since, today) if since <= today else None


def _since_start(said: Mapping[str, str], today: date) -> Period:
    return Period(unit_back(_unit(said), 1 if "last" in said else 0, today).since, None)


def _year(said: Mapping[str, str], today: date) -> int | None:
    """ "2025", "this year", "last year"; None when no year is said."""
    year = said.get("year")
    if year is None or year.isdigit():
        return None if year is None else int(year)
    return today.year - (0 if year.startswith("this") else 1)


def _month_number(said: Mapping[str, str]) -> int:
    return next(at for at, pattern in enumerate(_MONTHS, start=1) if re.fullmatch(pattern, said["month"]))


def _month(said: Mapping[str, str], today: date) -> Period | None:
    if "which" in said:
        return unit_back("month", 0 if said["which"] in ("this", "the current", "the") else 1, today)
    first = last_begun(_month_number(said), 1, _year(said, today), today)
    return None if first is None else month_of(first.year, first.month)


def _part(said: Mapping[str, str], today: date) -> Period | None:
    """The first half, the last two weeks, the beginning of a month."""
    month = _month(said, today)
    if month is None or month.until is None:
        return None
    if "part" in said:
        begin = _THIRDS[said["part"]]
        return days_of(month, begin, 31 if begin == 21 else begin + 9)
    if _unit(said) == "half":
        return days_of(month, 1, 15) if said["nth"] in ("first", "1st") else days_of(month, 16, 31)
    days = 7 * _number(said.get("n", "one"))
    if said["nth"] == "last":
        return days_of(month, month.until.day - days + 1, 31)
    begin = 1 + 7 * (_ORDINALS[said["nth"]] - 1)
    return days_of(month, begin, begin + days - 1)


def _days(said: Mapping[str, str], today: date) -> Period | None:
    """One day of a month, or from one to another."""
    begin, end = (int(re.sub(r"\D", "", said.get(name, said["day"]))) for name in ("day", "to"))
    first = last_begun(_month_number(said), begin, _year(said, today), today)
    return None if first is None or end < begin else Period(first, first.replace(day=end))


def _iso(said: Mapping[str, str], _today: date) -> Period:
    day = date.fromisoformat(said["iso"])
    return Period(day, day)


def _slashed(said: Mapping[str, str], _today: date) -> Period:
    """31/08/2026: the day comes first, unless only the American order makes a date."""
    one, other, year = int(said["a"]), int(said["b"]), int(said["y"])
    year += 2000 if year < 100 else 0
    day = date(year, one, other) if other > 12 else date(year, other, one)
    return Period(day, day)


def _weekday(said: Mapping[str, str], today: date) -> Period:
    back = (today.weekday() - _WEEKDAYS.index(said["weekday"][:3])) % 7 or (7 if "last" in said else 0)
    return Period(today - timedelta(days=back), today - timedelta(days=back))


def _of_year(months: int) -> Read:
    """A quarter or a half of a year by its number."""

    def read(said: Mapping[str, str], today: date) -> Period | None:
        number = int(said["q"]) if "q" in said else _ORDINALS[said["nth"]]
        first = last_begun(months * (number - 1) + 1, 1, _year(said, today), today)
        return None if first is None else months_from(first.year, first.month, months)

    return read


def _season(said: Mapping[str, str], today: date) -> Period | None:
    year = today.year - 1 if "last" in said.get("which", "") and today.month >= _SEASONS[said["season"]] + 3 else None
    first = last_begun(_SEASONS[said["season"]], 1, _year(said, today) or year, today)
    return None if first is None else months_from(first.year, first.month, 3)


def _back(back: int) -> Read:
    return lambda said, today: unit_back(_unit(said), back, today)


def _day_back(back: int) -> Read:
    return lambda _said, today: unit_back("day", back, today)


def _calendar_year(said: Mapping[str, str], _today: date) -> Period:
    return months_from(int(said["year"]), 1, 12)


_CLEAR = "|".join(month for month in _MONTHS if month not in ("may", "mar(?:ch)?"))
_LEADS = (
    "in", "since", "until", "till", "during", "for", "of", "from", "to", "between", "by", "last", "before", "after",
    "this", "over", "about", "through", "early", "late", "mid", "on", "vs", "versus", "with", "than",
)  # fmt: skip
_BEFORE = "|".join([*(f"(?<={word} )" for word in _LEADS), r"(?<=\d )", r"(?<=\d(?:st|nd|rd|th) )"])
_DOUBTFUL = rf"(?:{_BEFORE})(?:may|mar(?:ch)?)|(?:may|mar(?:ch)?)(?= (?:\d|vs|versus|compared|to @|and @)| \?|$)"
"""Months whose names are other words as well, where they must be months."""
_DAY = r"\d{1,2}(?:st|nd|rd|th)?"
_ON_WEEKDAY = r"(?:(?:mon|tues|wednes|thurs|fri|satur|sun)day (?:, )?)?"
_N = rf"\d{{1,3}}|(?:a )?couple of|few|{'|'.join(NUMBERS[1:])}"
_UNIT = "(?P<unit>weekend|week|month|quarter|year)"
_UNITS = "(?P<unit>days?|weeks?|fortnights?|months?|quarters?|years?)"
_THIS = "(?:this|the current|current|the present|our current)"
_LAST = "(?:the last|last|the past|past|the previous|previous|the preceding|the prior|prior)"
_YEAR = r"(?:(?: of)?(?: ,)? (?P<year>20\d\d|this year|last year))?"
_NAMED = rf"(?P<month>{_CLEAR}|{_DOUBTFUL}){_YEAR}"
_SOME_MONTH = rf"(?:(?P<which>this|the current|last|the last|the previous|previous|the) month|{_NAMED})"

_NOT_A_NAME = (
    r"(?= (?:[@?,:;(]|and |or |to |vs |versus |compared |by |per |in |for |what |how |did |was |were |than )| ?$)"
)
"""After a season: "summer sale" is none."""

SPANS: tuple[tuple[re.Pattern[str], Read], ...] = tuple(
    (whole(pattern), read)
    for pattern, read in (
        (r"(?P<iso>\d{4}-\d{2}-\d{2})", _iso),
        (r"(?P<a>\d{1,2})[./](?P<b>\d{1,2})[./](?P<y>\d{4}|\d{2})", _slashed),
        (rf"{_THIS} {_UNIT} (?:so far|to date|until now|up to now)|{_UNIT.replace('unit', 'unit2')} to date", _so_far),
        (r"so far (?:this|in the current) (?P<unit>week|month|quarter|year)|(?P<short>ytd|mtd)", _so_far),
        (
            r"(?:the year )?(?P<year>20\d\d) (?:so far|to date|until now|up to now|till now)"
            r"|so far in (?P<year2>20\d\d)",
            _year_so_far,
        ),
        (
            rf"(?:ever )?(?:since|from|starting(?: from| at)?|as of) (?:the )?(?:beginning|start|first day) of"
            rf" (?:the|this|the current|(?P<last>last|the last)) {_UNIT}"
            r"(?: (?:until|till|up to|to) (?:now|today|date))?",
            _since_start,
        ),
        (
            rf"(?:the )?(?P<nth>first|second|1st|2nd|last) (?:(?P<n>{_N}) )?(?P<unit>half|weeks?) (?:of"
            rf"|in) {_SOME_MONTH}",
            _part,
        ),
        (rf"(?:the )?(?P<nth>third|fourth|3rd|4th) (?P<unit>week) (?:of|in) {_SOME_MONTH}", _part),
        (rf"(?:the )?(?P<part>beginning|start|middle|end) of {_SOME_MONTH}", _part),
        (rf"(?P<part>early|mid|late) (?:in )?{_NAMED}", _part),
        (
            rf"(?:between |from )?(?:the )?(?P<day>{_DAY}) (?:to|until|till|through"
            rf"|and) (?:the )?(?P<to>{_DAY})(?: of)? {_NAMED}",
            _days,
        ),
        (rf"{_ON_WEEKDAY}(?:the )?(?P<day>{_DAY})(?: of)? {_NAMED}", _days),
        (
            rf"(?P<month>{_CLEAR}|{_DOUBTFUL}) (?:the )?(?P<day>{_DAY}) (?:to|until"
            rf"|through) (?:the )?(?P<to>{_DAY}){_YEAR}",
            _days,
        ),
        (rf"(?P<month>{_CLEAR}|{_DOUBTFUL}) (?:the )?(?P<day>{_DAY}){_YEAR}", _days),
        (rf"(?:{_LAST}|the most recent) (?P<n>{_N}) {_UNITS}", _rolling),
        (rf"{_LAST} (?P<unit>fortnight)", lambda said, today: rolling(2, "week", today)),
        (rf"(?P<n>an?|{_N}) (?P<unit>days?|weeks?|months?|years?) ago", _ago),
        (rf"(?:the )?{_UNIT} before last", _back(2)),
        (r"so far today|today so far|this (?:morning|afternoon|evening)|tonight", _day_back(0)),
        (r"all (?:of )?(?:this )?(?P<unit>week|month|quarter|year)(?: long| round)?", _back(0)),
        (r"(?:over |at |on |during )the weekend", _weekend),
        (rf"{_LAST} half (?:a )?year", lambda _said, today: rolling(6, "month", today)),
        (r"the day before yesterday", _day_back(2)),
        (r"yesterday", _day_back(1)),
        (r"today", _day_back(0)),
        (rf"{_THIS} {_UNIT}", _back(0)),
        (rf"{_LAST} {_UNIT}", _back(1)),
        (rf"(?:the )?(?P<nth>{'|'.join(_ORDINALS)}) quarter{_YEAR}", _of_year(3)),
        (rf"(?:the )?q ?(?P<q>[1-4]){_YEAR}", _of_year(3)),
        (
            r"(?:the )?(?P<nth>first|second|1st|2nd) half of (?:the year|(?P<year>20\d\d|this year|last year))",
            _of_year(6),
        ),
        (rf"h(?P<q>[12]){_YEAR}", _of_year(6)),
        (rf"(?:all of |the whole of |the month of |last )?{_NAMED}", _month),
        (
            rf"(?:(?:in |over |during )?(?P<which>the |this "
            rf"|last )?)?(?P<season>{'|'.join(_SEASONS)}){_YEAR}{_NOT_A_NAME}",
            _season,
        ),
        (
            rf"(?:on )?(?P<last>last )?(?P<weekday>(?:{_BEFORE}|^|(?<=, ))(?:mon|tues|wednes|thurs|fri|satur|sun)day)"
            r"(?! (?:appointments?|deliver\w+|opening|slots?|visits?|evenings?|installations?|hours))",
            _weekday,
        ),
        (
            r"(?:(?<=in )|(?<=since )|(?<=during )|(?<=for )|(?<=of )|(?<=with ))(?:the year )?(?P<year>20\d\d)",
            _calendar_year,
        ),
        (r"(?<! [a-z] )(?<!^[a-z] )(?P<year>20[0-4]\d)(?= (?:\?|,|by|per|vs|versus|compared)|$)", _calendar_year),
    )
)
