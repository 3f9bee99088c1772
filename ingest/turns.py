"""Builds a transcript: both sides' segments become turns in the order in which they were begun."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field

from coach.types import Role, Segment, Turn

MAX_GAP_S = 2.0  # a longer pause ends a turn even when nobody else speaks
JOIN_S = 0.3  # a shorter one is no pause: whoever spoke meanwhile spoke over it
HUMS = frozenset({"mm", "mmm", "hmm", "hm", "mhm", "mmhmm", "mm-hmm", "uh-huh", "uhhuh", "aha", "ah", "oh", "um", "uh"})
"""Sounds of listening: made in a pause, they do not take the floor."""


@dataclass(slots=True)
class _Draft:
    """A turn being put together."""

    segments: list[Segment] = field(default_factory=list)
    end: float = 0.0

    @property
    def start(self) -> float:
        return self.segments[0].start

    def add(self, segment: Segment) -> None:
        self.segments.append(segment)
        self.end = max(self.end, segment.end)


def build_turns(segments: Sequence[Segment], max_gap_s: float = MAX_GAP_S) -> list[Turn]:
    """Turns ordered by start, from the accepted segments of all channels; dropped segments are left out.

    Two voices or roles on one channel are two sides. One side's segments join while its pauses are shorter than
    `max_gap_s` and no other side takes the floor in them. A word put in over the other's speech becomes a turn of its
    own and does not cut the other's in two. Every accepted segment's text is in exactly one turn, and one side's turns
    keep its words in order.
    """
    accepted = sorted((s for s in segments if s.dropped is None and s.text.strip()), key=lambda s: (s.start, s.end))
    timeline = _Timeline(accepted)
    drafts: list[_Draft] = []
    open_drafts: dict[_Side, _Draft] = {}
    for segment in accepted:
        draft = open_drafts.get(_side(segment))
        if draft is None or not _continues(draft, segment, timeline, max_gap_s):
            draft = _Draft()
            drafts.append(draft)
            open_drafts[_side(segment)] = draft
        draft.add(segment)
    return [
        Turn(
            role=draft.segments[0].role,
            text=" ".join(segment.text.strip() for segment in draft.segments),
            start=draft.start,
            end=draft.end,
            speaker=_name(draft.segments[0]),
        )
        for draft in drafts
    ]


_Side = tuple[int, int | None, Role]


def _side(segment: Segment) -> _Side:
    """Who speaks: a voice that got the agent's or the customer's role is that side, however many voices have it."""
    return segment.channel, segment.voice if segment.role == "unknown" else None, segment.role


def _name(segment: Segment) -> str | None:
    """What a voice is called whose role is not known; None for everybody else."""
    return None if segment.voice is None or segment.role != "unknown" else f"Voice {segment.voice + 1}"


class _Timeline:
    """Segments in order of start, to be asked for those that touch a stretch."""

    def __init__(self, segments: Sequence[Segment]) -> None:
        self._segments = segments
        self._starts = [segment.start for segment in segments]
        self._longest = max((segment.end - segment.start for segment in segments), default=0.0)

    def between(self, start: float, end: float) -> Sequence[Segment]:
        """All segments that reach into the stretch, and some that do not."""
        first = bisect_left(self._starts, start - self._longest)
        return self._segments[first : bisect_right(self._starts, end)]


def _continues(draft: _Draft, segment: Segment, timeline: _Timeline, max_gap_s: float) -> bool:
    """Whether a segment goes on with its side's turn."""
    gap = segment.start - draft.end
    if gap > max_gap_s:
        return False
    if gap <= JOIN_S:
        return True
    return not any(
        _side(other) != _side(segment) and _takes_floor(other, draft.end, segment.start)
        for other in timeline.between(draft.end, segment.start)
    )


def _takes_floor(other: Segment, pause_start: float, pause_end: float) -> bool:
    """Whether a segment of the other side, words and not a hum, lies mostly inside a pause or fills most of it."""
    inside = min(other.end, pause_end) - max(other.start, pause_start)
    if inside <= 0 or re.sub(r"[^\w\s-]", "", other.text.lower()).strip() in HUMS:
        return False
    return inside >= 0.5 * (other.end - other.start) or inside >= 0.5 * (pause_end - pause_start)
