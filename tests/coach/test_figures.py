"""Figures as people read them: units, signs, what they were counted over, and which belong beside each other."""

import pytest

from coach.counts.figure import Figure
from coach.figures import MAX_HEADS, arrange, name_of, write_basis, write_interval, write_number, write_value


def figure(value: float | None, unit: str, low: float | None = None, high: float | None = None) -> Figure:
    return Figure("label", 12, 60, value, unit, low, high)


@pytest.mark.parametrize(
    ("value", "unit", "written"),
    [
        (0.3149, "share", "31 %"),
        (0.005, "share", "0.50 %"),
        (1.0, "share", "100 %"),
        (0.0, "share", "0 %"),
        (1234.0, "count", "1,234"),
        (3.42, "points", "3.4"),
        (45.0, "s", "45 s"),
        (312.4, "s", "5 min 12 s"),
        (3600.0, "s", "60 min"),
        (5.24, "per_contact", "5.2 per contact"),
        (2.0, "new_unit", "2 new unit"),
        (None, "share", "–"),  # noqa: RUF001
        (0.084, "difference share", "+8.4 points"),
        (-0.2, "difference share", "−20 points"),  # noqa: RUF001
        (-75.0, "difference s", "−1 min 15 s"),  # noqa: RUF001
        (0.0, "difference count", "0"),
    ],
)
def test_value_is_written_in_its_unit(value: float | None, unit: str, written: str) -> None:
    assert write_value(figure(value, unit)) == written


def test_interval_is_written_like_the_value() -> None:
    assert write_interval(figure(0.3, "share", 0.2, 0.44)) == "20 % to 44 %"
    assert write_interval(figure(0.1, "difference share", -0.03, 0.2)) == "−3 points to +20 points"  # noqa: RUF001
    assert write_interval(figure(0.3, "share")) is None


def test_basis_tells_a_share_from_a_mean() -> None:
    assert write_basis(figure(0.2, "share")) == "12 of 60"
    assert write_basis(figure(3.2, "points")) == "known of 12 of 60"
    assert write_basis(figure(0.2, "difference share")) == ""
    assert write_basis(figure(0.2, "difference share", -0.1, 0.4)) == "within chance"
    assert write_basis(figure(0.2, "difference share", 0.1, 0.4)) == "beyond chance"
    assert write_number(1.25, "points") == "1.2"


def test_figures_are_arranged_by_what_they_are_for() -> None:
    total, difference = figure(0.3, "share"), figure(0.1, "difference share")
    groups = [Figure("label", 1, 2, 0.5, "share", 0.1, 0.9, name) for name in ("North", "South")]
    arranged = arrange([total, *groups, difference])
    assert (arranged.heads, arranged.rows, arranged.differences) == ((total,), tuple(groups), (difference,))
    assert [name_of(row) for row in arranged.rows] == ["North", "South"]
    assert arrange([]).heads == ()


def test_many_totals_are_rows() -> None:
    totals = [Figure(f"reason {n}", n, 9, n / 9, "share", 0.0, 1.0) for n in range(MAX_HEADS + 1)]
    arranged = arrange(totals)
    assert (arranged.heads, arranged.rows) == ((totals[0],), tuple(totals[1:]))
    assert name_of(totals[1]) == "reason 1"
    assert arrange(totals[:MAX_HEADS]).rows == ()
