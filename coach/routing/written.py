"""A plan written by an LLM: believed only when every name in it exists and its search words are the question's own."""

import json
from collections.abc import Sequence
from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict

from coach.errors import ConfigError
from coach.llm import Llm
from coach.prompting import load_prompt, quoted
from coach.routing.phrasebook import PhraseBook
from coach.routing.plan import Plan
from coach.routing.words import plain_words
from coach.store.counting import GROUPINGS
from coach.store.filters import KEYS, SAID, Filter, parse_where
from coach.store.query import ANY_TIME, CountQuery, Period
from coach.store.vocabulary import Vocabulary

SHOWN_VALUES = 40
"""Of a field, the most frequent ones. Customers are not shown at all: they are recognised by the rules."""
MAX_SEARCH = 200
"""Characters of what is searched for."""
_STEM = 4
"""Two words with so many first letters in common are taken for one."""


class Routed(BaseModel):
    """What the prompt route-question asks for."""

    model_config = ConfigDict(extra="forbid")

    measure: str | None
    subject: str | None
    where: list[str]
    group_by: str | None
    since: date | None
    until: date | None
    compare: Literal["previous", "sides"] | None
    one: list[str]
    other: list[str]
    search: str | None


class Unbelievable(Exception):
    """The written plan names what does not exist."""


def rewritten(
    rules: Plan, question: str, before: Sequence[str], vocabulary: Vocabulary, today: date, book: PhraseBook, llm: Llm
) -> Plan:
    """The plan that the LLM makes of the question; `rules`, what was understood without it, where it makes none."""
    values = {
        "today": f"{today:%A} {today.isoformat()}",
        "measures": "\n".join(f"{measure} {about or ''}: {title}" for (measure, about), title in book.titles.items()),
        "fields": "\n".join(_field(key, list(shown)) for key, shown in vocabulary.values.items() if key != "customer"),
        "conversation": json.dumps([quoted(one) for one in before], ensure_ascii=False),
        "question": quoted(question),
        "rules": json.dumps(_as_routed(rules), ensure_ascii=False),
    }
    reply = llm.ask(load_prompt("route-question"), values, Routed)
    if reply is None:
        return rules
    try:
        return _plan(reply.value, rules, " ".join((*before, question)), vocabulary, book)
    except (Unbelievable, ConfigError):
        return rules


def _field(key: str, values: Sequence[str]) -> str:
    return f"{quoted(key)}: {', '.join(quoted(value) for value in values[:SHOWN_VALUES])}"


def _as_routed(plan: Plan) -> dict[str, object]:
    count = plan.count
    compare = plan.compare if count is None else count.compare
    sides = compare if isinstance(compare, tuple) else ((), ())
    return {
        "measure": None if count is None else count.measure,
        "subject": None if count is None else count.subject,
        "where": [str(each) for each in plan.where],
        "group_by": plan.group_by if count is None else count.group_by,
        "since": None if plan.period.since is None else plan.period.since.isoformat(),
        "until": None if plan.period.until is None else plan.period.until.isoformat(),
        "compare": "sides" if isinstance(compare, tuple) else compare,
        "one": [str(each) for each in sides[0]],
        "other": [str(each) for each in sides[1]],
        "search": plan.search,
    }


def _plan(routed: Routed, rules: Plan, asked: str, vocabulary: Vocabulary, book: PhraseBook) -> Plan:
    """Raises Unbelievable, or ConfigError for a filter that is none."""
    where = _filters(routed.where, rules, vocabulary, book)
    if routed.since and routed.until and routed.since > routed.until:
        raise Unbelievable
    period = Period(routed.since, routed.until) if routed.since or routed.until else ANY_TIME
    search = _search(routed.search, rules, asked)
    count = None
    if routed.measure is not None:
        count = _count(routed, where, period, rules, vocabulary, book)
    elif search is None:
        raise Unbelievable
    else:
        contacts = routed.model_copy(update={"measure": "contacts", "subject": None})
        shown = _count(contacts, where, period, rules, vocabulary, book)
        told = _told(None, where, period, search, book)
        return Plan(None, search, where, period, told, shown.group_by, shown.compare)
    return Plan(count, search, where, period, _told(count, where, period, search, book))


def _count(
    routed: Routed,
    where: tuple[Filter, ...],
    period: Period,
    rules: Plan,
    vocabulary: Vocabulary,
    book: PhraseBook,
) -> CountQuery:
    measure, about, by = routed.measure or "", routed.subject, routed.group_by
    if (measure, about) not in book.titles and not (measure == "rubric" and about in vocabulary.rubrics):
        raise Unbelievable
    if by is not None and by not in GROUPINGS and by not in vocabulary.extra:
        raise Unbelievable
    if routed.compare == "sides":
        one, other = (_filters(side, rules, vocabulary, book) for side in (routed.one, routed.other))
        if not one or not other or one == other:
            raise Unbelievable
        return CountQuery(measure, about, where, by, period, (one, other))
    if routed.compare == "previous" and (period.since is None or period.until is None):
        raise Unbelievable
    return CountQuery(measure, about, where, by, period, routed.compare)


def _filters(texts: Sequence[str], rules: Plan, vocabulary: Vocabulary, book: PhraseBook) -> tuple[Filter, ...]:
    filters = tuple(sorted(dict.fromkeys(parse_where(texts)), key=str))
    for each in filters:
        if each not in rules.where and not _exists(each, vocabulary, book):
            raise Unbelievable
    return filters


def _exists(each: Filter, vocabulary: Vocabulary, book: PhraseBook) -> bool:
    if each.key in SAID:
        measure = "cue" if each.key == "cue" else "asked"
        return bool(each.values) and all((measure, value) in book.titles for value in each.values)
    if each.key in vocabulary.values:
        return all(value in vocabulary.values[each.key] for value in each.values)
    return each.key in KEYS and each.key not in ("call", "call_id", "started_at", "customer")


def _search(text: str | None, rules: Plan, asked: str) -> str | None:
    """What is to be searched for: words of the questions only, else what the rules search for."""
    words = plain_words(text or "").split()
    if not words:
        return None
    stems = {word[:_STEM] for word in plain_words(asked).split()}
    if len(text or "") > MAX_SEARCH or not all(word[:_STEM] in stems for word in words):
        if rules.search is None:
            raise Unbelievable
        return rules.search
    return " ".join(words)


def _told(
    count: CountQuery | None, where: tuple[Filter, ...], period: Period, search: str | None, book: PhraseBook
) -> tuple[str, ...]:
    told = []
    if count is not None:
        told.append(f"counted: {book.title((count.measure, count.subject))}")
        if count.group_by is not None:
            told.append(f"by {count.group_by}")
        if count.compare == "previous":
            told.append("compared with the period before")
        elif count.compare is not None:
            told.append("compared: " + " with ".join(" and ".join(map(str, side)) for side in count.compare))
    told += [f"only where {each}" for each in where]
    if period != ANY_TIME:
        told.append(f"from {period.since or 'the beginning'} to {period.until or 'now'}")
    return (*told, f"looked for: {search}") if search is not None else tuple(told)
