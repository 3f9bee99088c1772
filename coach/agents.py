"""An agent's page: what goes well, one thing to practise next, how the figures move, and which calls to listen to.

It is for coaching. Agents are never ranked, colleagues appear only as a range without names, and too few calls are said
to be too few: a handful of calls tells more about the customers who happened to ring than about who answered.
"""

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from coach.intervals import Estimate, estimate
from coach.store import AgentCall, Filters, ScoreKey, Store

MIN_CALLS = 10
"""Below so many calls with a value nothing is concluded: the 95 % interval of a share of 5 in 10 spans .24 to .76."""
MIN_COLLEAGUES = 3
"""Fewer would not be a range but somebody."""
CALLS_PER_WEEK = 5
"""An agent with fewer on the median week is shown by month."""
MAX_PERIODS = 12
MAX_STRENGTHS = 3


@dataclass(frozen=True, slots=True)
class Range:
    """The middle half of the colleagues' means over the same queues and products."""

    low: float
    middle: float
    high: float
    colleagues: int


@dataclass(frozen=True, slots=True)
class Trend:
    """One figure over all the calls, and by period."""

    key: ScoreKey
    overall: Estimate
    colleagues: Range | None
    """None when fewer than MIN_COLLEAGUES have MIN_CALLS such calls."""
    periods: tuple[Estimate, ...]
    """As many as `AgentPage.periods`."""


@dataclass(frozen=True, slots=True)
class Strength:
    """A figure that stands out, and beside what."""

    key: ScoreKey
    value: Estimate
    beside: float
    reason: str
    """"colleagues": the interval lies above their middle; "earlier": that of the newer half of the calls lies above
    that of the older half; "best": nothing stands out, and this is met most often."""


@dataclass(frozen=True, slots=True)
class Example:
    """A call to listen to."""

    call: str
    time_s: float | None
    value: float
    explanation: str
    """What the scorecard says of the criterion in that call."""


@dataclass(frozen=True, slots=True)
class ToPractise:
    """The one thing to practise next."""

    key: ScoreKey
    value: Estimate
    reachable: float
    """What a quarter of the colleagues exceed, or 1 where they are not known."""
    instruction: str
    """What the rubric says to whoever missed it."""
    missed: Example | None
    done: Example | None
    """A call of the agent's own in which it went well."""


@dataclass(frozen=True, slots=True)
class AgentPage:
    agent: str
    n_calls: int
    too_few: bool
    """Fewer than MIN_CALLS scored calls: no strengths, no practice."""
    unit: str
    """"week" (from Monday) or "month"; of UTC days."""
    periods: tuple[date, ...]
    """First days, oldest first, at most MAX_PERIODS; calls without a start are in none."""
    trends: tuple[Trend, ...]
    strengths: tuple[Strength, ...]
    practice: ToPractise | None


def agent_page(store: Store, agent: str, where: Filters = ()) -> AgentPage | None:
    """What the agent's newest calls that meet `where` show; None when there are none."""
    calls = store.agent_calls(agent, where)
    if not calls:
        return None
    others = store.other_agents_means(agent, where, calls, min_calls=MIN_CALLS)
    ranges = {key: _range(means) for key, means in others.items() if len(means) >= MIN_COLLEAGUES}
    unit, periods = _periods(calls)
    too_few = sum(1 for call in calls if call.values) < MIN_CALLS
    return AgentPage(
        agent=agent,
        n_calls=len(calls),
        too_few=too_few,
        unit=unit,
        periods=periods,
        trends=tuple(_trends(calls, ranges, unit, periods)),
        strengths=() if too_few else tuple(_strengths(calls, ranges)),
        practice=None if too_few else _practice(store, calls, ranges),
    )


def _trends(
    calls: Sequence[AgentCall], ranges: dict[ScoreKey, Range], unit: str, periods: Sequence[date]
) -> Iterable[Trend]:
    """Of the call's own figures and the rubrics' totals; criteria are too many to follow week by week."""
    by_period: dict[date, list[AgentCall]] = {first: [] for first in periods}
    for call in calls:
        if call.started_at is not None and (first := _first_day(call.started_at, unit)) in by_period:
            by_period[first].append(call)
    for key in _keys(calls):
        if not key[0] or not key[1]:
            parts = tuple(_estimate(key, part) for part in by_period.values())
            yield Trend(key, _estimate(key, calls), ranges.get(key), parts)


def _strengths(calls: Sequence[AgentCall], ranges: dict[ScoreKey, Range]) -> list[Strength]:
    """At most MAX_STRENGTHS, the clearest first; the best criterion when nothing stands out beyond chance."""
    older, newer = calls[: len(calls) // 2], calls[len(calls) // 2 :]
    found: list[tuple[float, Strength]] = []
    criteria = _criteria(calls)
    for key in criteria:
        overall, recent, before = (_estimate(key, part) for part in (calls, newer, older))
        if key in ranges and _above(overall, ranges[key].middle):
            beside = ranges[key].middle
            found.append((_value(overall) - beside, Strength(key, overall, beside, "colleagues")))
        elif before.n >= MIN_CALLS and before.high is not None and _above(recent, before.high):
            found.append((_value(recent) - _value(before), Strength(key, recent, _value(before), "earlier")))
    if found:
        found.sort(key=lambda pair: -pair[0])
        return [strength for _, strength in found[:MAX_STRENGTHS]]
    known = [(key, _estimate(key, calls)) for key in criteria]
    best = max(((key, one) for key, one in known if one.n >= MIN_CALLS), key=lambda p: _value(p[1]), default=None)
    return [] if best is None or not _value(best[1]) else [Strength(best[0], best[1], 0.0, "best")]


def _practice(store: Store, calls: Sequence[AgentCall], ranges: dict[ScoreKey, Range]) -> ToPractise | None:
    """The criterion with the widest gap to what colleagues reach; None when none has enough calls or a gap.

    What a quarter of the colleagues exceed can be reached in this work; a criterion that nobody meets asks for another
    tool or process, not for this agent's practice. Without known colleagues the gap is to full marks.
    """
    gaps = []
    for key in _criteria(calls):
        value = _estimate(key, calls)
        reachable = ranges[key].high if key in ranges else 1.0
        if value.n >= MIN_CALLS and reachable > _value(value):
            gaps.append((reachable - _value(value), key, value, reachable))
    if not gaps:
        return None
    _, key, value, reachable = max(gaps, key=lambda gap: gap[0])
    missed, done = _examples(store, calls, key)
    return ToPractise(key, value, reachable, missed.explanation if missed else "", missed, done)


def _examples(store: Store, calls: Sequence[AgentCall], key: ScoreKey) -> tuple[Example | None, Example | None]:
    """The newest call in which the criterion was least met, and the newest in which it was met."""
    scored = [(call.values[key], call.id) for call in reversed(calls) if key in call.values]
    worst, best = min(scored, key=lambda pair: pair[0]), max(scored, key=lambda pair: pair[0])
    missed = _example(store, worst[1], key) if worst[0] < 1.0 else None
    return missed, _example(store, best[1], key) if best[0] > worst[0] else None


def _example(store: Store, call_id: str, key: ScoreKey) -> Example | None:
    call = store.get_call(call_id)
    scores = [] if call is None else [s for card in call.scorecards if card.rubric == key[0] for s in card.scores]
    for score in scores:
        if score.name == key[1] and score.value is not None:
            times = [evidence.time_s for evidence in score.evidence if evidence.time_s is not None]
            return Example(call_id, min(times, default=None), score.value, score.explanation)
    return None  # scored anew or forgotten meanwhile


def _criteria(calls: Sequence[AgentCall]) -> list[ScoreKey]:
    """The criteria that count in a scorecard, in its order; not what is only reported."""
    counted = frozenset[ScoreKey]().union(*(call.counted for call in calls))
    return [key for key in _keys(calls) if key in counted]


def _keys(calls: Sequence[AgentCall]) -> list[ScoreKey]:
    return list(dict.fromkeys(key for call in calls for key in call.values))


def _estimate(key: ScoreKey, calls: Sequence[AgentCall]) -> Estimate:
    return estimate([call.values[key] for call in calls if key in call.values], len(calls))


def _value(one: Estimate) -> float:
    return one.value or 0.0


def _above(one: Estimate, beside: float) -> bool:
    return one.n >= MIN_CALLS and one.low is not None and one.low > beside


def _range(means: Sequence[float]) -> Range:
    low, middle, high = statistics.quantiles(means, n=4, method="inclusive")
    return Range(low, middle, high, len(means))


def _periods(calls: Sequence[AgentCall]) -> tuple[str, tuple[date, ...]]:
    """By week where the median week with calls has CALLS_PER_WEEK, else by month; the newest MAX_PERIODS with calls."""
    days = [call.started_at for call in calls if call.started_at is not None]
    by_week: dict[date, int] = {}
    for day in days:
        week = _first_day(day, "week")
        by_week[week] = by_week.get(week, 0) + 1
    unit = "week" if by_week and statistics.median(by_week.values()) >= CALLS_PER_WEEK else "month"
    return unit, tuple(sorted({_first_day(day, unit) for day in days})[-MAX_PERIODS:])


def _first_day(instant: datetime, unit: str) -> date:
    day = instant.astimezone(UTC).date()
    return day - timedelta(days=day.weekday()) if unit == "week" else day.replace(day=1)
