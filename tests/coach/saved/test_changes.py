"""What changed between two answers is told by label, group and place, and never as certain when chance may do it."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from coach.counts.figure import Figure
from coach.intervals import newcombe, wilson
from coach.saved import changes, figure_of
from coach.store import SavedAnswer, SavedCitation

MONDAY, TUESDAY = datetime(2026, 8, 30, 2, tzinfo=UTC), datetime(2026, 8, 31, 2, tzinfo=UTC)


def share(n: int, of: int, group: str | None = None, label: str = "contacts that leave") -> dict[str, Any]:
    low, high = wilson(n, of) or (None, None)
    return Figure(label, n, of, n / of if of else None, "share", low, high, group).to_json()


def count(n: int) -> dict[str, Any]:
    return Figure("contacts", n, n, float(n), "count", None, None).to_json()


def kept(*figures: dict[str, Any], at: datetime = MONDAY, places: str = "", status: str = "answered") -> SavedAnswer:
    citations = tuple(SavedCitation(call, 1, 0, 9) for call in places)
    return SavedAnswer(at, status, figures, 1, 2, citations)


def test_two_shares_differ_by_newcombes_interval() -> None:
    found = changes(kept(share(56, 70)), kept(share(48, 80)))
    (one,) = found.figures
    assert one.difference == pytest.approx(0.6 - 0.8)
    # Newcombe (1998), table II, method 10, example (a): 56/70 - 48/80 has the interval .0524 to .3339.
    assert one.interval == pytest.approx((-0.3339, -0.0524), abs=5e-5)
    assert one.interval == pytest.approx(newcombe(48, 80, 56, 70))
    assert one.beyond_chance is True
    assert one.words == "80 % → 60 %, −20 points, beyond chance"  # noqa: RUF001


def test_small_difference_is_within_chance_and_none_is_unchanged() -> None:
    (moved,) = changes(kept(share(20, 60)), kept(share(21, 61))).figures
    assert (moved.beyond_chance, moved.words) == (False, "33 % → 34 %, +1.1 points, within chance")
    same = changes(kept(share(20, 60)), kept(share(20, 60)))
    assert same.figures[0].words == "33 %, unchanged"
    assert same.words == ()


def test_count_has_a_difference_and_no_verdict() -> None:
    (one,) = changes(kept(count(60)), kept(count(72))).figures
    assert (one.difference, one.interval, one.beyond_chance) == (12, None, None)
    assert one.words == "60 → 72, +12"


def test_nothing_known_is_no_zero() -> None:
    (one,) = changes(kept(share(0, 0)), kept(share(3, 9))).figures
    assert (one.difference, one.beyond_chance) == (None, None)
    assert changes(kept(share(3, 9)), kept(share(0, 0))).figures[0].difference is None


def test_groups_are_matched_by_name_and_come_and_go() -> None:
    found = changes(kept(share(1, 9, "Quay"), share(2, 9, "Mill")), kept(share(2, 9, "Mill"), share(3, 9, "Dock")))
    told = {one.figure.group: one.words for one in found.figures}
    assert list(told) == ["Mill", "Dock", "Quay"]
    assert told == {
        "Mill": "22 %, unchanged", "Dock": "33 %, not counted before", "Quay": "11 % before, not counted now",
    }  # fmt: skip


def test_period_that_moves_on_is_the_same_figure() -> None:
    before = kept(share(1, 9, "2026-08-01 to 2026-08-07"), share(5, 9, "2026-07-25 to 2026-07-31"))
    now = kept(share(2, 9, "2026-08-02 to 2026-08-08"), share(6, 9, "2026-07-26 to 2026-08-01"))
    assert [(one.before and one.before.n, one.now and one.now.n) for one in changes(before, now).figures] == [
        (1, 2), (5, 6),
    ]  # fmt: skip
    months = changes(kept(share(1, 9, "2026-07")), kept(share(1, 9, "2026-08")))
    assert len(months.figures) == 2


def test_quotes_are_matched_by_place() -> None:
    found = changes(kept(places="ab"), kept(places="bc", at=TUESDAY))
    assert ([one.call for one in found.new], [one.call for one in found.gone]) == (["c"], ["a"])
    assert found.words == ("1 new quote", "1 quote no longer cited")
    assert found.since == MONDAY
    moved = replace(kept(places="b"), citations=(SavedCitation("b", 1, 3, 9),))
    assert len(changes(kept(places="b"), moved).new) == 1


def test_status_is_told_first() -> None:
    none = kept(status="not_enough_evidence")
    assert changes(none, kept(share(3, 9), places="ab")).words == (
        "there is an answer now", "33 %, not counted before", "2 new quotes",
    )  # fmt: skip
    assert changes(kept(share(3, 9)), none).words == ("not enough evidence any more", "33 % before, not counted now")


def test_what_is_certain_is_told_before_what_is_not() -> None:
    before = kept(share(50, 100, "Quay"), share(10, 100, "Mill"))
    now = kept(share(51, 100, "Quay"), share(60, 100, "Mill"))
    assert changes(before, now).words[0].startswith("Mill: 10 % → 60 %")


def test_figure_comes_back_as_it_was_kept() -> None:
    one = Figure("a", 1, 2, 0.5, "share", 0.1, 0.9, "g")
    assert figure_of(one.to_json()) == one
    assert figure_of(count(3)).group is None


def test_json_holds_figures_difference_and_places() -> None:
    told = changes(kept(share(20, 60), places="a"), kept(share(30, 60), places="b")).to_json()
    (one,) = told["figures"]
    assert (one["before"]["n"], one["now"]["n"], one["beyond_chance"]) == (20, 30, False)
    assert one["low"] < one["difference"] < one["high"]
    assert [place["call"] for place in (*told["new"], *told["gone"])] == ["b", "a"]
