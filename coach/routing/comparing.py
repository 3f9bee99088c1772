"""Two sides of a comparison: "new customers or families", "Leo against everybody else", "better than last month"."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import combinations

from coach.routing.effects import find_cause, names_both
from coach.routing.grouping import CHANGE
from coach.routing.mentions import Mention, as_condition
from coach.routing.periods import Dated
from coach.routing.spans import following
from coach.routing.values import Condition, Doubtful
from coach.routing.words import Draft, whole
from coach.store.filters import Filter
from coach.store.query import Period

_STRONG = whole(r"vs|versus|against|than|compare[ds]?|comparison|opposed|unlike|whereas|relative")
_SET_APART = whole(
    r"compar\w*|differ(?!ent(?: |$))\w*|between|better|worse|more|less|fewer|longer|shorter|higher|lower|faster"
    r"|slower|happier|rather"
    r"|sooner|likelier|likely|often|gap|most|least"
)
_LEAD = re.compile(r" (?:(?:with|to|for|in|by|from|of) )*")
_REST = whole(
    r"(?:the )?(?:rest|others?|remaining|remainder|(?:every|any)(?:one|body) else|nobody else|no one else|elsewhere"
    r"|all (?:the )?others?|other \w+|(?:overall |general |team )?average|everyone|everybody"
    r"|(?:(?:those|the ones|ones|contacts|calls|customers) )?(?:where |when |if )?"
    r"(?:without|not)(?: (?:one|it|any|them))?(?= [?,]|$)"
    r"|all (?:the )?(?:agents|customers|teams|contacts))(?: of (?:the |our |us|them)?\w*)?"
)
_BEFORE_THAT = whole(
    r"(?:the |than |with |to )*(?:month|week|period|quarter|year|one|time|days?|fortnight|30 days)(?: just)? before"
    r"(?: that)?|(?:than |with |to |the )*(?:previous|preceding|prior|earlier)(?: (?:one"
    r"|period|time|days|weeks?|months?))?"
    r"|(?:than|to|with|vs|versus) (?:the )?last(?: one| time)?(?= [?,]|$)|than before"
    r"|than (?:it was|previously|earlier)|before that"
)
_CHOICE = re.compile(r"[,:](?: (?:in|for|the))* @\d+ or(?: (?:in|for|the))* @\d+ \?$")
_EITHER = re.compile(r"@\d+ or @\d+")
_LAST = re.compile(r"(?:(?:in|for|of|from|over|on) )?(?:the )?(?:last|previous|past) (week|month|quarter|year)$")
_SINCE_LAST = re.compile(r"(?:ever )?(?:since|from) (?:the )?(?:last|previous) (week|month|quarter|year)$")
_AGAINST_IT = re.compile(
    r"(?<![^ ])(?:than|vs|versus|against|compared (?:with|to)|to|on|over|from)"
    r"(?: (?:it|they|we|he|she|that|those|was|were|did|had|in|for|during|of))* ?$"
)


_UP_ON = re.compile(r"(?:on|from|over) (?:the )?(?:last|previous) ")
_CHANGED = re.compile(
    r"(?<![^ ])(?:up|down|better|worse|higher|lower|risen|rose|fallen|fell|grown|increased?|decreased?|dropped|improved"
    r"|worsened|changed?|movement|improvement|difference) $"
)
""" "Up on last month": the words of the period then begin with "on"."""


@dataclass(frozen=True, slots=True)
class Sides:
    one: Filter
    other: Filter
    words: str


@dataclass(frozen=True, slots=True)
class Dates:
    period: Period | None
    words: str
    is_previous: bool = False
    """To be compared with the period before."""
    unit: str | None = None
    """Where no period is named: the one that is compared ("better than last month": this month)."""


def take_sides(draft: Draft, text: str) -> Sides | None:
    """The two filters that the question sets against each other, taken out of it; None when there are none.

    `text` is the question without marks.
    """
    places = [(start, end, condition) for start, end, thing in draft.marks(object) if (condition := _condition(thing))]
    for (_, end, one), (start, _, other) in combinations(places, 2):
        if _are_sides(one.filter, other.filter) and _is_against(draft.text, end, start):
            _strike(draft, (one, other))
            return Sides(one.filter, other.filter, f"{one.words} / {other.words}")
    narrowing = [(end, _condition(thing)) for _, end, thing in draft.marks(object) if _narrows(thing)]
    sure = [(end, condition) for end, condition in narrowing if condition is not None]
    return _against_rest(draft, sure) or _by_cause(draft, text)


def _narrows(thing: object) -> bool:
    return thing.is_condition if isinstance(thing, Mention) else True


def _by_cause(draft: Draft, text: str) -> Sides | None:
    """ "Is satisfaction higher when the impact is asked?" sets those contacts against the others."""
    cause = find_cause(draft, text)
    condition = None if cause is None else as_condition(cause)
    if condition is None:
        return None
    is_turned = names_both(draft) and cause is not None and cause.is_negated
    _strike(draft, (condition,))
    one, other = condition.filter, opposite(condition.filter)
    return Sides(other, one, condition.words) if is_turned else Sides(one, other, condition.words)


def opposite(one: Filter) -> Filter:
    """All other contacts."""
    if one.key in ("resolved", "churned", "sold"):
        return Filter(one.key, "=", ("false" if one.values == ("true",) else "true",))
    return Filter(one.key, "=" if one.op == "!=" else "!=", one.values)


def _condition(thing: object) -> Condition | None:
    if isinstance(thing, Doubtful):
        return thing.condition
    if isinstance(thing, Mention):
        return as_condition(thing)
    return thing if isinstance(thing, Condition) else None


def _are_sides(one: Filter, other: Filter) -> bool:
    """Whether two filters can be sides: other values of one key, or a value and all others."""
    if one.key != other.key or one == other:
        return False
    opposite = {one.op, other.op} == {"=", "!="} and one.values == other.values
    return one.op == other.op == "=" or opposite or one.key in ("csat", "duration_s", "handle_time_s")


def _is_against(text: str, end: int, start: int) -> bool:
    """Whether what stands at `end` is set against what stands at `start`."""
    between = text[end:start]
    if _STRONG.search(between):
        return True
    if "@" in between or not whole("or|and").search(between):
        return False
    if _CHOICE.search(text):
        return True
    if whole("or").search(between) and re.match(r"(?:do|does|did|is|are|who|which|has|have|was|were)(?= )", text):
        return True
    return bool(_SET_APART.search(text[:end]) or _SET_APART.search(text[start:]))


def _against_rest(draft: Draft, places: Sequence[tuple[int, Condition]]) -> Sides | None:
    """ "Leo against the others"; `places` are the ends of the conditions."""
    for end, one in places:
        against = _STRONG.search(draft.text, end)
        if one.filter.op != "=" or not one.filter.values or against is None:
            continue
        lead = _LEAD.match(draft.text, against.end())
        rest = lead and _REST.match(draft.text, lead.end())
        if rest:
            draft.drop(rest.start(), rest.end())
            _strike(draft, (one,))
            return Sides(one.filter, opposite(one.filter), f"{one.words} / {rest.group()}")
    return None


def against_rest(text: str) -> bool:
    """Whether something unnamed is set against all others: "versus the rest of the team"."""
    return any(_REST.match(_LEAD.sub("", text[found.end() :], count=1)) for found in _STRONG.finditer(text))


def _strike(draft: Draft, conditions: Sequence[Condition]) -> None:
    """Takes the marks of the sides out of the question."""
    for start, end, thing in reversed(draft.marks(object)):
        if _condition(thing) in conditions:
            draft.drop(start, end)


def take_dates(draft: Draft) -> Dates:
    """The period that the question is about, and whether it is set against the one before."""
    dated = [thing for _, _, thing in draft.marks(Dated)]
    words = ", ".join(thing.words for thing in dated)
    if len(dated) >= 2:
        return _two(dated, words, draft.text)
    changes = CHANGE.search(draft.text) is not None or _STRONG.search(draft.text) is not None
    before = _BEFORE_THAT.search(draft.text)
    if before and changes:
        draft.drop(before.start(), before.end())
        if dated:
            return Dates(dated[0].period, words, is_previous=True)
        unit = re.search("week|month|quarter|year", before.group())
        return Dates(None, words, is_previous=True, unit=unit.group() if unit else None)
    if not dated:
        return Dates(None, words)
    since = _SINCE_LAST.match(dated[0].words)
    before_it = draft.text[: draft.marks(Dated)[0][0]]
    against = _AGAINST_IT.search(before_it) or (_UP_ON.match(dated[0].words) and _CHANGED.search(before_it))
    if changes and (unit := since or (_LAST.match(dated[0].words) if against else None)):
        return Dates(None, words, is_previous=True, unit=unit[1])
    if against and (_STRONG.search(against.group())) and (later := following(dated[0].period)) is not None:
        return Dates(later, words, is_previous=True)
    return Dates(dated[0].period, words)


def _two(dated: Sequence[Dated], words: str, text: str) -> Dates:
    """Two periods: one against the one just before it, else the time from the first to the last."""
    one, other = sorted((thing.period for thing in dated[:2]), key=lambda period: period.since or date.min)
    is_either = _EITHER.search(text) and not _SET_APART.search(text) and not _STRONG.search(text)
    if other.before() == one and not is_either:
        return Dates(other, words, is_previous=True)
    if any(re.search("previous|before", thing.words) for thing in dated[1:]):
        return Dates(dated[0].period, words, is_previous=True)
    return Dates(Period(one.since, other.until), words)
