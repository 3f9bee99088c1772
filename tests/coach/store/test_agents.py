from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from coach.store import Store, parse_where
from coach.types import Call, Question, Score, Scorecard

ASKED = Question(0, 0, 4, 0.0, "How?", "closed", "diagnostic", 0.9, 0.9, unsure=False)
IMPACT = replace(ASKED, form="open", function="impact")


def scored(call: Call, value: float | None, *, questions: Sequence[Question] = (ASKED,)) -> Call:
    """The call with a scorecard of one criterion that counts and one that is only reported."""
    criterion = Score("impact", value, "share", "Ask what it does to them.", weight=1.0)
    reported = Score("tone", 1.0, "share", "Reported.")
    card = Scorecard("discovery", "ab" * 32, value, (criterion, reported))
    return replace(call, questions=tuple(questions), scorecards=(card,), scored_by="x")


@pytest.fixture
def filled(store: Store, make_call: Callable[..., Call]) -> Store:
    """Three calls of Ann, one of Bo, one of nobody."""
    for number, value in enumerate([1.0, 0.0, None]):
        at = datetime(2026, 1, 3 - number, tzinfo=UTC)
        questions = (ASKED, IMPACT) if number == 0 else ()
        call = make_call(f"ann-{number}", agent="Ann", queue="bills", started_at=at, passages=0)
        store.save_call(scored(call, value, questions=questions))
    store.save_call(scored(make_call("bo", agent="bo", queue="bills", passages=0), 0.5))
    store.save_call(scored(make_call("other", agent="Cy", queue="moves", passages=0), 0.9))
    store.save_call(make_call("nobody", passages=0))
    return store


def test_agents_are_listed_by_name_with_what_their_calls_show(filled: Store) -> None:
    ann, bo, cy = filled.agents()
    assert [row.agent for row in (ann, bo, cy)] == ["Ann", "bo", "Cy"]
    assert (ann.n_calls, ann.n_questions, ann.n_open, ann.n_asked, ann.n_impact) == (3, 2, 1, 1, 1)
    assert ann.cards == {"discovery": (0.5, 2)}
    assert [row.agent for row in filled.agents(parse_where(["queue=moves"]))] == ["Cy"]


def test_an_agent_s_calls_come_oldest_first_with_the_values_they_have(filled: Store) -> None:
    calls = filled.agent_calls("Ann")
    assert [call.id for call in calls] == ["ann-2", "ann-1", "ann-0"]
    assert calls[2].values == {
        ("", "impact_asked"): 1.0,
        ("", "open_share"): 0.5,
        ("discovery", ""): 1.0,
        ("discovery", "impact"): 1.0,
        ("discovery", "tone"): 1.0,
    } | {key: value for key, value in calls[2].values.items() if key == ("", "talk_share")}
    assert calls[2].counted == {("discovery", "impact")}
    assert ("discovery", "impact") not in calls[0].values
    assert [call.id for call in filled.agent_calls("Ann", limit=1)] == ["ann-0"]
    assert filled.agent_calls("Nobody") == []


def test_others_are_compared_on_the_same_queues_only(filled: Store) -> None:
    means = filled.other_agents_means("Ann", (), filled.agent_calls("Ann"), min_calls=1)
    assert means["discovery", "impact"] == [0.5]
    assert means["discovery", ""] == [0.5]
    assert means["", "impact_asked"] == [0.0]
    assert not any(filled.other_agents_means("Ann", (), filled.agent_calls("Ann"), min_calls=2).values())
