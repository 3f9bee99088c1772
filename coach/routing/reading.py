"""One question read by itself: its conditions, period, sides, groups, measure, and what is left to search for."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from coach.retrieval.embeddings import Embedder
from coach.routing.comparing import Sides, take_dates, take_sides
from coach.routing.grouping import Group, Trend, take_groups, take_trend
from coach.routing.matter import content, matter
from coach.routing.measuring import Asked, choose
from coach.routing.mentions import Mention, take_mentions
from coach.routing.periods import take_periods
from coach.routing.phrasebook import SEARCH, PhraseBook, Subject
from coach.routing.spelling import respelled
from coach.routing.thresholds import take_thresholds
from coach.routing.values import Condition, Doubtful, Names, take_values, unknown
from coach.routing.words import Draft, plain_words
from coach.store.filters import Filter
from coach.store.query import Period

ASKS_WORDS = re.compile(
    r"^(?:(?:and|so|but|ok|good|well|now|please|hi|hello|,|\.|@\d+) )*(?:what|how (?:do|does"
    r"|did|are|is|were|have)|in what way|where|which)(?= )"
)
"""A question for what is said, how or where, rather than how often."""
Compare = tuple[tuple[Filter, ...], tuple[Filter, ...]] | Literal["previous"] | None


@dataclass(frozen=True, slots=True)
class Reading:
    """What the words of one question say; what they leave open is None or empty."""

    text: str
    """The question in plain words, respelled."""
    rest: str
    """The same with a mark for everything that was recognised."""
    subject: Subject | None
    """The measure. None when nothing is to be counted, or the question does not say."""
    conditions: tuple[Condition, ...]
    period: Period | None
    """None where the question names none, also where it only compares: `previous_unit` then tells with what."""
    previous_unit: str | None
    period_words: str
    group: Group | None
    compare: Compare
    compare_words: str
    matter: str | None
    """What is to be looked for in what was said."""
    wants_words: bool
    wants_figure: bool
    narrowing: Filter | None
    """The measure as a condition, where the question only says which contacts it means."""
    unknown: tuple[str, ...]
    """For people: names that the store does not have."""
    notes: tuple[str, ...]
    """For people: what was respelled."""


def read(question: str, names: Names, book: PhraseBook, today: date, embedder: Embedder) -> Reading:
    """The question's reading. Never fails: words that mean nothing here stay in what is searched for."""
    text, notes = respelled(plain_words(question), names, book)
    draft = Draft(text)
    take_periods(draft, today)
    take_thresholds(draft)
    take_groups(draft, names)
    take_values(draft, names)
    take_mentions(draft, book)
    whole_text = draft.text
    sides = take_sides(draft)
    dates = take_dates(draft)
    if not dates.is_previous:
        take_trend(draft)
    mentions = [thing for _, _, thing in draft.marks(Mention)]
    certain = [thing for _, _, thing in draft.marks(Condition)]
    asked = choose(text, whole_text, mentions, [condition.filter for condition in certain], book.lexicon)
    left = matter(draft, book.lexicon)
    group = _group(draft, sides)
    subject = asked.subject
    if subject is None:
        subject = _guessed(draft, names, asked, group is not None, bool(certain), text, left, book, embedder)
    elif subject == SEARCH:
        subject = None
    doubtful = [thing.condition for _, _, thing in draft.marks(Doubtful)]
    conditions = [*certain, *(Condition(each, "") for each in asked.filters)]
    if subject is not None and (not asked.wants_words or left is None):
        conditions += doubtful
        left = matter(draft, book.lexicon, doubtful=False)
    compare: Compare = ("previous" if dates.is_previous else None) if sides is None else ((sides.one,), (sides.other,))
    words = "" if sides is None else sides.words
    return Reading(
        text, draft.text, subject, tuple(conditions), dates.period, dates.unit, dates.words, group, compare, words,
        left, asked.wants_words, asked.wants_figure, asked.narrowing, unknown(draft, names), notes,
    )  # fmt: skip


def _group(draft: Draft, sides: Sides | None) -> Group | None:
    groups: Sequence[Group] = [thing for _, _, thing in draft.marks(Group)]
    trends = [thing for _, _, thing in draft.marks(Trend)]
    for group in groups:
        if group.key not in ("day", "week", "month", "weekday", "hour") or len(groups) == 1:
            return group
    if trends and sides is None:
        return Group(trends[0].unit or "month", trends[0].words)
    return None


def _guessed(
    draft: Draft,
    names: Names,
    asked: Asked,
    is_grouped: bool,
    has_conditions: bool,
    text: str,
    left: str | None,
    book: PhraseBook,
    embedder: Embedder,
) -> Subject | None:
    """The measure of a question that names none."""
    without_names = content(draft.text, book.lexicon)
    says = book.lexicon.saying.search(draft.text) is not None
    if not without_names:
        if says and "how many" not in text:
            return None
        if asked.wants_words and not asked.wants_figure and not has_conditions:
            return None
        if ASKS_WORDS.search(text) and not asked.wants_figure and not is_grouped:
            return None
        people = any(word in draft.text.split() for word in ("customers", "people", "callers", "clients"))
        return ("customers", None) if people and not asked.filters and "how many" in text else ("contacts", None)
    if says or not (asked.wants_figure or is_grouped):
        return None
    guess = book.nearest(text, embedder)
    return None if guess == SEARCH else guess
