"""From readings to a plan: a question alone, or as a change of what was asked before."""

import re
from dataclasses import dataclass, replace
from datetime import date

from coach.routing.phrasebook import PhraseBook, Subject
from coach.routing.plan import Plan
from coach.routing.reading import Compare, Reading
from coach.routing.values import Condition
from coach.routing.words import whole
from coach.routing.spans import unit_back
from coach.store.filters import Filter
from coach.store.query import ANY_TIME, CountQuery, Period

_EXPLICIT = whole(
    r"why|how come|examples?|quotes?|quotations?|hear|listen|play|show (?:me|us)|(?<=^)show|(?:please|you) show|let me|own words|clips?"
    r"|snippets?|instances?|verbatims?|find me|(?<=^)find|(?:you|to|please) find|moments?"
    r"|whats? behind|reasons?|stories|see where"
)
_ASKS_WORDS = re.compile(
    r"^(?:(?:and|so|but|ok|good|well|now|please|hi|hello|,|\.|@\d+) )*(?:what|how (?:do|does|did|are|is|were|have)|in what way|where|which)(?= )"
)
_FIGURE = whole(
    r"how (?:many|often|much|common|frequent\w*)|(?:number|share|percentage|proportion|percent|rate|ratio|average|mean|count|fraction)s?|most|least|%|frequency"
)
_ABOUT = whole(r"@\d+ (?:about|on|regarding|over|concerning) (?:the |our |their )?[^@ ]+.*")
_LEADS = re.compile(
    r"^(?:(?:ok|okay|good|great|thanks|right|hmm|so|well|and|but|now|then|also|please|yes|no|fine|cool|nice) ?,? ?)*"
    r"(?:and|but|now|then|also|what about|how about|same|only|just|instead|by|per|for|in|on|or|not|without|except|excluding|with"
    r"|break|split|group|show me (?:some |a few |the )?(?:examples|quotes|one|them|those|that)|why(?: is that| so|\?| \?|$)|since|until|last|this|compared|compare (?:that|it|this|them|with)"
    r"|versus|vs|against|more|less|which of (?:them|those|these)|who|as a|over time|@\d+)(?= |$)"
)
_POINTS_BACK = whole(
    r"them|those|these|they|it|that(?= (?:look|better|worse|more|less|per|by|in|for|compare\w*|different|change\w*|to|with|\?|$))|he|she|his|him|there|same|instead|too|this(?= (?:look|by|per|\?))|the same"
)


@dataclass(frozen=True, slots=True)
class Draught:
    """A plan in the making, with the words its parts were read from."""

    subject: Subject | None
    where: tuple[Condition, ...]
    period: Period | None
    period_words: str
    group_by: str | None
    group_words: str
    compare: Compare
    compare_words: str
    search: str | None
    wants_words: bool
    notes: tuple[str, ...]


def start(reading: Reading, today: date) -> Draught:
    """The question by itself."""
    wants_words = _wants_words(reading)
    search = reading.matter if reading.subject is None or wants_words else None
    if reading.subject is None and search is None:
        search = reading.text
    return Draught(
        reading.subject,
        reading.conditions,
        _period(reading, today),
        reading.period_words,
        None if reading.group is None else reading.group.key,
        "" if reading.group is None else reading.group.words,
        reading.compare,
        reading.compare_words,
        search,
        wants_words,
        reading.notes,
    )


def _period(reading: Reading, today: date) -> Period | None:
    """What is set against an earlier time without a period of its own is the present one."""
    if reading.period is None and reading.compare == "previous":
        return unit_back(reading.previous_unit or "month", 0, today)
    return reading.period


def _wants_words(reading: Reading) -> bool:
    if reading.subject is None:
        return True
    if reading.subject[0] == "reasons":
        return reading.group is None or _EXPLICIT.search(reading.rest) is not None
    if _EXPLICIT.search(reading.rest) or (reading.matter and _ABOUT.search(reading.rest)):
        return True
    if reading.group is not None or _FIGURE.search(reading.rest) or reading.compare is not None:
        return False
    is_said = reading.subject[0] in ("cue", "asked", "function")
    return is_said and _ASKS_WORDS.search(reading.text) is not None


def follow(current: Draught, reading: Reading, today: date) -> Draught:
    """The question after what was understood before: a change of it, or a new one."""
    if not _is_change(reading):
        return start(reading, today)
    new = start(reading, today)
    is_new_measure = reading.subject is not None and reading.subject not in (("contacts", None), ("customers", None))
    if reading.subject == ("contacts", None) and not reading.conditions and not reading.group and not reading.period:
        is_new_measure = True
    explicit = _EXPLICIT.search(reading.rest) is not None
    keys = {condition.filter.key for condition in new.where}
    where = (*(condition for condition in current.where if condition.filter.key not in keys), *new.where)
    result = replace(
        current,
        where=where,
        period=reading.period or current.period or new.period,
        period_words=new.period_words or current.period_words,
        group_by=new.group_by or current.group_by,
        group_words=new.group_words or current.group_words,
        compare=new.compare or (None if reading.period or keys & _compared(current.compare) else current.compare),
        compare_words=new.compare_words or current.compare_words,
        notes=(*current.notes, *new.notes),
    )
    if is_new_measure:
        result = replace(result, subject=new.subject, search=new.search, wants_words=new.wants_words)
        if explicit:
            result = replace(result, group_by=new.group_by, group_words=new.group_words, compare=new.compare)
    elif explicit:
        result = replace(result, wants_words=True, search=reading.matter or current.search)
    elif (
        reading.subject is None
        and reading.matter
        and current.subject is None
        and not (keys or new.group_by or new.period)
    ):
        result = replace(result, search=reading.matter)
    if result.compare == "previous" and result.period is None:
        result = replace(result, period=current.period)
    return result


def _compared(compare: Compare) -> set[str]:
    return {each.key for side in compare for each in side} if isinstance(compare, tuple) else set()


def _is_change(reading: Reading) -> bool:
    if _LEADS.search(reading.text) and not (
        reading.subject is not None and re.match(r"(?:who|in|for|show me|why|on) ", reading.text)
    ):
        return True
    if _POINTS_BACK.search(reading.text) and len(reading.text.split()) <= 14:
        return True
    return reading.subject in (None, ("contacts", None)) and reading.matter is None


def plan_of(draught: Draught, book: PhraseBook) -> Plan:
    """The draught as a plan, its filters in order and each once."""
    where = _merged(tuple(condition.filter for condition in draught.where))
    period = draught.period or ANY_TIME
    search = draught.search if draught.subject is None or draught.wants_words else None
    count = None
    if draught.subject is not None:
        measure, about = draught.subject
        own = {"cue": "cue", "asked": "question", "function": "question", "outcome": about}.get(measure)
        where = tuple(each for each in where if (each.key, each.op, each.values) != (own, "=", (about,)))
        count = CountQuery(measure, about, where, draught.group_by, period, draught.compare)
    if count is not None and search is None and draught.wants_words:
        search = book.titles.get(draught.subject, "") if draught.subject else None
    return Plan(count, search, where, period, _understood(draught, where, book))


def _merged(where: tuple[Filter, ...]) -> tuple[Filter, ...]:
    """Filters in order, each once; several values of one key that can not hold together become "or"."""
    either: dict[tuple[str, str], list[str]] = {}
    for each in where:
        key = each.key if each.op == "=" and each.key not in ("cue", "question") else str(each)
        either.setdefault((key, each.op), []).extend(each.values)
    merged = []
    for each in where:
        key = each.key if each.op == "=" and each.key not in ("cue", "question") else str(each)
        values = tuple(dict.fromkeys(either[key, each.op]))
        merged.append(Filter(each.key, each.op, values))
    return tuple(sorted(dict.fromkeys(merged), key=str))


def _understood(draught: Draught, where: tuple[Filter, ...], book: PhraseBook) -> tuple[str, ...]:
    told = list(draught.notes)
    if draught.subject is not None:
        told.append(f"counted: {book.titles.get(draught.subject, ' '.join(part for part in draught.subject if part))}")
    told += [f"only where {each}" for each in where]
    if draught.period is not None:
        told.append(f"{draught.period_words}: {_dates(draught.period.since, draught.period.until)}")
    if draught.group_by is not None:
        told.append(f"{draught.group_words}: by {draught.group_by}")
    if draught.compare == "previous":
        told.append("compared with the period before")
    elif draught.compare is not None:
        one, other = (" and ".join(str(each) for each in side) for side in draught.compare)
        told.append(f"compared: {one} with {other}")
    if draught.search is not None and (draught.subject is None or draught.wants_words):
        told.append(f"looked for: {draught.search}")
    return tuple(told)


def _dates(since: date | None, until: date | None) -> str:
    if since is None or until is None:
        return f"until {until}" if since is None else f"since {since}"
    return f"{since} to {until}"
