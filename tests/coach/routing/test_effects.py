"""Questions whether what happens in contacts goes with a measure, and searches that are grouped or compared."""

import pytest
from routes import planned, where

from coach.routing import PhraseBook


def sides(question: str, book: PhraseBook) -> tuple[str, str]:
    """What is counted, and between which contacts it is compared."""
    plan = planned(question, book)
    assert plan.count is not None
    assert isinstance(plan.count.compare, tuple)
    assert plan.search is None
    both = " | ".join(",".join(map(str, side)) for side in plan.count.compare)
    return "/".join(filter(None, (plan.count.measure, plan.count.subject))), both


@pytest.mark.parametrize(
    ("question", "measure", "compared"),
    [
        ("Do contacts with an apology get resolved more often?", "outcome/resolved", "cue=apology | cue!=apology"),
        ("Is handle time shorter when agents check back?", "handle_time", "question=check | question!=check"),
        ("Are calls where the customer is put on hold rated worse?", "csat", "cue=hold | cue!=hold"),
        ("Do customers who heard jargon churn more?", "outcome/churned", "cue=jargon | cue!=jargon"),
        ("When the agent takes ownership, are people more satisfied?", "csat", "cue=ownership | cue!=ownership"),
        ("Does empathy lead to higher satisfaction?", "csat", "cue=empathy | cue!=empathy"),
        ("does jargon make calls longer?", "handle_time", "cue=jargon | cue!=jargon"),
        ("Is churn affected by transfers?", "outcome/churned", "cue=transfer | cue!=transfer"),
        ("Does it make a difference for csat whether we ask about needs?", "csat", "question=need | question!=need"),
        ("Satisfaction with and without a transfer", "csat", "cue=transfer | cue!=transfer"),
        ("Are people happier if they were not transferred?", "csat", "cue!=transfer | cue=transfer"),
        (
            "Do leavers get an apology more often than those who stay?",
            "cue/apology",
            "churned=true | churned=false",
        ),
    ],
)
def test_what_happens_is_set_against_where_it_does_not(
    question: str, measure: str, compared: str, book: PhraseBook
) -> None:
    assert sides(question, book) == (measure, compared)


def test_a_condition_of_a_figure_stays_one(book: PhraseBook) -> None:
    plan = planned("What is the csat when customers are confused?", book)
    assert plan.count is not None
    assert plan.count.compare is None
    assert where(plan) == ["cue=confusion"]


@pytest.mark.parametrize(
    ("question", "group", "search"),
    [
        ("How often is the engineer's van mentioned per region?", "region", "engineer van"),
        ("Which team talks about the loyalty card most?", "team", "loyalty card"),
        ("mentions of the outage map by week", "week", "outage map"),
        ("Has talk about the price letter increased over time?", "month", "price letter"),
    ],
)
def test_what_is_looked_for_may_be_grouped(question: str, group: str, search: str, book: PhraseBook) -> None:
    plan = planned(question, book)
    assert (plan.kind, plan.group_by) == ("search", group)
    assert set(search.split()) <= set((plan.search or "").split())


def test_what_is_looked_for_may_be_compared(book: PhraseBook) -> None:
    plan = planned("Do families mention the parental controls more than seniors?", book)
    assert isinstance(plan.compare, tuple)
    assert [[str(each) for each in side] for side in plan.compare] == [["segment=family"], ["segment=senior"]]
    plan = planned("Did people ask about the roaming map more in August than in July?", book)
    assert (plan.kind, plan.compare, str(plan.period.since)) == ("search", "previous", "2026-08-01")


def test_a_count_becomes_a_search_with_its_groups(book: PhraseBook) -> None:
    plan = planned("churn rate of families by team", book).searching("the aquarium")
    assert (plan.kind, plan.search, plan.group_by) == ("search", "the aquarium", "team")
    assert where(plan) == ["segment=family"]


@pytest.mark.parametrize(
    ("question", "search"),
    [
        ("where do customers speak about a refund for the router rental?", "refund router rental"),
        ("what does the customer say about the credit in contact c031?", "credit"),
        ("Where did an agent explain clearly what the contract covers?", "explain contract covers"),
    ],
)
def test_a_cue_that_is_part_of_a_matter_is_looked_for(question: str, search: str, book: PhraseBook) -> None:
    plan = planned(question, book)
    assert plan.kind == "search"
    assert set(search.split()) <= set((plan.search or "").split())


def test_what_agents_do_then_is_looked_for(book: PhraseBook) -> None:
    plan = planned("When a customer says they are leaving, what do agents say?", book)
    assert (plan.kind, where(plan)) == ("search", ["cue=leaving"])


def test_three_values_are_groups_and_no_sides(book: PhraseBook) -> None:
    plan = planned("csat of new customers vs families vs seniors", book)
    assert plan.count is not None
    assert (plan.count.compare, plan.count.group_by) == (None, "segment")
