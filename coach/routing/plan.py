"""What a question in words is understood to ask: a count, a search, or both. The same type whoever understood it."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Literal

from coach.store.filters import Filter
from coach.store.query import ANY_TIME, PERIOD, CountQuery, Period

_COUNTED = "counted: "
"""Begins the note on what is counted."""
Kind = Literal["count", "search", "both"]
Compare = tuple[tuple[Filter, ...], tuple[Filter, ...]] | Literal["previous"] | None


@dataclass(frozen=True, slots=True)
class Plan:
    """At least one of `count` and `search` is there."""

    count: CountQuery | None
    search: str | None
    """What to look for in what was said, without the words that became filters or periods."""
    where: tuple[Filter, ...] = ()
    """Conditions that the question states (also those of `count`), without those the caller gave."""
    period: Period = ANY_TIME
    understood: tuple[str, ...] = ()
    """For people, one a piece: "new customers: segment = new customer", "last month: 2026-07-01 to 2026-07-31"."""
    group_by: str | None = None
    """Of a plan without `count`: by what the contacts that speak of it are to be shown. A count has its own."""
    compare: Compare = None
    """Likewise: between which contacts, or with which period, what is said of it is to be compared."""

    @property
    def kind(self) -> Kind:
        if self.count is None:
            return "search"
        return "count" if self.search is None else "both"

    def searching(self, text: str) -> "Plan":
        """The plan for what was said about `text` instead of a count, grouped and compared as the count was."""
        if self.count is None:
            return replace(self, search=text)
        told = [note for note in self.understood if not note.startswith(_COUNTED)]
        told += [] if text == self.search else [f"looked for: {text}"]
        return Plan(None, text, self.where, self.period, tuple(told), self.count.group_by, self.count.compare)

    def without(self, conditions: Collection[str]) -> "Plan":
        """The plan less the conditions that somebody took away: as `Filter` writes them, and PERIOD."""
        if not conditions:
            return self
        period = ANY_TIME if PERIOD in conditions else self.period
        count = self.count
        if count is not None:
            count = replace(count, where=_left(count.where, conditions), period=period)
        told = (*self.understood, f"taken away: {', '.join(conditions)}")
        return replace(self, count=count, where=_left(self.where, conditions), period=period, understood=told)


def _left(where: tuple[Filter, ...], conditions: Collection[str]) -> tuple[Filter, ...]:
    return tuple(each for each in where if str(each) not in conditions)
