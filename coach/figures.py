"""Figures for people: arranged into numbers and rows to compare, each written with its unit and how sure it is."""

from collections.abc import Sequence
from dataclasses import dataclass

from coach.counts.figure import Figure

MISSING = "\N{EN DASH}"
MAX_HEADS = 3
_MINUS = "\N{MINUS SIGN}"
_DIFFERENCE = "difference"
_SUFFIXES = {
    "per_contact": " per contact",
    "per_minute": " a minute",
    "per_10_minutes": " in 10 minutes",
    "words": " words",
    "points": "",
    "steps": " steps",
    "count": "",
}


@dataclass(frozen=True, slots=True)
class Arranged:
    """The figures of one answer by what they are for."""

    heads: tuple[Figure, ...]
    """Totals, to be read as numbers."""
    rows: tuple[Figure, ...]
    """Groups, sides or things of a kind, to be compared with each other."""
    differences: tuple[Figure, ...]


def arrange(figures: Sequence[Figure]) -> Arranged:
    """Each figure in one place, in order. Of more than MAX_HEADS totals all but the first are rows, such as reasons."""
    differences = tuple(one for one in figures if is_difference(one))
    counted = [one for one in figures if not is_difference(one)]
    heads = tuple(one for one in counted if one.group is None)
    if len(heads) > MAX_HEADS:
        heads = heads[:1]
    return Arranged(heads, tuple(one for one in counted if one not in heads), differences)


def name_of(figure: Figure) -> str:
    """What a row is called: its group, else what it counts."""
    return figure.label if figure.group is None else figure.group


def shared_label(figures: Sequence[Figure]) -> str:
    """What all of them count; empty where they count different things."""
    labels = {one.label for one in figures}
    return labels.pop() if len(labels) == 1 else ""


def is_difference(figure: Figure) -> bool:
    return figure.unit.split(" ", 1)[0] == _DIFFERENCE


def unit_of(figure: Figure) -> str:
    """The unit without the word that makes it a difference."""
    first, _, rest = figure.unit.partition(" ")
    return rest if first == _DIFFERENCE else figure.unit


def write_value(figure: Figure) -> str:
    """ "31 %", "5 min 12 s", "3.4"; a difference with its sign, "+8 points"; an en dash where nothing is known."""
    return write_number(figure.value, unit_of(figure), signed=is_difference(figure))


def write_interval(figure: Figure) -> str | None:
    """ "20 % to 44 %"; None where the interval cannot be told."""
    if figure.low is None or figure.high is None:
        return None
    signed, unit = is_difference(figure), unit_of(figure)
    low, high = (write_number(bound, unit, signed=signed) for bound in (figure.low, figure.high))
    return f"{low} to {high}"


def write_basis(figure: Figure) -> str:
    """What it was counted over: "12 of 60"; of a mean "known of 12 of 60".

    A difference has no contacts of its own: of it, whether chance may have made it, as far as that can be told.
    """
    if is_difference(figure):
        if figure.low is None or figure.high is None:
            return ""
        return "within chance" if figure.low <= 0 <= figure.high else "beyond chance"
    of = f"{figure.n:,} of {figure.N:,}"
    return of if unit_of(figure) in ("share", "count") else f"known of {of}"


def write_number(value: float | None, unit: str, *, signed: bool = False) -> str:
    """`value` in `unit`, one of those of `Figure.unit`; an unknown unit is written behind the number as it is."""
    if value is None:
        return MISSING
    sign = _MINUS if value < 0 else "+" if signed and value > 0 else ""
    return sign + _unsigned(abs(value), unit, "points" if signed else "%")


def _unsigned(value: float, unit: str, of_share: str) -> str:
    if unit == "share":
        return f"{_short(value * 100)} {of_share}"
    if unit == "s":
        return _seconds(value)
    return _short(value) + _SUFFIXES.get(unit, f" {unit.replace('_', ' ')}")


def _seconds(value: float) -> str:
    if value < 60:
        return f"{_short(value)} s"
    minutes, seconds = divmod(round(value), 60)
    return f"{minutes} min {seconds} s" if seconds else f"{minutes} min"


def _short(value: float) -> str:
    """Whole where that says enough, one decimal below 10, two below 1."""
    if value == int(value) or value >= 10:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 1 else f"{value:.2f}"
