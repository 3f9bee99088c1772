"""Figures, differences, caveats and evidence of counts over contacts made up for the purpose."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from coach.config import StoreConfig
from coach.counts import MEASURES, Counted, Figure, count
from coach.counts.groups import MAX_GROUPS
from coach.counts.wording import FUNCTION_WORDS, RUBRICS, TRACKER_WORDS
from coach.errors import ConfigError
from coach.intervals import newcombe, wilson
from coach.rubrics import shipped_rubrics
from coach.store import Store, open_store, parse_where
from coach.store.query import PREVIOUS, CountQuery, Period
from coach.trackers import load_trackers
from coach.types import FUNCTIONS, Call, Cue, Metadata, Question

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)  # a Monday
ASKED = Question(0, 0, 2, None, "a?", "closed", "diagnostic", 0.9, 0.9, unsure=False)
IMPACT = replace(ASKED, form="open", function="impact")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "data", StoreConfig()) as opened:
        yield opened


def add(
    store: Store,
    call_id: str,
    *,
    cues: Sequence[str] = (),
    asked: Sequence[Question] = (),
    day: int | None = 0,
    **fields: object,
) -> None:
    """A scored contact, `day` days after NOON."""
    at = None if day is None else NOON + timedelta(days=day)
    said = tuple(Cue(name, 0, 0, 1, None, "a", 0.9) for name in cues)
    metadata = Metadata(started_at=at, **fields)  # type: ignore[arg-type]
    store.save_call(Call(call_id, metadata, (), None, "x", None, questions=tuple(asked), cues=said, scored_by="x"))


def counted(store: Store, measure: str, subject: str | None = None, where: str = "", **rest: object) -> Counted:
    return count(store, CountQuery(measure, subject, parse_where([where] if where else []), **rest))  # type: ignore[arg-type]


def groups(found: Counted) -> list[tuple[str | None, int, int]]:
    return [(each.group, each.n, each.N) for each in found.figures if not each.unit.startswith("difference")]


def test_a_share_tells_of_how_many_it_is_and_how_sure(store: Store) -> None:
    for number in range(10):
        add(store, f"c{number}", cues=["leaving"] if number < 3 else [], day=number)
    found = counted(store, "cue", "leaving")
    words = "contacts in which the customer speaks of leaving"
    assert found.figures == (Figure(words, 3, 10, 0.3, "share", *(wilson(3, 10) or (None, None))),)
    assert found.calls == ("c2", "c1", "c0")
    assert found.other_calls == tuple(f"c{number}" for number in range(9, 2, -1))
    assert found.verdict is None
    assert any("fewer than 30" in caveat for caveat in found.caveats)


def test_questions_are_counted_of_questions_with_contacts_as_the_draws(store: Store) -> None:
    add(store, "a", asked=[IMPACT, ASKED])
    add(store, "b", asked=[IMPACT, ASKED, ASKED])
    add(store, "c", asked=[replace(IMPACT, unsure=True)] * 3 + [ASKED] * 4)
    add(store, "silent")
    (figure,) = (found := counted(store, "function", "impact")).figures
    assert (figure.n, figure.N) == (5, 12)
    assert figure.value == pytest.approx(5 / 12)
    residuals = [1 - 10 / 12, 1 - 15 / 12, 3 - 35 / 12]
    half = 4.302653 * (3 * sum(r * r for r in residuals) / 2) ** 0.5 / 12
    assert (figure.low, figure.high) == pytest.approx((5 / 12 - half, 5 / 12 + half))
    assert "3 of the 5 questions counted have an unsure label." in found.caveats
    assert "This is known of 3 of 4 contacts; the others are left out." in found.caveats
    (asked,) = counted(store, "asked", "impact").figures
    assert (asked.n, asked.N) == (3, 4)
    (each,) = counted(store, "questions").figures
    assert (each.n, each.N, each.value, each.unit) == (4, 4, 3.0, "per_contact")


def test_questions_that_are_all_alike_do_not_make_a_share_certain(store: Store) -> None:
    for name in "abc":
        add(store, name, asked=[ASKED] * 5)
    (figure,) = counted(store, "open").figures
    assert (figure.n, figure.N, figure.low) == (0, 15, 0.0)
    assert figure.high == pytest.approx((wilson(0, 3) or (0, 0))[1])


def test_a_mean_of_equal_values_has_no_interval(store: Store) -> None:
    for name in "abc":
        add(store, name, csat=5)
    (figure,) = counted(store, "csat").figures
    assert (figure.value, figure.low, figure.high) == (5.0, None, None)


def test_numbers_that_differ_little_are_groups_of_their_own(store: Store) -> None:
    for name, csat in (("a", 83.3333333), ("b", 83.3333334), ("c", 1_234_567.0)):
        add(store, name, csat=csat)
    assert groups(counted(store, "contacts", group_by="csat")) == [
        ("83.3333333", 1, 3), ("83.3333334", 1, 3), ("1234567", 1, 3),
    ]  # fmt: skip


def test_times_are_not_below_nothing(store: Store) -> None:
    add(store, "a", handle_time_s=10.0)
    add(store, "b", handle_time_s=500.0)
    (figure,) = counted(store, "handle_time").figures
    assert (figure.value, figure.low) == (255.0, 0.0)


def test_two_sides_are_compared_by_newcombe_s_interval(store: Store) -> None:
    for number in range(80):
        add(store, f"new{number}", cues=["leaving"] if number < 48 else [], segment="new")
        add(store, f"old{number}", cues=["leaving"] if number < 20 else [], segment="family")
    sides = parse_where(["segment=new"]), parse_where(["segment=family"])
    one, other, difference = (found := counted(store, "cue", "leaving", compare=sides)).figures
    assert (one.group, one.n, one.N) == ("new", 48, 80)
    assert (other.group, other.n, other.N) == ("family", 20, 80)
    assert difference.unit == "difference share"
    assert difference.value == pytest.approx(0.35)
    assert (difference.low, difference.high) == pytest.approx(newcombe(48, 80, 20, 80))
    assert found.verdict == "In new it is higher than in family, beyond chance."
    assert set(found.calls) == {f"new{number}" for number in range(48)}


def test_contacts_without_a_cue_may_have_it_unheard(store: Store) -> None:
    add(store, "a", cues=["apology"], csat=4)
    add(store, "b", csat=2)
    store.save_call(Call("unscored", Metadata(csat=1), (), None, "x", None))
    sides = parse_where(["cue=apology"]), parse_where(["cue!=apology"])
    told = "Of 1 of the contacts with cue!=apology it is not known."
    assert told in counted(store, "csat", compare=sides).caveats
    assert told in counted(store, "csat", where="cue!=apology").caveats
    assert told.replace("cue!=apology", "question!=impact") in counted(store, "csat", where="question!=impact").caveats
    assert not any("not known." in caveat for caveat in counted(store, "csat", where="cue=apology").caveats)


def test_sides_that_share_contacts_have_no_interval_of_their_difference(store: Store) -> None:
    add(store, "a", cues=["leaving"], team="north", segment="new")
    add(store, "b", team="north")
    add(store, "c", segment="new")
    sides = parse_where(["team=north"]), parse_where(["segment=new"])
    *_, difference = (found := counted(store, "cue", "leaving", compare=sides)).figures
    assert (difference.value, difference.low, difference.high) == (0.0, None, None)
    assert "There is 1 contact on both sides, so no interval of the difference can be given." in found.caveats
    assert found.verdict is None


def test_a_period_is_compared_with_the_one_before(store: Store) -> None:
    for number in range(12):
        add(store, f"march{number}", day=number)
    for number in range(2):
        add(store, f"february{number}", day=-20 + number)
    march = Period(date(2026, 3, 1), date(2026, 3, 31))
    now, before, difference = (found := counted(store, "contacts", period=march, compare=PREVIOUS)).figures
    assert (now.group, now.n) == ("2026-03-01 to 2026-03-31", 12)
    assert (before.group, before.n) == ("2026-02-01 to 2026-02-28", 2)
    assert difference.value == 10
    assert (difference.low or 0) > 0
    assert "The two periods are 31 and 28 days long." in found.caveats
    assert "The newest contact is of 2026-03-13, before the end of the period." in found.caveats
    assert found.n_calls == 12


def test_groups_of_time_run_through_both_periods_that_are_compared(store: Store) -> None:
    for number in range(12):
        add(store, f"march{number}", day=number, cues=["leaving"])
    for number in range(14):
        add(store, f"february{number}", day=-20 + number)
    march = Period(date(2026, 3, 1), date(2026, 3, 31))
    *rows, difference = (found := counted(store, "contacts", period=march, compare=PREVIOUS, group_by="month")).figures
    assert [(row.group, row.n, row.N) for row in rows] == [("2026-02", 14, 26), ("2026-03", 12, 26)]
    assert difference.value == -2
    assert (found.n_calls, set(found.calls)) == (12, {f"march{number}" for number in range(12)})
    assert str(found.verdict).endswith("no difference beyond chance can be seen.")
    *_, difference = counted(store, "cue", "leaving", period=march, compare=PREVIOUS, group_by="week").figures
    assert (difference.value, difference.n, difference.N) == (1.0, 12, 12)


def test_without_a_beginning_the_newer_half_is_compared_with_the_older(store: Store) -> None:
    for number in range(11):
        add(store, str(number), day=number)
    newer, older, difference = counted(store, "contacts", compare=PREVIOUS).figures
    assert (newer.group, newer.n) == ("2026-03-08 to 2026-03-12", 5)
    assert (older.group, older.n) == ("2026-03-02 to 2026-03-06", 5)
    assert difference.value == 0


@pytest.mark.parametrize("by", ["day", "week"])
def test_a_trend_tells_whether_the_newer_half_differs(store: Store, by: str) -> None:
    for number in range(40):
        add(store, f"old{number}", day=number % 14, asked=[ASKED])
        add(store, f"new{number}", day=14 + number % 14, asked=[IMPACT] if number < 30 else [ASKED])
    *rows, difference = (found := counted(store, "asked", "impact", group_by=by)).figures
    assert [row.group for row in rows][:2] == ["2026-03-02", "2026-03-09" if by == "week" else "2026-03-03"]
    assert sum(row.n for row in rows) == 30
    assert difference.value == pytest.approx(0.75)
    assert (difference.low, difference.high) == pytest.approx(newcombe(30, 40, 0, 40))
    assert difference.group is None
    assert found.verdict == "In 2026-03-16 to 2026-03-29 it is higher than in 2026-03-02 to 2026-03-15, beyond chance."


def test_time_has_no_gaps_and_what_has_no_time_comes_last(store: Store) -> None:
    add(store, "a", day=0)
    add(store, "b", day=3)
    add(store, "c", day=60)
    add(store, "d", day=None)
    assert groups(counted(store, "contacts", group_by="month")) == [
        ("2026-03", 2, 4),
        ("2026-04", 0, 4),
        ("2026-05", 1, 4),
        ("(not given)", 1, 4),
    ]
    in_march = Period(until=date(2026, 3, 31))
    found = counted(store, "contacts", group_by="day", period=in_march)
    assert [n for _, n, _ in groups(found)] == [1, 0, 0, 1]
    assert "There is 1 contact without a time, and left out." in found.caveats
    weekdays = groups(counted(store, "contacts", group_by="weekday"))
    assert [(name, n) for name, n, _ in weekdays if n] == [
        ("Monday", 1),
        ("Thursday", 1),
        ("Friday", 1),
        ("(not given)", 1),
    ]
    assert len(weekdays) == 8


def test_groups_come_by_size_and_the_many_small_ones_are_named(store: Store) -> None:
    for number in range(MAX_GROUPS + 12):
        add(store, f"one{number}", agent=f"Agent {number:02d}")
    add(store, "more", agent="Zoë")
    add(store, "most", agent="Zoë")
    found = counted(store, "csat", group_by="agent")
    assert len(found.figures) == MAX_GROUPS
    assert [figure.group for figure in found.figures[:3]] == ["Zoë", "Agent 00", "Agent 01"]
    (told,) = [caveat for caveat in found.caveats if "not shown" in caveat]
    assert told.startswith("13 further groups are not shown: Agent 49, Agent 50,")
    assert told.endswith("and 3 more.")
    assert any("may stand out by chance" in caveat for caveat in found.caveats)


def test_reasons_stated_stand_beside_causes_heard_the_most_frequent_first(store: Store) -> None:
    add(store, "a", cues=["leaving", "reason_price", "cause_rude"], segment="new")
    add(store, "b", cues=["leaving", "cause_rude", "cause_rude"], segment="family")
    add(store, "c", cues=["reason_price"])
    found = counted(store, "reasons", where="cue=leaving")
    assert groups(found)[:2] == [("heard: rude", 2, 2), ("stated: price", 1, 2)]
    assert {name for name, n, _ in groups(found) if not n} >= {"stated: competitor", "heard: long wait"}
    assert found.calls == ("a", "b")
    by_segment = groups(counted(store, "reasons", where="cue=leaving", group_by="segment"))
    assert by_segment == [("family, heard: rude", 1, 1), ("new, heard: rude", 1, 1), ("new, stated: price", 1, 1)]


def test_a_contact_is_repeated_within_thirty_days(store: Store) -> None:
    for name, day in (("first", 0), ("again", 30), ("late", 61)):
        add(store, name, day=day, customer="Ann")
    add(store, "nobody", day=1)
    found = counted(store, "repeat")
    assert groups(found) == [(None, 1, 3)]
    assert found.calls == ("again",)
    assert any("The first contact is of 2026-03-02" in caveat for caveat in found.caveats)
    assert groups(counted(store, "repeat", period=Period(date(2026, 4, 1)))) == [(None, 1, 2)]


def test_customers_are_counted_once(store: Store) -> None:
    for name, customer in (("a", "Ann"), ("b", "Ann"), ("c", "Bo"), ("d", None)):
        add(store, name, customer=customer, team="north" if customer == "Ann" else "south")
    found = counted(store, "customers", where="team=north")
    assert groups(found) == [(None, 1, 2)]
    assert groups(counted(store, "customers", group_by="team")) == [("north", 1, 2), ("south", 1, 2)]
    nameless = "There is 1 contact without a customer, and not counted."
    assert nameless in counted(store, "customers").caveats
    add(store, "late", customer="Bo", day=40)
    assert nameless in counted(store, "customers", group_by="month").caveats
    sides = parse_where(["team=north"]), parse_where(["team=south"])
    assert nameless in counted(store, "customers", compare=sides).caveats


def test_without_handle_times_the_length_of_the_recording_stands_in_and_says_so(store: Store) -> None:
    call = Call("a", Metadata(), (), None, "x", 60.0)
    store.save_call(call)
    store.save_call(replace(call, id="b", duration_s=100.0))
    (figure,) = counted(store, "handle_time").figures
    assert (figure.value, figure.unit) == (80.0, "s")
    assert figure.label == "mean length of the recording, since no handle time is given"
    add(store, "c", handle_time_s=30.0)
    (figure,) = counted(store, "handle_time").figures
    assert (figure.value, figure.n, figure.N, figure.label) == (30.0, 1, 3, "mean handle time")


@pytest.mark.parametrize("measure", list(MEASURES))
@pytest.mark.parametrize("by", [None, "agent", "month"])
def test_nothing_is_counted_without_a_value(store: Store, measure: str, by: str | None) -> None:
    subject = next(iter(MEASURES[measure].subjects), None)
    sides = parse_where(["team=a"]), parse_where(["team=b"])
    for compare in (None, PREVIOUS, sides):
        found = counted(store, measure, subject, group_by=by, compare=compare)
        assert all((each.n, each.N, each.value, each.low) == (0, 0, None, None) for each in found.figures)
        assert (found.calls, found.other_calls, found.verdict, found.n_calls) == ((), (), None, 0)


@pytest.mark.parametrize(
    ("query", "told"),
    [
        (CountQuery("happiness"), "outcome"),
        (CountQuery("cue"), "leaving"),
        (CountQuery("cue", "happiness"), "own_cue"),
        (CountQuery("asked", "happiness"), "impact"),
        (CountQuery("rubric", "happiness"), "discovery"),
        (CountQuery("csat", "leaving"), "no subject"),
        (CountQuery("csat", group_by="shoe"), "region"),
        (CountQuery("csat", where=parse_where(["shoe=1"])), "region"),
        (CountQuery("csat", where=parse_where(["cue=happiness"])), "own_cue"),
        (CountQuery("csat", compare=(parse_where(["shoe=1"]), ())), "region"),
    ],
)
def test_a_wrong_name_is_refused_with_those_that_exist(store: Store, query: CountQuery, told: str) -> None:
    add(store, "a", cues=["own_cue"], extra={"region": "coast"})
    with pytest.raises(ConfigError, match=told):
        count(store, query)


def test_an_organisation_s_own_names_are_known(store: Store) -> None:
    add(store, "a", cues=["own_cue"], extra={"region": "coast"})
    found = counted(store, "cue", "own_cue", group_by="region")
    assert groups(found) == [("coast", 1, 1)]
    assert found.figures[0].label == "contacts in which the cue “own cue” is heard"


def test_every_shipped_name_has_words() -> None:
    assert set(TRACKER_WORDS) == {tracker.name for tracker in load_trackers()}
    assert set(FUNCTION_WORDS) == set(FUNCTIONS) - {"none"}
    assert set(RUBRICS) == set(shipped_rubrics())
