"""The sentences of answers, and what is shown of many groups."""

from dataclasses import replace
from datetime import date
from pathlib import Path

from searching import WordVectors, call_of

from coach.answers import words
from coach.answers.answer import Searched
from coach.answers.grouped import MAX_EMPTY, by_group
from coach.config import StoreConfig
from coach.routing import Plan
from coach.store import open_store, parse_where
from coach.store.query import ANY_TIME, Period
from coach.types import Metadata, Turn


def test_of_many_groups_those_are_shown_that_speak_of_it(tmp_path: Path) -> None:
    plan = Plan(None, "fridge", group_by="team")
    with open_store(tmp_path, StoreConfig()) as store:
        for number in range(MAX_EMPTY + 1):
            turns = [Turn("customer", "The fridge is warm.", 0.0, 2.0)]
            store.save_call(call_of(WordVectors(), f"c{number}", turns, Metadata(team=f"team {number}")))
        figures = by_group(store, plan, (), "spoken of", ["c3", "c5"])
        few = by_group(store, plan, parse_where(["team=team 3,team 4"]), "spoken of", ["c3", "c5"])
    assert [(figure.group, figure.n, figure.N) for figure in figures] == [("team 3", 1, 1), ("team 5", 1, 1)]
    assert sorted((figure.group or "", figure.n) for figure in few) == [("team 3", 1), ("team 4", 0)]


def test_outside_the_days_that_are_known_these_are_told() -> None:
    june = Searched(0, (), Period(date(2026, 6, 1), date(2026, 6, 30)), None)
    told = words.nothing_met(june, (date(2026, 7, 1), date(2026, 8, 2)))
    assert "2026-06-01 to 2026-06-30" in told
    assert told.endswith("The contacts here are from 2026-07-01 to 2026-08-02.")
    assert "2026-07-01" not in words.nothing_met(replace(june, period=ANY_TIME), (date(2026, 7, 1), date(2026, 8, 2)))


def test_a_title_leaves_no_words_out_between_others() -> None:
    assert words.title("the bill", "what do customers say about the bill") == "the bill"
    assert words.title("when the wants to go", "when the customer wants to go") == "when the customer wants to go"
    assert len(words.title("bill " * 50, "bill " * 50)) <= words.MAX_TITLE + 1
