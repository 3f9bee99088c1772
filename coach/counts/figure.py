"""A number with what it counts, as answers, pages and findings show it."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Figure:
    """`value` with its 95 % interval, of `n` of `N`.

    A share is n / N. A mean is of `n` values of which `N` could have been known. A difference is a side's value less
    the other's, and n and N are those of the first side. Bounds are None when they cannot be told.
    """

    label: str
    """What it counts, for people: "contacts in which customers say they leave"."""
    n: int
    N: int
    value: float | None
    """None when N is 0, or nothing is known."""
    unit: str
    """"share" (0..1), "count", "s", "points", "per_contact", or a measure's own. Of a difference the word comes first:
    "difference share"."""
    low: float | None
    high: float | None
    group: str | None = None
    """The value of what it was grouped by, or the side of a comparison; None for a total."""

    def to_json(self) -> dict[str, Any]:
        """The form `coach ask --json` prints."""
        names = ("label", "n", "N", "value", "unit", "low", "high")
        return {name: getattr(self, name) for name in names} | ({} if self.group is None else {"group": self.group})
