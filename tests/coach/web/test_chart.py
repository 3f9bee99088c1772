"""Drawings: round axes, bars and whiskers within the room there is, and dates as people write them."""

import pytest
from answering import share

from coach.counts.figure import Figure
from coach.web.chart import MAX_TICK_LABELS, axis, draw_bars, draw_trend, write_date


@pytest.mark.parametrize(
    ("top", "unit", "ticks"),
    [
        (0.8, "share", (0.8, 0.6, 0.4, 0.2, 0.0)),
        (0.85, "share", (1.0, 0.75, 0.5, 0.25, 0.0)),
        (1.0, "share", (1.0, 0.75, 0.5, 0.25, 0.0)),
        (3.0, "count", (3.0, 2.0, 1.0, 0.0)),
        (1.0, "count", (2.0, 1.0, 0.0)),
        (0.0, "points", (1.0, 0.5, 0.0)),
        (410.0, "s", (600.0, 400.0, 200.0, 0.0)),
    ],
)
def test_axis_has_round_values_that_hold_all(top: float, unit: str, ticks: tuple[float, ...]) -> None:
    found = axis(top, unit)
    assert found == pytest.approx(ticks)
    assert found[0] >= top


def test_bars_share_one_scale() -> None:
    chart = draw_bars([share(9, 10, "a"), share(1, 10, "b"), share(0, 0, "c")])
    assert chart is not None
    longest, shorter, unknown = chart.marks
    assert longest.high == pytest.approx(100.0)
    assert longest.at == pytest.approx(9 * shorter.at)
    assert (unknown.known, unknown.at, unknown.low) == (False, 0.0, None)
    assert shorter.title.startswith("b: 10 %, 1 of 10, 1.8 % to")


def test_nothing_is_drawn_of_one() -> None:
    assert draw_bars([share(1, 2)]) is None
    assert draw_trend([share(1, 2)], "month") is None


def test_nothing_but_zeros_has_no_length() -> None:
    figures = [Figure("mean", 0, 0, 0.0, "points", None, None, name) for name in "ab"]
    chart = draw_bars(figures)
    assert chart is not None
    assert [mark.at for mark in chart.marks] == [0.0, 0.0]


def test_trend_runs_from_left_to_right_with_few_words_below() -> None:
    chart = draw_trend([share(n, 40, f"2026-{n:02d}") for n in range(1, 13)], "month")
    assert chart is not None
    places = [mark.x for mark in chart.marks]
    assert places == sorted(places)
    assert places[0] > 0
    assert places[-1] < 100
    assert 0 < sum(bool(mark.tick) for mark in chart.marks) <= MAX_TICK_LABELS
    assert len(chart.lines) == 11


def test_what_has_no_date_stands_apart() -> None:
    figures = [share(1, 4, "2026-01"), share(2, 4, "2026-02"), share(3, 4, "(not given)")]
    chart = draw_trend(figures, "month")
    assert chart is not None
    assert [mark.tick for mark in chart.marks] == ["Jan", "Feb", "(not given)"]
    assert [(one.name, other.name) for one, other in chart.lines] == [("Jan 2026", "Feb 2026")]


def test_dates_are_written_as_people_do() -> None:
    assert write_date("2026-08", "month") == "Aug 2026"
    assert write_date("2026-08-03", "week") == "3 Aug 2026"
    assert write_date("(not given)", "month") == "(not given)"
