"""What changed from one answer to a question to a later one: figures, quotes, and whether there is an answer at all.

Two nights share most of their contacts, so they differ by chance less than two independent samples would. The interval
of a difference is made as if they were independent: it is wider than it need be, and what lies beyond it is certain.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from coach.counts.figure import Figure
from coach.figures import unit_of, write_number, write_value
from coach.intervals import square_and_add
from coach.store import SavedAnswer, SavedCitation

ENOUGH = "answered"
_DATES = re.compile(r"\d{4}-\d\d-\d\d to \d{4}-\d\d-\d\d")


@dataclass(frozen=True, slots=True)
class FigureChange:
    """One figure then and now; one of the two may be missing, such as of a group that is new."""

    before: Figure | None
    now: Figure | None

    @property
    def figure(self) -> Figure:
        """The one that tells what is counted: that of now, if there is one."""
        found = self.now or self.before
        assert found is not None
        return found

    @property
    def difference(self) -> float | None:
        """Now less then, in the figure's unit."""
        before, now = self._values()
        return None if before is None or now is None else now - before

    @property
    def interval(self) -> tuple[float, float] | None:
        """Of the difference, 95 %; None where one of the two has none."""
        if self.before is None or self.now is None:
            return None
        before, now = self.before, self.now
        if before.value is None or before.low is None or before.high is None:
            return None
        if now.value is None or now.low is None or now.high is None:
            return None
        return square_and_add(now.value, (now.low, now.high), before.value, (before.low, before.high))

    @property
    def beyond_chance(self) -> bool | None:
        """Whether the interval leaves out 0; None where there is no interval."""
        bounds = self.interval
        return None if bounds is None else bounds[0] > 0 or bounds[1] < 0

    @property
    def words(self) -> str:
        """ "23 % → 31 %, +8 points, beyond chance"; what did not change is said in two words."""
        if self.before is None:
            return f"{write_value(self.figure)}, not counted before"
        if self.now is None:
            return f"{write_value(self.figure)} before, not counted now"
        if self.difference is None or not self.difference:
            return f"{write_value(self.now)}, unchanged"
        by = write_number(self.difference, unit_of(self.figure), signed=True)
        sure = {True: ", beyond chance", False: ", within chance", None: ""}[self.beyond_chance]
        return f"{write_value(self.before)} → {write_value(self.now)}, {by}{sure}"

    def to_json(self) -> dict[str, Any]:
        bounds = self.interval or (None, None)
        return {
            "label": self.figure.label,
            "group": self.figure.group,
            "before": None if self.before is None else self.before.to_json(),
            "now": None if self.now is None else self.now.to_json(),
            "difference": self.difference,
            "low": bounds[0],
            "high": bounds[1],
            "beyond_chance": self.beyond_chance,
        }

    def _values(self) -> tuple[float | None, float | None]:
        return tuple(None if one is None else one.value for one in (self.before, self.now))  # type: ignore[return-value]


@dataclass(frozen=True, slots=True)
class Changes:
    """A later answer beside an earlier one."""

    since: datetime
    """When the earlier one was given."""
    status_before: str
    status: str
    figures: tuple[FigureChange, ...]
    """In the order of the later answer, then those it has no more."""
    new: tuple[SavedCitation, ...]
    gone: tuple[SavedCitation, ...]
    """Quotes that are no longer cited. Those of forgotten calls are in neither answer."""

    @property
    def status_changed(self) -> bool:
        return self.status != self.status_before

    @property
    def headline(self) -> FigureChange | None:
        """The first figure."""
        return self.figures[0] if self.figures else None

    @property
    def words(self) -> tuple[str, ...]:
        """What changed, a short phrase each, the most telling first; empty when nothing did."""
        found = []
        if self.status_changed:
            found.append("there is an answer now" if self.status == ENOUGH else "not enough evidence any more")
        found += [
            f"{one.figure.group}: {one.words}" if one.figure.group else one.words
            for one in sorted(self.figures, key=lambda one: not one.beyond_chance)
            if one.difference or (one.difference is None and one.before != one.now)
        ]
        if self.new:
            found.append(f"{len(self.new)} new {_quotes(self.new)}")
        if self.gone:
            found.append(f"{len(self.gone)} {_quotes(self.gone)} no longer cited")
        return tuple(found)

    def to_json(self) -> dict[str, Any]:
        return {
            "since": self.since.isoformat(),
            "status_before": self.status_before,
            "status": self.status,
            "figures": [one.to_json() for one in self.figures],
            "new": [place_to_json(one) for one in self.new],
            "gone": [place_to_json(one) for one in self.gone],
        }


def changes(before: SavedAnswer, now: SavedAnswer) -> Changes:
    """What is different in `now`. Figures belong together by label, group and unit, quotes by their place."""
    earlier, later = _by_key(before), _by_key(now)
    then, today = {_place(one) for one in before.citations}, {_place(one) for one in now.citations}
    return Changes(
        since=before.at,
        status_before=before.status,
        status=now.status,
        figures=tuple(FigureChange(earlier.get(key), later.get(key)) for key in dict.fromkeys((*later, *earlier))),
        new=tuple(one for one in now.citations if _place(one) not in then),
        gone=tuple(one for one in before.citations if _place(one) not in today),
    )


def figure_of(kept: Mapping[str, Any]) -> Figure:
    """The figure that `Figure.to_json` wrote."""
    names = ("label", "n", "N", "value", "unit", "low", "high")
    label, n, of, value, unit, low, high = (kept[name] for name in names)
    return Figure(label, n, of, value, unit, low, high, kept.get("group"))


def place_to_json(one: SavedCitation) -> dict[str, Any]:
    return {
        "call": one.call,
        "start": None if one.start is None else round(one.start, 2),
        "quote": one.quote,
        "turn": one.turn,
        "start_char": one.start_char,
        "end_char": one.end_char,
        "role": one.role,
    }


def _by_key(answer: SavedAnswer) -> dict[tuple[str, str, str, int], Figure]:
    """Figures by what they are of. The dates of a period that moves on from night to night make no difference."""
    found: dict[tuple[str, str, str, int], Figure] = {}
    for figure in map(figure_of, answer.figures):
        names = (_DATES.sub("period", figure.label), _DATES.sub("period", figure.group or ""), figure.unit)
        again = sum(key[:3] == names for key in found)
        found[*names, again] = figure
    return found


def _place(one: SavedCitation) -> tuple[str, int, int, int]:
    return one.call, one.turn, one.start_char, one.end_char


def _quotes(places: Sequence[SavedCitation]) -> str:
    return "quote" if len(places) == 1 else "quotes"
