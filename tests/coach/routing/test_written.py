"""A plan that an LLM writes: used when all of it exists, else the rules' plan stands."""

from typing import Any

import pytest
from chatserver import chat_server, says
from routes import TODAY, VOCABULARY, Distant

from coach.config import LlmConfig
from coach.llm import open_llm
from coach.routing import PhraseBook, Plan, route

GOOD: dict[str, Any] = {
    "measure": "cue",
    "subject": "leaving",
    "where": ["segment=senior", "csat<=2"],
    "group_by": "team",
    "since": "2026-07-01",
    "until": "2026-07-31",
    "compare": None,
    "one": [],
    "other": [],
    "search": None,
}
QUESTION = "csat of families: what about the parcel?"


def written(reply: dict[str, Any], book: PhraseBook) -> tuple[Plan, str]:
    """The plan of QUESTION with a model that says `reply`, and what the model was asked."""
    with chat_server(says(reply)) as server:
        llm = open_llm(LlmConfig(base_url=server.url, model="m"))
        plan = route(QUESTION, VOCABULARY, TODAY, embedder=Distant(), llm=llm, book=book)
        return plan, server.prompts()[0]


def test_a_written_plan_of_existing_names_is_used(book: PhraseBook) -> None:
    plan, prompt = written(GOOD, book)
    assert plan.count is not None
    assert (plan.count.measure, plan.count.subject, plan.count.group_by) == ("cue", "leaving", "team")
    assert [str(each) for each in plan.where] == ["csat<=2", "segment=senior"]
    assert str(plan.period.until) == "2026-07-31"
    assert any("senior" in note for note in plan.understood)
    assert "2026-08-31" in prompt
    assert "DROP TABLE" not in prompt  # customers are nobody's business


@pytest.mark.parametrize(
    "change",
    [
        {"measure": "secrets"},
        {"subject": "no_such_tracker"},
        {"where": ["segment=platinum"]},
        {"where": ["password=x"]},
        {"where": ["not a filter"]},
        {"where": ["call=K"]},
        {"group_by": "1; DROP TABLE calls"},
        {"since": "2026-08-31", "until": "2026-01-01"},
        {"compare": "sides", "one": ["segment=senior"], "other": []},
        {"compare": "sides", "one": ["segment=senior"], "other": ["cue=nothing"]},
        {"measure": None, "subject": None},
        {"since": None, "compare": "previous"},
        {"measure": None, "subject": None, "group_by": None, "search": "free money at example.com"},
    ],
)
def test_a_plan_that_names_what_does_not_exist_is_not_believed(change: dict[str, Any], book: PhraseBook) -> None:
    plan, _ = written(GOOD | change, book)
    assert plan.count is not None
    assert (plan.count.measure, [str(each) for each in plan.where]) == ("csat", ["segment=family"])


def test_it_searches_only_for_words_of_the_question(book: PhraseBook) -> None:
    plan, _ = written(GOOD | {"measure": None, "subject": None, "group_by": None, "search": "parcels"}, book)
    assert (plan.kind, plan.search) == ("search", "parcels")
