"""Whether a difference is beyond chance, in a plain sentence."""

from collections.abc import Sequence

from coach.counts.figure import Figure
from coach.counts.sides import Side


def verdict_of(difference: Figure, sides: Sequence[Side]) -> str | None:
    """None where the difference, or its interval, cannot be told."""
    if difference.value is None or difference.low is None or difference.high is None:
        return None
    one, other = sides[0].name, sides[1].name
    if difference.low <= 0 <= difference.high:
        return f"Between {one} and {other} no difference beyond chance can be seen."
    higher = "higher" if difference.value > 0 else "lower"
    return f"In {one} it is {higher} than in {other}, beyond chance."
