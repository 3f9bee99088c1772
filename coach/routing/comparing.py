"""Two sides of a comparison: "new customers or families", "Leo against everybody else", "better than last month"."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from coach.routing.grouping import CHANGE
from coach.routing.mentions import Mention, as_condition
from coach.routing.periods import Dated
from coach.routing.spans import unit_back
from coach.routing.values import Condition, Doubtful
from coach.routing.words import Draft, whole
from coach.store.filters import Filter
from coach.store.query import Period

_AGAINST = r"vs|versus|against|than|compared|comparison|rather than|as opposed to|opposed|unlike|whereas|while|relative to|or|and|to|with|beside|:"
_STRONG = whole(r"vs|versus|against|than|compared|comparison|opposed|unlike|whereas|relative|compares?")
_SET_APART = whole(
    r"compar\w*|differ\w*|between|better|worse|more|less|fewer|longer|shorter|higher|lower|faster|slower|happier|rather|sooner|likelier"
    r"|likely|often|gap|most|least"
)
_REST = whole(
    r"(?:the )?(?:rest|others?|remaining|remainder|everyone else|everybody else|anyone else|anybody else|all (?:the )?others?|elsewhere"
    r"|other (?:\w+)|(?:overall |general |team )?average|everyone|everybody|all (?:the )?(?:agents|customers|teams|contacts)|nobody else)"
    r"(?: of (?:the |our |us|them)?\w*)?"
)
_PREVIOUS = whole(
    r"(?:the |than |with |to )*(?:month|week|period|quarter|year|one|time|days?|fortnight|30 days)(?: just)? before(?: that)?"
    r"|(?:than |with |to |the )*(?:previous|preceding|prior|earlier|one before)(?: (?:one|period|time|days|weeks?|months?))?"
    r"|than before|than (?:it was|previously|earlier)|before that"
)


@dataclass(frozen=True, slots=True)
class Sides:
    one: Filter
    other: Filter
    words: str


def take_sides(draft: Draft) -> Sides | None:
    """The two filters that the question sets against each other, taken out of it; None when there are none."""
    places = [(start, end, condition) for start, end, thing in draft.marks(object) if (condition := _condition(thing))]
    for (_, end, one), (start, stop, other) in zip(places, places[1:], strict=False):
        if _are_sides(one.filter, other.filter) and _is_against(draft.text, end, start):
            _strike(draft, (one, other), end - 0, stop)
            return Sides(one.filter, other.filter, f"{one.words} / {other.words}")
    return _against_rest(draft, places)


def _condition(thing: object) -> Condition | None:
    if isinstance(thing, Doubtful):
        return thing.condition
    if isinstance(thing, Mention):
        return as_condition(thing)
    return thing if isinstance(thing, Condition) else None


def _are_sides(one: Filter, other: Filter) -> bool:
    if one.key != other.key or one == other:
        return False
    return (
        one.op == other.op == "="
        or one.key in ("csat", "duration_s", "handle_time_s")
        or {one.op, other.op} == {"=", "!="}
    )


def _is_against(text: str, end: int, start: int) -> bool:
    between = text[end:start]
    if "@" in between and not _STRONG.search(between):
        return False
    if _STRONG.search(between):
        return True
    apart = _SET_APART.search(text[:end]) or _SET_APART.search(text[start:])
    return (
        bool(apart)
        and bool(whole("or|and").search(between))
        or bool(whole("or").search(between) and re.match(r"(?:do|does|did|is|are|who|which)", text))
    )


def _against_rest(draft: Draft, places: Sequence[tuple[int, int, Condition]]) -> Sides | None:
    for _start, end, one in places:
        if one.filter.op != "=" or not one.filter.values:
            continue
        after = draft.text[end:]
        strong = _STRONG.search(after)
        rest = (
            None
            if strong is None
            else _REST.match(re.sub(r"^ (?:(?:with|to|for|in|by|from|of) )*", "", after[strong.end() :]))
        )
        if strong and rest and "@" not in after[: strong.start()].replace("@", "", 0)[:0]:
            at = draft.text.index(rest.group(), end + strong.start())
            draft.drop(at, at + len(rest.group()))
            _strike(draft, (one,), end, end)
            return Sides(one.filter, Filter(one.filter.key, "!=", one.filter.values), f"{one.words} / {rest.group()}")
    return None


def _strike(draft: Draft, conditions: Sequence[Condition], _end: int, _stop: int) -> None:
    """Takes the marks of the sides out of the question."""
    for start, end, thing in reversed(draft.marks(object)):
        if _condition(thing) in conditions:
            draft.drop(start, end)


def take_previous(draft: Draft, today: date) -> tuple[Period | None, bool, Literal["previous"] | None, tuple[str, ...]]:
    """The period asked about, whether it is set against the one before, and the words of what was read."""
    dated = [thing for _, _, thing in draft.marks(Dated)]
    words = tuple(thing.words for thing in dated)
    if len(dated) >= 2:
        return _two(dated, words)
    match = _PREVIOUS.search(draft.text)
    if dated and match and (CHANGE.search(draft.text) or _STRONG.search(draft.text)):
        draft.drop(match.start(), match.end())
        return dated[0].period, False, "previous", words
    if dated:
        place = next(start for start, _, thing in draft.marks(Dated))
        before = draft.text[:place]
        since = re.match(r"(?:ever )?since (?:the )?(?:last|previous) (week|month|quarter|year)$", dated[0].words)
        against = re.search(
            r"(?<![^ ])(?:than|vs|versus|against|compared (?:with|to)|to|on|over|from)(?: (?:it was|they were|in|he did|she did|they did|we did|for|during|it did|those of|that of))* ?$",
            before,
        )
        last = re.match(
            r"(?:(?:in|for|during|of|from|over|at|on) )?(?:the )?(?:last|previous|past) (week|month|quarter|year)$",
            dated[0].words,
        )
        if (since and CHANGE.search(draft.text)) or (
            last and against and CHANGE.search(draft.text) or last and against and _STRONG.search(before)
        ):
            unit = (since or last)[1]  # type: ignore[index]
            return unit_back(unit, 0, today), True, "previous", words
        return dated[0].period, False, None, words
    if match and (CHANGE.search(draft.text) or _STRONG.search(draft.text)):
        unit = re.search(r"week|month|quarter|year", match.group())
        draft.drop(match.start(), match.end())
        return (unit_back(unit.group(), 0, today) if unit and not dated else None), True, "previous", words
    return None, False, None, words


def _two(
    dated: Sequence[Dated], words: tuple[str, ...]
) -> tuple[Period | None, bool, Literal["previous"] | None, tuple[str, ...]]:
    one, other = sorted((thing.period for thing in dated[:2]), key=lambda period: period.since or date.min)
    if other.before() == one:
        return other, True, "previous", words
    if any(re.search("previous|before", said) for said in words[1:]):
        return dated[0].period, True, "previous", words
    return Period(one.since, other.until), False, None, words
