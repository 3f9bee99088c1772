"""`coach agents` as a shell runs it."""

from pathlib import Path

import pytest
from commandline import Coach

from coach.config import StoreConfig
from coach.store import open_store
from coach.types import Call, Metadata, Score, Scorecard, Turn


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Two calls of Ann Roe, one of Bo, one that names no agent."""
    folder = tmp_path / "data"
    card = Scorecard("discovery", "ab" * 32, 0.5, (Score("impact", 0.5, "share", "Ask more.", weight=1.0),))
    with open_store(folder, StoreConfig()) as store:
        for call_id, agent in (("a-1", "Ann Roe"), ("a-2", "Ann Roe"), ("b-1", "Bo"), ("n-1", None)):
            turns = (Turn("agent", "Hello.", 0.0, 1.0),)
            store.save_call(Call(call_id, Metadata(agent=agent), turns, None, "made up", 2.0, scorecards=(card,)))
    return folder


def test_agents_are_listed_and_shown_for_people_and_programs(coach: Coach, data: Path) -> None:
    listed = coach("agents", "--data", data, "--json")
    assert [(row["agent"], row["calls"]) for row in listed.json] == [("Ann Roe", 2), ("Bo", 1)]
    assert listed.json[0]["scorecards"] == {"discovery": {"mean": 0.5, "n": 2}}
    page = coach("agents", "Ann Roe", "--data", data, "--json").json
    assert (page["agent"], page["n_calls"], page["too_few"], page["practice"]) == ("Ann Roe", 2, True, None)
    assert [(trend["rubric"], trend["name"]) for trend in page["trends"]] == [("", "talk_share"), ("discovery", "")]
    printed = coach("agents", "--data", data)
    assert printed.code == 0
    assert "1 call names no agent." in printed.out


def test_an_agent_without_calls_is_said_to_have_none(coach: Coach, data: Path) -> None:
    ran = coach("agents", "Cy", "--data", data)
    assert (ran.code, ran.out) == (1, "")
    assert "'Cy'" in ran.err
    assert "Traceback" not in ran.err
