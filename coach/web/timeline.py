"""Who speaks when, as stretches on a line from 0 to 100: the drawing above the transcript."""

from collections.abc import Sequence
from dataclasses import dataclass

from coach.types import ROLES, Role, Turn

MIN_GAP = 0.02
"""Per cent of the length: stretches of one lane closer than this are drawn as one, so that ten hours stay drawable."""
MIN_WIDTH = 0.05


@dataclass(frozen=True, slots=True)
class Stretch:
    """Left edge and width in per cent of the call's length."""

    x: float
    width: float


@dataclass(frozen=True, slots=True)
class Lane:
    role: Role
    stretches: tuple[Stretch, ...]


def call_length(duration_s: float | None, turns: Sequence[Turn], *, has_sound: bool) -> float | None:
    """Seconds to the end of the call; None when it has neither sound nor times, as chat and mail."""
    ends = [time for turn in turns for time in (turn.start, turn.end) if time is not None]
    if not ends and not has_sound:
        return None
    return max([*ends, duration_s or 0.0]) or None


def position(time_s: float, length_s: float) -> float:
    """Where a moment lies, in per cent, never outside the drawing."""
    return round(min(max(time_s / length_s, 0.0), 1.0) * 100, 3)


def lay_out(turns: Sequence[Turn], length_s: float) -> tuple[Lane, ...]:
    """One lane per role that speaks; agent and customer both as soon as one of them does."""
    present = {turn.role for turn in turns if turn.start is not None}
    if present & {"agent", "customer"}:
        present |= {"agent", "customer"}
    return tuple(Lane(role, _stretches(turns, role, length_s)) for role in ROLES if role in present)


def _stretches(turns: Sequence[Turn], role: Role, length_s: float) -> tuple[Stretch, ...]:
    spans: list[list[float]] = []
    own = [turn for turn in turns if turn.role == role and turn.start is not None]
    for turn in sorted(own, key=lambda turn: turn.start or 0.0):
        left = position(turn.start or 0.0, length_s)
        right = max(left, position(turn.start if turn.end is None else turn.end, length_s))  # type: ignore[arg-type]
        if spans and left - spans[-1][1] < MIN_GAP:
            spans[-1][1] = max(spans[-1][1], right)
        else:
            spans.append([left, right])
    return tuple(Stretch(left, round(max(right - left, MIN_WIDTH), 3)) for left, right in spans)
