"""From a reading to a plan, by way of a draught that the next question may change."""

from dataclasses import dataclass, replace
from datetime import date

from coach.routing.phrasebook import PhraseBook, Subject
from coach.routing.plan import Compare, Plan
from coach.routing.reading import ASKS_WORDS, Reading
from coach.routing.spans import unit_back
from coach.routing.values import Condition
from coach.routing.wording import wants_only_figures
from coach.routing.words import whole
from coach.store.filters import Filter
from coach.store.query import ANY_TIME, CountQuery, Period

EXPLICIT = whole(
    r"^(?:some|a few|a couple of|any) (?:calls|contacts|chats|emails|conversations|cases)|why|how come"
    r"|examples?|quotes?|quotations?|(?:to|me|lets|us|i) hear|^hear|listen|play|show (?:me|us)|^show"
    r"|(?:please|you) show|let me (?:hear|read|listen|see (?!how|which|what|if|whether|the ))\S*"
    r"|(?:own|exact|very) words|clips?|(?:customers|callers|peoples|clients|agents) words(?= (?:on|about|for|when|of))"
    r"|snippets?|instances?|verbatims?|find me|^find|(?:you|to|please) find|moments?"
    r"|and (?:what )?for what|and what for|whats? behind|reasons?|stories|see where"
)
_FIGURE = whole(
    r"how (?:many|often|much|common|frequent\w*)|(?:number|share|percentage|proportion|percent"
    r"|rate|ratio|average|mean|count|fraction)s?|most|least|%|frequency"
)
_HOW_OFTEN = whole(r"how (?:many|often|frequent\w*)|share|percentage|numbers?")
_ABOUT = whole(r"@\d+ (?:about|on(?! behalf)|regarding|over|concerning) (?:the |our |their )?[^@ ]+.*")


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
    left: str | None
    """Words that nothing was made of. Not used where only figures are asked for."""
    wants_words: bool
    unknown: tuple[str, ...]
    notes: tuple[str, ...]


def start(reading: Reading, today: date) -> Draught:
    """The question by itself."""
    wants_words = _wants_words(reading)
    search = reading.matter if reading.subject is None or wants_words else None
    if reading.subject is None and search is None:
        search = reading.text.strip(" ?")
    group = None if reading.group is None or _is_anybody(reading) else reading.group
    return Draught(
        reading.subject,
        reading.conditions,
        _period(reading, today),
        reading.period_words,
        None if group is None else group.key,
        "" if group is None else group.words,
        reading.compare,
        reading.compare_words,
        search,
        reading.matter,
        wants_words,
        reading.unknown,
        reading.notes,
    )


def _is_anybody(reading: Reading) -> bool:
    """ "Who mentions the app?" asks for customers and what they say, and for no agents."""
    return reading.subject is None and reading.group is not None and reading.group.words in ("who", "whose")


def _period(reading: Reading, today: date) -> Period | None:
    """What is set against an earlier time without a period of its own is the present one."""
    if reading.period is None and reading.compare == "previous":
        return unit_back(reading.previous_unit or "month", 0, today)
    return reading.period


def _wants_words(reading: Reading) -> bool:
    if reading.subject is None:
        return True
    if wants_only_figures(reading.text):
        return False
    if EXPLICIT.search(reading.rest):
        return True
    if reading.subject[0] == "reasons":
        return reading.group is None and reading.compare is None and not _HOW_OFTEN.search(reading.rest)
    if reading.compare is not None:
        return False
    if reading.matter and _ABOUT.search(reading.rest):
        return True
    if reading.group is not None or _FIGURE.search(reading.rest):
        return False
    is_said = reading.subject[0] in ("cue", "asked", "function")
    return is_said and ASKS_WORDS.search(reading.text) is not None


def plan_of(draught: Draught, book: PhraseBook) -> Plan:
    """The draught as a plan, its filters in order and each once."""
    compare, group_by, where = _contrasted(draught)
    if group_by == "csat":  # all scores are shown
        where = tuple(each for each in where if each.key != "csat")
    period = draught.period or ANY_TIME
    search = draught.search if draught.subject is None or draught.wants_words else None
    count = None
    if draught.subject is not None:
        measure, about = draught.subject
        own = {"cue": "cue", "asked": "question", "function": "question", "outcome": about}.get(measure)
        where = tuple(each for each in where if (each.key, each.op, each.values) != (own, "=", (about,)))
        count = CountQuery(measure, about, where, group_by, period, compare)
    if count is not None and search is None and draught.wants_words:
        search = book.title(draught.subject) if draught.subject else None
    if count is not None:
        return Plan(count, search, where, period, _understood(draught, where, book))
    return Plan(None, search, where, period, _understood(draught, where, book), group_by, compare)


def _contrasted(draught: Draught) -> tuple[Compare, str | None, tuple[Filter, ...]]:
    """Comparison, group and conditions that go together: "chat or email or phone" are no two sides but groups."""
    where = [condition.filter for condition in draught.where]
    if not isinstance(draught.compare, tuple):
        return draught.compare, draught.group_by, _merged(tuple(where))
    sides = [each for side in draught.compare for each in side]
    key = sides[0].key
    more = [each for each in where if each.key == key and each.op == "=" and each not in sides]
    if more and all(each.op == "=" for each in sides) and key not in ("cue", "question", "csat"):
        return None, key, _merged((*where, *sides))
    group_by = None if key == draught.group_by else draught.group_by
    return draught.compare, group_by, _merged(tuple(each for each in where if each not in sides))


def _merged(where: tuple[Filter, ...]) -> tuple[Filter, ...]:
    """Filters in order, each once; several values of one key that can not hold together become "or"."""
    either: dict[str, list[str]] = {}
    for each in where:
        either.setdefault(_together(each), []).extend(each.values)
    merged = [replace(each, values=tuple(dict.fromkeys(either[_together(each)]))) for each in where]
    return tuple(sorted(dict.fromkeys(merged), key=str))


def _together(each: Filter) -> str:
    """What conditions share that become one: "chat" and "email" are "chat or email", or neither."""
    may = each.op in ("=", "!=") and each.values and each.key not in ("cue", "question")
    return f"{each.key}{each.op}" if may else str(each)


def _understood(draught: Draught, where: tuple[Filter, ...], book: PhraseBook) -> tuple[str, ...]:
    """What was made of the question. Words that nothing was made of stand in the note on what is counted."""
    told = list(draught.notes)
    unknown = "".join(f"; {note}" for note in draught.unknown)
    if draught.subject is not None:
        left = "" if draught.wants_words or not draught.left else f"; not understood: {draught.left}"
        told.append(f"counted: {book.title(draught.subject)}{left}{unknown}")
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
        told.append(f"looked for: {draught.search}{unknown if draught.subject is None else ''}")
    return tuple(told)


def _dates(since: date | None, until: date | None) -> str:
    if since is None or until is None:
        return f"until {until}" if since is None else f"since {since}"
    return f"{since} to {until}"
