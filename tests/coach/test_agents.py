"""An agent's page, from calls whose scores are made by hand."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from coach.agents import MIN_CALLS, agent_page
from coach.config import StoreConfig
from coach.show import printable
from coach.show.agents import render_agent, render_agents
from coach.store import Store, open_store
from coach.types import Call, Evidence, Metadata, Score, Scorecard, Turn

MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "data", StoreConfig()) as opened:
        yield opened


def save(store: Store, agent: str, criteria: list[dict[str, float]], *, every: timedelta = timedelta(days=1)) -> None:
    """One call for each dict of criterion and value, one `every` so often, the first on MONDAY."""
    for number, values in enumerate(criteria):
        scores = tuple(
            Score(name, value, "share", f"Practise {name}.", evidence=(Evidence(0, 65.0),), section="all", weight=1.0)
            for name, value in values.items()
        )
        store.save_call(
            Call(
                f"{printable(agent)}-{number:02}",
                Metadata(agent=agent, queue="bills", started_at=MONDAY + number * every),
                (Turn("agent", "Hello.", 0.0, 1.0), Turn("customer", "Hello.", 1.0, 2.0)),
                None,
                "made up",
                100.0,
                scorecards=(Scorecard("discovery", "ab" * 32, sum(values.values()) / len(values), scores),),
            )
        )


def printed(store: Store, agent: str) -> str:
    page = agent_page(store, agent)
    assert page is not None
    console = Console(width=80, file=StringIO())
    render_agent(page, console)
    return console.file.getvalue()  # type: ignore[attr-defined]


def test_an_unknown_agent_has_no_page(store: Store) -> None:
    assert agent_page(store, "Ann") is None


def test_too_few_calls_are_said_to_be_too_few(store: Store) -> None:
    save(store, "Ann", [{"impact": 0.0}] * (MIN_CALLS - 1))
    page = agent_page(store, "Ann")
    assert page is not None
    assert (page.too_few, page.strengths, page.practice) == (True, (), None)
    assert "Too few scored calls" in printed(store, "Ann")


def test_the_widest_gap_is_practised_with_the_rubric_s_words_and_calls_to_listen_to(store: Store) -> None:
    save(store, "Ann", [{"impact": float(i == 3), "closing": float(i % 4 > 0)} for i in range(12)])
    page = agent_page(store, "Ann")
    assert page is not None
    assert page.practice is not None
    assert page.practice.key == ("discovery", "impact")
    assert page.practice.instruction == "Practise impact."
    assert page.practice.missed is not None
    assert page.practice.done is not None
    assert (page.practice.missed.call, page.practice.done.call) == ("Ann-11", "Ann-03")
    text = printed(store, "Ann")
    assert "Ann-11@01:05" in text
    assert text.index("Strengths") < text.index("Practise next") < text.index("Trend")


def test_what_no_colleague_reaches_is_not_the_agent_s_to_practise(store: Store) -> None:
    for name in ("Ann", "Bo", "Cy", "Di"):
        good = 0.9 if name != "Ann" else 0.5
        save(store, name, [{"learning": 0.0, "impact": float(i / 12 < good)} for i in range(12)])
    page = agent_page(store, "Ann")
    assert page is not None
    assert page.practice is not None
    assert page.practice.key == ("discovery", "impact")
    assert page.practice.reachable < 1


def test_colleagues_are_a_range_without_names(store: Store) -> None:
    for name, share in (("Ann", 0.5), ("Bo", 0.25), ("Cy", 0.5), ("Di", 0.75)):
        save(store, name, [{"impact": float(i < 12 * share)} for i in range(12)])
    page = agent_page(store, "Ann")
    assert page is not None
    trend = next(trend for trend in page.trends if trend.key == ("discovery", ""))
    assert trend.colleagues is not None
    assert (trend.colleagues.middle, trend.colleagues.colleagues) == (0.5, 3)
    assert "Bo" not in printed(store, "Ann")


def test_a_strength_lies_above_colleagues_beyond_chance(store: Store) -> None:
    save(store, "Ann", [{"impact": 1.0, "need": float(i % 2)} for i in range(12)])
    for name in ("Bo", "Cy", "Di"):
        save(store, name, [{"impact": float(i % 2), "need": float(i % 2)} for i in range(12)])
    page = agent_page(store, "Ann")
    assert page is not None
    assert [(strength.key, strength.reason) for strength in page.strengths] == [(("discovery", "impact"), "colleagues")]


def test_getting_better_is_a_strength(store: Store) -> None:
    save(store, "Ann", [{"impact": 0.0}] * 12 + [{"impact": 1.0}] * 12)
    page = agent_page(store, "Ann")
    assert page is not None
    assert [(strength.reason, strength.value.value) for strength in page.strengths] == [("earlier", 1.0)]


def test_without_a_clear_strength_the_best_is_named_as_no_more_than_that(store: Store) -> None:
    save(store, "Ann", [{"impact": 0.0, "closing": float(i % 2)} for i in range(12)])
    page = agent_page(store, "Ann")
    assert page is not None
    assert [(strength.key[1], strength.reason) for strength in page.strengths] == [("closing", "best")]


@pytest.mark.parametrize(
    ("every", "unit", "n_periods"), [(timedelta(days=1), "week", 2), (timedelta(days=10), "month", 4)]
)
def test_the_trend_is_by_week_and_by_month_when_calls_are_sparse(
    store: Store, every: timedelta, unit: str, n_periods: int
) -> None:
    save(store, "Ann", [{"impact": 1.0}] * 12, every=every)
    page = agent_page(store, "Ann")
    assert page is not None
    assert (page.unit, len(page.periods)) == (unit, n_periods)
    assert page.periods == tuple(sorted(page.periods))
    trend = next(trend for trend in page.trends if trend.key == ("discovery", ""))
    assert sum(period.n for period in trend.periods) == trend.overall.n == 12


def test_the_list_tells_what_it_is_for_and_cleans_hostile_names(store: Store) -> None:
    save(store, "[red]Ann\x1b[2J", [{"impact": 1.0}])
    printed_list = StringIO()
    render_agents(store.agents(), 2, Console(width=80, file=printed_list))
    text = printed_list.getvalue()
    assert "[red]Ann" in text
    assert "\x1b" not in text
    assert "2 calls name no agent" in text
    assert "not for employment decisions" in text
