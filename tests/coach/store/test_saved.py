"""Saved questions: kept with figures and places only, so that forgetting a call takes what speaks of it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from coach.errors import InputError
from coach.store import SavedAnswer, SavedCitation, SavedQuestion, Store
from coach.store.saved import MAX_ANSWERS, MAX_QUESTIONS
from coach.types import Call

NIGHT = datetime(2026, 8, 31, 2, tzinfo=UTC)
MakeCall = Callable[..., Call]


def figure(group: str | None = None, n: int = 3) -> dict[str, Any]:
    found = {"label": "contacts", "n": n, "N": 10, "value": n / 10, "unit": "share", "low": 0.1, "high": 0.6}
    return found if group is None else found | {"group": group}


def answer(*citations: SavedCitation, night: int = 0, figures: tuple[dict[str, Any], ...] = ()) -> SavedAnswer:
    return SavedAnswer(NIGHT + timedelta(days=night), "answered", figures or (figure(),), 3, 10, citations)


def test_question_is_kept_with_its_conversation_and_conditions(store: Store) -> None:
    saved = SavedQuestion(
        "leaving", "and for new customers?", ("Why do customers leave?",), ("team=Quay",), ("period",), NIGHT
    )
    store.save_question(saved)
    store.save_question(SavedQuestion("Ärger \x00 '; --", "?"))
    first, second = store.saved_questions()
    assert first == saved
    assert (second.name, second.before, second.where) == ("Ärger \ufffd '; --", (), ())
    assert second.saved_at is not None


def test_name_is_taken_once(store: Store) -> None:
    store.save_question(SavedQuestion("leaving", "one"))
    with pytest.raises(InputError, match="'leaving' already"):
        store.save_question(SavedQuestion("leaving", "two"))
    assert store.remove_question("leaving")
    assert not store.remove_question("leaving")
    store.save_question(SavedQuestion("leaving", "two"))
    assert [one.question for one in store.saved_questions()] == ["two"]


def test_there_are_not_endlessly_many(store: Store) -> None:
    for number in range(MAX_QUESTIONS):
        store.save_question(SavedQuestion(str(number), "?"))
    with pytest.raises(InputError, match="remove one first"):
        store.save_question(SavedQuestion("one more", "?"))


def test_answers_come_newest_first_with_the_words_that_stand_there(store: Store, make_call: MakeCall) -> None:
    store.save_call(make_call("a", texts=("How can I help?", "My bill is wrong.")))
    store.save_question(SavedQuestion("bill", "?"))
    assert store.save_answer("bill", answer(night=0))
    cited = (SavedCitation("a", 1, 3, 7), SavedCitation("gone", 0, 0, 1), SavedCitation("a", 0, 0, 3))
    assert store.save_answer("bill", answer(*cited, night=1))
    newest, oldest = store.saved_answers("bill")
    assert (newest.at, newest.n_matching, newest.n_total) == (NIGHT + timedelta(days=1), 3, 10)
    assert newest.figures == (figure(),)
    assert [(one.call, one.turn, one.quote, one.role) for one in newest.citations] == [
        ("a", 1, "bill", "customer"), ("a", 0, "How", "agent"),
    ]  # fmt: skip
    assert newest.citations[0].start == pytest.approx(1.0 + 0.9 * 3 / len("My bill is wrong."))
    assert oldest.citations == ()
    assert store.saved_answers("bill", limit=1) == [newest]


def test_answer_to_a_question_removed_meanwhile_is_dropped(store: Store) -> None:
    assert not store.save_answer("gone", answer())
    assert store.saved_answers("gone") == []


def test_removed_question_leaves_no_answers(store: Store) -> None:
    store.save_question(SavedQuestion("bill", "?"))
    store.save_answer("bill", answer())
    store.remove_question("bill")
    store.save_question(SavedQuestion("bill", "?"))
    assert store.saved_answers("bill") == []


def test_only_the_newest_answers_are_kept(sqlite_store: Store) -> None:
    sqlite_store.save_question(SavedQuestion("bill", "?"))
    sqlite_store.save_question(SavedQuestion("other", "?"))
    sqlite_store.save_answer("other", answer())
    for night in range(MAX_ANSWERS + 3):
        sqlite_store.save_answer("bill", answer(night=night))
    kept = sqlite_store.saved_answers("bill", limit=1000)
    assert len(kept) == MAX_ANSWERS
    assert kept[-1].at == NIGHT + timedelta(days=3)
    assert len(sqlite_store.saved_answers("other")) == 1


def test_forgotten_call_takes_its_citations_and_the_names_only_it_has(store: Store, make_call: MakeCall) -> None:
    store.save_call(make_call("a", customer='C-"1" 50%', agent="Ann", extra={"site": "x_y"}))
    store.save_call(make_call("b", customer="C-2", agent="Ann"))
    store.save_question(SavedQuestion("by customer", "?"))
    groups = ('C-"1" 50%', "C-2", "Ann", "x_y", "xzy", None)
    store.save_answer(
        "by customer",
        answer(
            SavedCitation("b", 0, 0, 3),
            SavedCitation("a", 0, 0, 3),
            figures=tuple(figure(group) for group in groups),
        ),
    )
    store.forget_call("a")
    (left,) = store.saved_answers("by customer")
    assert [one.get("group") for one in left.figures] == ["C-2", "Ann", "xzy", None]
    assert [one.call for one in left.citations] == ["b"]


def test_forgotten_names_are_looked_for_where_names_stand(store: Store, make_call: MakeCall) -> None:
    store.save_call(make_call("12", customer="Roe, Jane", extra={"note": "contacts"}))
    store.save_call(make_call("b"))
    store.save_question(SavedQuestion("all", "?"))
    groups = (
        "12", "12, heard: rude", "team=b,12 and csat>=2", "call!=12", "Roe, Jane", "not 12", "b or 12",  # they go
        "12:00", "2026-03-12", "2026-03-01 to 2026-03-12", "112", "Jane",
    )  # fmt: skip
    labels = ("contacts: call=12 less call=b", "contacts: b less not 12", "contacts: 2026-03-12 to 2026-03-12")
    figures = (*map(figure, groups), *(figure() | {"label": label} for label in labels))
    store.save_answer("all", answer(figures=figures))
    store.forget_call("12")
    (left,) = store.saved_answers("all")
    assert [one.get("group") for one in left.figures] == [*groups[7:], None]
    assert left.figures[-1]["label"] == labels[2]


def test_place_that_a_shorter_turn_no_longer_has_is_left_out(store: Store, make_call: MakeCall) -> None:
    store.save_call(make_call("a"))
    store.save_question(SavedQuestion("bill", "?"))
    store.save_answer("bill", answer(SavedCitation("a", 1, 0, 500), SavedCitation("a", 9, 0, 1)))
    assert store.saved_answers("bill")[0].citations == ()
