"""Lists of calls: what a line says, order, pages, and looking for words."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from coach.errors import ConfigError
from coach.store import CallSummary, Store, parse_where
from coach.types import Call, Metadata, Question, Score, Turn

MakeCall = Callable[..., Call]


def test_a_line_says_what_the_call_says(store: Store, rich_call: Call) -> None:
    store.save_call(rich_call)
    assert store.list_calls() == [
        CallSummary(
            id="Ruf-42",
            metadata=rich_call.metadata,
            duration_s=123.456,
            flags=("truncated", "one_sided"),
            source=rich_call.source,
            audio="0123abcd.ogg",
            n_questions=1,
            open_share=1.0,
            impact_count=1,
            talk_share=1.0,
        )
    ]


def test_talk_share_is_the_calls_own_measure_else_from_the_turns(store: Store, make_call: MakeCall) -> None:
    turns = (Turn("agent", "a", 0.0, 3.0), Turn("customer", "b", 3.0, 4.0), Turn("unknown", "c", 4.0, 9.0))
    measures = (Score("talk_share", 0.6, "share", ""),)
    store.save_call(replace(make_call("times"), turns=turns))
    store.save_call(replace(make_call("card"), turns=turns, measures=measures))
    store.save_call(replace(make_call("chat"), turns=(Turn("agent", "Hi"),)))
    assert {line.id: line.talk_share for line in store.list_calls()} == {"times": 0.75, "card": 0.6, "chat": None}


def test_a_call_without_questions_has_no_open_share(store: Store, make_call: MakeCall) -> None:
    store.save_call(make_call("a"))
    assert store.list_calls()[0].open_share is None


@pytest.fixture
def five(store: Store, make_call: MakeCall) -> Store:
    """Calls 0 to 4, a day apart; of 3 the time is not known, 4 has the time of 0."""
    for i, day in enumerate([1, 2, 3, None, 1]):
        started = None if day is None else datetime(2026, 1, day, tzinfo=UTC)
        call = make_call(str(i), started_at=started, extra={"n": str(i)})
        question = Question(0, 0, 3, 0.0, "How", "open" if i == 1 else "closed", "need", 1.0, 1.0, False)
        store.save_call(replace(call, questions=(question,) if i < 2 else (), duration_s=float(10 - i)))
    return store


@pytest.mark.parametrize(
    ("order", "found"),
    [
        ("-started_at", "21043"),
        ("started_at", "04123"),
        ("id", "01234"),
        ("-id", "43210"),
        ("duration_s", "43210"),
        ("-open_share", "10234"),
        ("open_share", "01234"),
        ("-n_questions", "01234"),
    ],
)
def test_order_puts_missing_last_and_is_settled_by_id(five: Store, order: str, found: str) -> None:
    assert "".join(line.id for line in five.list_calls(order=order)) == found


def test_pages_cover_the_list_once(five: Store) -> None:
    pages = [five.list_calls(limit=2, offset=offset) for offset in (0, 2, 4, 6)]
    assert [[line.id for line in page] for page in pages] == [["2", "1"], ["0", "4"], ["3"], []]
    assert all(line.metadata.extra == {"n": line.id} for page in pages for line in page)
    assert five.list_calls(limit=0) == []
    assert [line.id for line in five.list_calls(offset=3)] == ["4", "3"]


@pytest.mark.parametrize("order", ["", "-", "started_at; DROP TABLE calls", "key", "--id"])
def test_unknown_orders_are_refused(five: Store, order: str) -> None:
    with pytest.raises(ConfigError):
        five.list_calls(order=order)


def test_long_lists_come_whole(sqlite_store: Store) -> None:
    for i in range(501):
        sqlite_store.save_call(Call(f"{i:03}", Metadata(extra={"n": str(i)}), (), None, "x.jsonl", None))
    lines = sqlite_store.list_calls(order="id")
    assert [line.metadata.extra["n"] for line in lines] == [str(i) for i in range(501)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("bill", "ab"),
        ("BILL is", "a"),
        ("50 %", "b"),
        ("50 _", ""),
        ("50%", ""),
        ("%", "b"),
        ("_", "c"),
        ("\\", "c"),
        ("ärger", "c"),
        ("ÄRGER", "c"),
        ("漢", "c"),
        ("'; DROP TABLE turns", ""),
        ("bill My", ""),
        ("", "abc"),
    ],
)
def test_words_are_found_inside_turns(store: Store, make_call: MakeCall, text: str, found: str) -> None:
    store.save_call(make_call("a", texts=("My Bill is wrong", "My")))
    store.save_call(make_call("b", texts=("50 % of the bill",)))
    store.save_call(make_call("c", texts=("Ärger", "漢字 a_b \\ c")))
    assert "".join(line.id for line in store.list_calls(text=text, order="id")) == found
    assert store.count_calls(text=text) == len(found)


def test_words_and_filters_mean_and(store: Store, make_call: MakeCall) -> None:
    store.save_call(make_call("a", agent="Ann"))
    store.save_call(make_call("b", agent="Bob"))
    assert [line.id for line in store.list_calls(parse_where(["agent=Bob"]), text="my bill")] == ["b"]
