"""`--where`: what is written, what it finds, and what is refused."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from coach.errors import ConfigError
from coach.store import Filter, Store, parse_where
from coach.types import Call, Cue, Question

MakeCall = Callable[..., Call]
HOSTILE = "x' OR 1=1; DROP TABLE calls; --"


@pytest.fixture
def filled(store: Store, make_call: MakeCall) -> Store:
    """Four calls: a, b, c and d, of which d has no metadata at all."""
    day = {name: datetime(2026, 1, i + 1, 12, tzinfo=UTC) for i, name in enumerate("abc")}
    a = make_call("a", agent="Ann", team="north", csat=5, resolved=True, started_at=day["a"])
    store.save_call(replace(a, cues=(Cue("leaving", 1, 0, 2, 1.0, "My", 0.9), Cue("thanks", 1, 0, 2, 1.0, "My", 0.1))))
    b = make_call("b", agent="Roe, Jane", team="south", csat=3.5, resolved=False, started_at=day["b"])
    asked = (Question(0, 0, 3, 0.0, "How", "open", "impact", 0.9, 0.9, False),)
    store.save_call(replace(b, cues=(Cue("thanks", 1, 0, 2, 1.0, "My", 0.9),), questions=asked))
    store.save_call(make_call("c", agent=HOSTILE, medium="chat", csat=1, started_at=day["c"], extra={"Shop %": "7"}))
    store.save_call(make_call("d", texts=("Hi?",)))
    return store


FOUND = {
    "agent=Ann": "a",
    "agent = Ann": "a",
    "agent=Ann,Bob": "a",
    'agent="Roe, Jane"': "b",
    'agent="Roe, Jane", Ann': "ab",
    "agent!=Ann": "bcd",
    "agent=ann": "",
    f"agent={HOSTILE}": "c",
    f"agent!={HOSTILE}": "abd",
    "agent=%": "",
    "agent=_nn": "",
    "team=north,south": "ab",
    "team!=north,south": "cd",
    "team=": "cd",
    "team!=": "ab",
    "medium=chat": "c",
    "medium!=chat": "abd",
    "csat>=3.5": "ab",
    "csat<=3.5": "bc",
    "csat=5,1": "ac",
    "csat!=5": "bcd",
    "csat=": "d",
    "duration_s<=1": "d",
    "duration_s>=1e0": "abcd",
    "handle_time_s=": "abcd",
    "resolved=true": "a",
    "resolved=NO": "b",
    "resolved=1,0": "ab",
    "resolved!=yes": "bcd",
    "resolved!=": "ab",
    "started_at>=2026-01-02": "bc",
    "started_at<=2026-01-02": "ab",
    "started_at=2026-01-02": "b",
    "started_at=2026-01-01,2026-01-03": "ac",
    "started_at!=2026-01-02": "acd",
    "started_at<=2026-01-02T12:00:00Z": "ab",
    "started_at<=2026-01-02T11:59": "a",
    "started_at>=2026-01-02T14:00+02:00": "bc",
    "started_at=": "d",
    "call=a,d": "ad",
    "call!=a,d": "bc",
    "call_id=": "abcd",
    "Shop %=7": "c",
    "Shop %!=7": "abd",
    "Shop %!=": "c",
    "shop %=7": "",
    "Shop %=8": "",
    "cue=leaving": "a",
    "cue=leaving,thanks": "ab",
    "cue!=leaving": "bcd",
    "cue=": "cd",
    "cue!=": "ab",
    "question=impact": "b",
    "question!=impact": "acd",
    "question!=": "b",
    "role=customer": "abc",
    "role!=customer": "d",
    "role=unknown": "",
    "x') OR 1=1": "",
    "no such key=1": "",
    'a"b$[0]=1': "",
}


def test_filters_find(filled: Store) -> None:
    assert {written: "".join(filled.call_ids(parse_where([written]))) for written in FOUND} == FOUND
    for written, found in FOUND.items():
        where = parse_where([written])
        assert filled.count_calls(where) == len(found), written
        assert {summary.id for summary in filled.list_calls(where)} == set(found), written
    assert filled.counts()["calls"] == 4


def test_every_call_meets_either_a_filter_or_its_opposite(filled: Store) -> None:
    for written in FOUND:
        if not {"!=", ">=", "<="} & {written[i : i + 2] for i in range(len(written))}:
            opposite = parse_where([written.replace("=", "!=", 1)])
            assert filled.count_calls(parse_where([written])) + filled.count_calls(opposite) == 4, written


def test_several_filters_mean_and(filled: Store) -> None:
    assert filled.call_ids(parse_where(["csat>=3", "team!=south"])) == ["a"]
    assert filled.call_ids(parse_where(["csat>=2", "csat<=4"])) == ["b"]


def test_no_filters_mean_all(filled: Store) -> None:
    assert filled.call_ids() == ["a", "b", "c", "d"]
    assert parse_where([]) == ()


def test_passages_are_those_of_the_calls_that_meet_the_filter(filled: Store) -> None:
    ids = filled.passage_ids(parse_where(["team=north,south"]))
    assert {passage.call for passage in filled.get_passages(ids).values()} == {"a", "b"}
    assert len(filled.passage_ids()) == 4


@pytest.mark.parametrize(
    "written",
    [
        "",
        "agent",
        "=Ann",
        "agent==Ann",
        "csat>4",
        "csat<4",
        "csat>=",
        "csat>=3,4",
        "csat>=high",
        "csat=nan",
        "csat=1_0x",
        "agent>=A",
        "resolved>=true",
        "resolved=maybe",
        "medium=telepathy",
        "question=nosy",
        "role=boss",
        "cue>=leaving",
        "started_at>=yesterday",
        "started_at=2026-13-01",
        "started_at>=0000-00-00",
        "Shop %>=3",
        "agent=Ann,,Bob",
        "agent=,",
        "agent=" + ",".join("x" * 1001),
        "a!b=3",
        "agent=" + "x" * 200_000,
        "agent=a\nb",
    ],
)
def test_what_cannot_be_meant_is_refused_by_name(written: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_where([written])
    assert written[:6] in str(caught.value)
    assert len(str(caught.value)) < 400


def test_filters_print_as_written() -> None:
    (parsed,) = parse_where(["team = north, south"])
    assert parsed == Filter("team", "=", ("north", "south"))
    assert str(parsed) == "team=north,south"
