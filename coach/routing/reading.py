"""One question read by itself: its conditions, period, sides, groups, measure, and what is left to search for."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from coach.retrieval.embeddings import Embedder
from coach.routing.comparing import Sides, take_dates, take_sides
from coach.routing.grouping import Group, Trend, take_groups, take_trend
from coach.routing.identified import take_calls
from coach.routing.lexicon import Lexicon
from coach.routing.matter import content, matter
from coach.routing.measuring import Asked, choose
from coach.routing.mentions import Mention, take_mentions
from coach.routing.periods import Dated, take_periods
from coach.routing.phrasebook import SEARCH, PhraseBook, Subject
from coach.routing.plan import Compare
from coach.routing.sentences import sentences
from coach.routing.spelling import respelled
from coach.routing.thresholds import take_moods, take_thresholds
from coach.routing.topics import release_topics
from coach.routing.values import Condition, Doubtful, Names, take_values, unknown
from coach.routing.wording import usual
from coach.routing.words import Draft, whole
from coach.store.filters import Filter
from coach.store.query import Period

ASKS_WORDS = re.compile(
    r"^(?:(?:and|so|but|ok|good|well|now|please|hi|hello|,|\.|@\d+) )*(?:what|how (?:do|does"
    r"|did|are|is|were|have)|in what way|where|which)(?= )"
)
"""A question for what is said, how or where, rather than how often."""
_NUMBERS = (("contacts", None), ("customers", None))
_WHY = whole(r"why|how come|reasons?")
_HOW_MANY_PEOPLE = whole(r"how many (?:@\d+ )*(?:customers|people|callers|clients)")
_SHOW_FIGURE = re.compile(
    r"(?<![^ ])(?:(?:can|could|would) you )?(?:please )?(?:show|give)(?: (?:me|us))? (?=(?:the |a |an |all "
    r"|our )?(?:\w+ )?"
    r"(?:numbers?|shares?|trends?|average|mean|csat|satisfaction|percentages?|figures|rates?|chart|graph|table|breakdown"
    r"|development|ranking|counts?|distribution|aht|split)(?: |$))"
)
"""Shown is a figure then, and no words."""
_REPEATED = whole(
    r"(?<=(?:.touch|.again|..back|ted us|led us|before|.twice) )(?:with)?in (?:(?:the )?(?:previous|preceding"
    r"|prior|same)"
    r" (?:30 days|month)|(?:a|one) month|30 days)(?: before)?"
)
"""What a repeat is, and no period."""


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
    parts = sentences(question, today)
    text, notes = respelled(usual(_SHOW_FIGURE.sub("", _REPEATED.sub("", parts.text))), names, book)
    draft = _marked(text, parts.since, question, names, book, today)
    whole_text = draft.text
    sides = take_sides(draft, text)
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
    elif subject == SEARCH or (subject in _NUMBERS and _speaks_of_more(draft, book.lexicon)):
        subject = None
    doubtful = [thing.condition for _, _, thing in draft.marks(Doubtful)]
    conditions = [*certain, *(Condition(each, "") for each in asked.filters)]
    certainly_left = matter(draft, book.lexicon, doubtful=False)
    if subject is not None and (not asked.wants_words or certainly_left is None or subject[0] == "reasons"):
        conditions += doubtful
        left = certainly_left
    compare: Compare = ("previous" if dates.is_previous else None) if sides is None else ((sides.one,), (sides.other,))
    words = "" if sides is None else sides.words
    return Reading(
        text, draft.text, subject, tuple(conditions), dates.period, dates.unit, dates.words, group, compare, words,
        left, asked.wants_words, asked.wants_figure, asked.narrowing, unknown(draft, names), notes,
    )  # fmt: skip


def _marked(text: str, since: Dated | None, question: str, names: Names, book: PhraseBook, today: date) -> Draft:
    """The draft with a mark for everything that is known by name; `since` is a period of another sentence."""
    draft = Draft(text)
    take_calls(draft, question, names)
    if since is not None:
        draft.take(len(draft.text), len(draft.text), since)
    take_periods(draft, today)
    take_thresholds(draft)
    take_groups(draft, names)
    take_values(draft, names)
    take_moods(draft)
    take_mentions(draft, book)
    release_topics(draft, book.lexicon)
    return draft


def _speaks_of_more(draft: Draft, lexicon: Lexicon) -> bool:
    """ "How many different customers asked about the keypad?" looks for what they said."""
    return lexicon.saying.search(draft.text) is not None and bool(content(draft.text, lexicon))


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
        if "complain" in text and _WHY.search(text):
            return ("reasons", None)
        people = _HOW_MANY_PEOPLE.search(draft.text) is not None
        return ("customers", None) if people and not asked.filters else ("contacts", None)
    if says or not (asked.wants_figure or is_grouped):
        return None
    guess = book.nearest(text, embedder)
    return None if guess == SEARCH else guess
