"""Who speaks when: the turns as stretches of time."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from coach.types import Role, Turn

MAX_PAUSE_S = 10.0
"""A longer pause is no pause in talking any more: somebody waits on hold, or looks something up."""
MAX_BACKCHANNEL_WORDS = 2
"""A turn this short that asks nothing ("mhm", "okay then") is a sign of listening and does not take the floor."""


class Span(NamedTuple):
    """A stretch of speech, in seconds of the recording, and the index of its turn. Sorts by time."""

    start: float
    end: float
    turn: int


def speaks(turns: Sequence[Turn], role: Role) -> bool:
    """Whether anything is said by `role`."""
    return any(turn.role == role and turn.text.strip() for turn in turns)


def both_speak(turns: Sequence[Turn]) -> bool:
    """Whether agent and customer are both known to say something."""
    return speaks(turns, "agent") and speaks(turns, "customer")


def spans(turns: Sequence[Turn], duration_s: float | None, role: Role | None = None) -> list[Span]:
    """The turns of `role` (None: of everybody) that have times and take time, by time, cut at `duration_s`."""
    found = []
    for index, turn in enumerate(turns):
        if turn.start is None or turn.end is None or (role is not None and turn.role != role):
            continue
        end = turn.end if duration_s is None else min(turn.end, duration_s)
        if end > turn.start:
            found.append(Span(turn.start, end, index))
    return sorted(found)


def union_s(found: Iterable[Span]) -> float:
    """Seconds covered by at least one of the spans, which are ordered by start."""
    total, reached = 0.0, float("-inf")
    for span in found:
        total += max(0.0, span.end - max(span.start, reached))
        reached = max(reached, span.end)
    return total


def length_s(turns: Sequence[Turn], duration_s: float | None) -> float | None:
    """How long the call lasts: the recording's length, else until the last word; None when there are no times."""
    if duration_s is not None and duration_s > 0:
        return duration_s
    return max((span.end for span in spans(turns, None)), default=None)


def n_words(turn: Turn) -> int:
    return len(turn.text.split())


def is_backchannel(turn: Turn) -> bool:
    """Whether the turn is as short as a sign of listening. Whether it asks something, the caller has to know."""
    return n_words(turn) <= MAX_BACKCHANNEL_WORDS
