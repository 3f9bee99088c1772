"""What the calls of agents show: a row an agent, one agent's calls with their scores, and the means of the others."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, case, func, or_, select

from coach.store.filters import Filters, conditions
from coach.store.records import AgentCall, AgentSummary, ScoreKey
from coach.store.schema import calls, scorecards, scores

IMPACT_ASKED: ScoreKey = ("", "impact_asked")
OPEN_SHARE: ScoreKey = ("", "open_share")
TALK_SHARE: ScoreKey = ("", "talk_share")

NEWEST_OF_OTHERS = 20_000
"""So many tell what colleagues reach, in seconds, however large the store is."""

_ASKED = calls.c.n_questions > 0
_IMPACT = case((_ASKED & (calls.c.impact_count > 0), 1.0), (_ASKED, 0.0))  # else null: nothing was asked
_FIGURES: dict[ScoreKey, ColumnElement[Any]] = {
    IMPACT_ASKED: _IMPACT,
    OPEN_SHARE: calls.c.open_share,
    TALK_SHARE: calls.c.talk_share,
}
_SAME_CARD = (scores.c.call_key == scorecards.c.call_key) & (scores.c.card == scorecards.c.position)


def overview(connection: Connection, where: Filters) -> list[AgentSummary]:
    """One row for each agent of the calls that meet `where`, by name. Calls without an agent's name are left out."""
    chosen = (calls.c.agent.is_not(None), *conditions(where))
    counted = (
        select(
            calls.c.agent,
            func.count().label("n_calls"),
            func.sum(calls.c.n_questions).label("n_questions"),
            func.sum(calls.c.open_share * calls.c.n_questions).label("n_open"),
            func.sum(case((_ASKED, 1), else_=0)).label("n_asked"),
            func.sum(case((_ASKED & (calls.c.impact_count > 0), 1), else_=0)).label("n_impact"),
        )
        .where(*chosen)
        .group_by(calls.c.agent)
    )
    judged = (
        select(calls.c.agent, scorecards.c.rubric, func.count(scorecards.c.value), func.avg(scorecards.c.value))
        .join(scorecards, scorecards.c.call_key == calls.c.key)
        .where(scorecards.c.value.is_not(None), *chosen)
        .group_by(calls.c.agent, scorecards.c.rubric)
        .order_by(scorecards.c.rubric)
    )
    cards: dict[str, dict[str, tuple[float, int]]] = defaultdict(dict)
    for agent, rubric, n, mean in connection.execute(judged):
        cards[agent][rubric] = (float(mean), int(n))
    rows = [
        AgentSummary(
            agent=row.agent,
            n_calls=row.n_calls,
            n_questions=int(row.n_questions),
            n_open=round(row.n_open or 0),
            n_asked=int(row.n_asked),
            n_impact=int(row.n_impact),
            cards=cards[row.agent],
        )
        for row in connection.execute(counted)
    ]
    return sorted(rows, key=lambda row: row.agent.casefold())


def newest_calls(connection: Connection, agent: str, where: Filters, *, limit: int) -> list[AgentCall]:
    """The agent's newest `limit` calls that meet `where`, oldest first; those without a start come first of all."""
    chosen = (
        select(calls.c.key, calls.c.id, calls.c.started_at, calls.c.queue, calls.c.product)
        .add_columns(*(column.label(name) for (_, name), column in _FIGURES.items()))
        .where(calls.c.agent == agent, *conditions(where))
        .order_by(calls.c.started_at.desc().nulls_last(), calls.c.key.desc())
        .limit(limit)
    )
    found = connection.execute(chosen).all()
    keys = select(chosen.subquery().c.key)
    values: dict[int, dict[ScoreKey, float]] = {row.key: _figures(row) for row in found}
    counted: dict[int, set[ScoreKey]] = defaultdict(set)
    totals = select(scorecards).where(scorecards.c.call_key.in_(keys)).order_by(scorecards.c.position)
    for row in connection.execute(totals):
        if row.value is not None:
            values[row.call_key][row.rubric, ""] = row.value
    for row in connection.execute(_criteria().where(scores.c.call_key.in_(keys))):
        values[row.call_key][row.rubric, row.name] = row.value
        if row.fatal or (row.weight or 0) > 0:
            counted[row.call_key].add((row.rubric, row.name))
    return [
        AgentCall(row.id, row.started_at, row.queue, row.product, values[row.key], frozenset(counted[row.key]))
        for row in reversed(found)
    ]


def others_means(
    connection: Connection, agent: str, where: Filters, kinds: Sequence[AgentCall], *, min_calls: int
) -> dict[ScoreKey, list[float]]:
    """Means of the other agents who have at least `min_calls` values, by figure; which agent is not told.

    Over the newest NEWEST_OF_OTHERS calls that meet `where` and have a queue and a product that `kinds` have.
    """
    newest = (
        select(calls.c.key, calls.c.agent)
        .add_columns(*(column.label(name) for (_, name), column in _FIGURES.items()))
        .where(calls.c.agent.is_not(None), calls.c.agent != agent, *conditions(where))
        .where(_one_of(calls.c.queue, {call.queue for call in kinds}))
        .where(_one_of(calls.c.product, {call.product for call in kinds}))
        .order_by(calls.c.started_at.desc().nulls_last(), calls.c.key.desc())
        .limit(NEWEST_OF_OTHERS)
        .subquery()
    )
    by_agent = newest.c.agent
    means: dict[ScoreKey, list[float]] = defaultdict(list)
    for key in _FIGURES:
        value = newest.c[key[1]]
        of_figure = select(func.avg(value)).group_by(by_agent).having(func.count(value) >= min_calls)
        means[key] = [float(mean) for mean in connection.scalars(of_figure)]
    cards = select(scorecards.c.rubric, func.avg(scorecards.c.value)).join(
        newest, scorecards.c.call_key == newest.c.key
    )
    cards = cards.group_by(by_agent, scorecards.c.rubric).having(func.count(scorecards.c.value) >= min_calls)
    for rubric, mean in connection.execute(cards):
        means[rubric, ""].append(float(mean))
    criteria = select(scorecards.c.rubric, scores.c.name, func.avg(scores.c.value)).join(scores, _SAME_CARD)
    criteria = criteria.join(newest, scorecards.c.call_key == newest.c.key)
    criteria = criteria.group_by(by_agent, scorecards.c.rubric, scores.c.name)
    for rubric, name, mean in connection.execute(criteria.having(func.count(scores.c.value) >= min_calls)):
        means[rubric, name].append(float(mean))
    return dict(means)


def _criteria() -> Select[Any]:
    return (
        select(scores.c.call_key, scorecards.c.rubric, scores.c.name, scores.c.value, scores.c.weight, scores.c.fatal)
        .join(scorecards, _SAME_CARD)
        .where(scores.c.value.is_not(None))
        .order_by(scores.c.call_key, scores.c.card, scores.c.position)
    )


def _figures(row: Any) -> dict[ScoreKey, float]:
    values = ((key, getattr(row, key[1])) for key in _FIGURES)
    return {key: float(value) for key, value in values if value is not None}


def _one_of(column: ColumnElement[Any], values: Collection[str | None]) -> ColumnElement[bool]:
    known = column.in_(sorted(value for value in values if value is not None))
    return or_(column.is_(None), known) if None in values else and_(column.is_not(None), known)
