"""Names and numbers in a question as conditions."""

import pytest
from routes import VOCABULARY, planned, where

from coach.routing import PhraseBook
from coach.store import Vocabulary


@pytest.mark.parametrize(
    ("question", "filters"),
    [
        ("csat of Ms Byrne", ["agent=Ada Byrne"]),
        ("csat of Ada", ["agent=Ada Byrne"]),
        ("how many contacts did the River team have", ["team=River"]),
        ("csat of elderly customers", ["segment=senior"]),
        ("csat of new customers", ["segment=new customer"]),
        ("csat of families", ["segment=family"]),
        ("handle time of internet customers", ["product=broadband"]),
        ("handle time for the telly", ["product=TV box"]),
        ("csat by phone in the north", ["medium=voice", "region=north"]),
        ("churn rate except billing", ["queue!=billing"]),
        ("churn rate, not in the billing queue", ["queue!=billing"]),
        ("csat by team, chat excluded", ["medium!=chat"]),
        ("csat not counting billing", ["queue!=billing"]),
        ("csat leaving out the seniors", ["segment!=senior"]),
        ("resolution by team with the exception of Omar", ["agent!=Omar Haddad"]),
        ("contacts per month apart from those by phone", ["medium!=voice"]),
        ("csat without billing and technical", ["queue!=billing,technical"]),
        ("csat of unhappy families", ["csat<=2", "segment=family"]),
        ("what do annoyed seniors say about the app", ["csat<=2", "segment=senior"]),
        ("how many questions were asked in call C-017?", ["call=C-017"]),
        ("c017: what is the talk share?", ["call=c017"]),
        ("how many calls 2025?", []),
        ("csat of Ada and Omar", ["agent=Ada Byrne,Omar Haddad"]),
        ("csat of K-17", ["customer=K-17"]),
        ("talk share of Omra", ["agent=Omar Haddad"]),
        ("contacts with csat below 3", ["csat<=2"]),
        ("contacts with a csat of at least 4", ["csat>=4"]),
        ("contacts with csat 1 or 2", ["csat=1,2"]),
        ("churn rate of unhappy customers", ["csat<=2"]),
        ("calls longer than 10 minutes", ["duration_s>=600"]),
        ("contacts with a handle time under five minutes", ["handle_time_s<=300"]),
        ("csat of contacts that were not resolved", ["resolved=false"]),
        ("csat of contacts with an apology and without a transfer", ["cue!=transfer", "cue=apology"]),
        ("csat where the impact was asked", ["question=impact"]),
    ],
)
def test_conditions_are_read(question: str, filters: list[str], book: PhraseBook) -> None:
    assert where(planned(question, book)) == filters


def test_a_common_word_names_something_only_beside_its_field(book: PhraseBook) -> None:
    assert where(planned("share of open questions", book)) == []
    assert where(planned("share of open questions of team Open", book)) == ["team=Open"]
    assert where(planned("how many customers will leave", book)) == []
    assert where(planned("how satisfied are the customers of Mr Will Marsh", book)) == ["agent=Will Marsh"]


def test_a_value_cannot_take_the_place_of_a_date(book: PhraseBook) -> None:
    plan = planned("How many contacts in the previous month?", book)
    assert where(plan) == []
    assert str(plan.period.since) == "2026-07-01"


def test_what_a_customer_speaks_of_is_no_condition(book: PhraseBook) -> None:
    plan = planned("What do people say about the TV box?", book)
    assert where(plan) == []
    assert plan.search == "tv box"


@pytest.mark.parametrize("value", ["@0", "(", "$5", "=", "\\d+", "a" * 110, "-", "é", "by team", "why"])
def test_values_of_any_kind_break_nothing(value: str, book: PhraseBook) -> None:
    hostile = Vocabulary({key: {value: 1} for key in (*VOCABULARY.values, "x")}, ("x", value), (), ())
    for question in (f"How many contacts for {value}?", "Which agent has the best csat by month?", value):
        planned(question, book, vocabulary=hostile)


def test_a_store_without_metadata_can_be_asked(book: PhraseBook) -> None:
    plan = planned("How many contacts by team last month?", book, vocabulary=Vocabulary())
    assert plan.count is not None
    assert plan.count.group_by == "team"
