"""Builds a transcript: both sides' segments become turns in the order in which they were begun."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from coach.types import Segment, Turn

MAX_GAP_S = 2.0  # a longer pause ends a turn even when nobody else speaks
JOIN_S = 0.3  # a shorter one is no pause: whoever spoke meanwhile spoke over it
HUMS = frozenset({"mm", "mmm", "hmm", "hm", "mhm", "mmhmm", "mm-hmm", "uh-huh", "uhhuh", "aha", "ah", "oh", "um", "uh"})
"""Sounds of listening: made in a pause, they do not take the floor."""


@dataclass(slots=True)
class _Draft:
    """A turn being put together."""

    segments: list[Segment] = field(default_factory=list)

    @property
    def start(self) -> float:
        return self.segments[0].start

    @property
    def end(self) -> float:
        return max(segment.end for segment in self.segments)


def build_turns(segments: Sequence[Segment], max_gap_s: float = MAX_GAP_S) -> list[Turn]:
    """Turns ordered by start, from the accepted segments of all channels; dropped segments are left out.

    One side's segments join while its pauses are shorter than `max_gap_s` and no other side takes the floor in them.
    A word put in over the other's speech becomes a turn of its own and does not cut the other's in two. Every accepted
    segment's text is in exactly one turn, and one side's turns keep its words in order.
    """
    accepted = sorted((s for s in segments if s.dropped is None and s.text.strip()), key=lambda s: (s.start, s.end))
    drafts: list[_Draft] = []
    open_drafts: dict[tuple[int, str], _Draft] = {}
    for segment in accepted:
        side = (segment.channel, segment.role)
        draft = open_drafts.get(side)
        if draft is None or not _continues(draft, segment, accepted, max_gap_s):
            draft = _Draft()
            drafts.append(draft)
            open_drafts[side] = draft
        draft.segments.append(segment)
    return [
        Turn(
            role=draft.segments[0].role,
            text=" ".join(segment.text.strip() for segment in draft.segments),
            start=draft.start,
            end=draft.end,
        )
        for draft in drafts
    ]


def _continues(draft: _Draft, segment: Segment, everybody: Sequence[Segment], max_gap_s: float) -> bool:
    """Whether a segment goes on with its side's turn."""
    gap = segment.start - draft.end
    if gap > max_gap_s:
        return False
    if gap <= JOIN_S:
        return True
    return not any(
        other.channel != segment.channel and _takes_floor(other, draft.end, segment.start) for other in everybody
    )


def _takes_floor(other: Segment, pause_start: float, pause_end: float) -> bool:
    """Whether a segment of the other side, words and not a hum, lies mostly inside a pause or fills most of it."""
    inside = min(other.end, pause_end) - max(other.start, pause_start)
    if inside <= 0 or re.sub(r"[^\w\s-]", "", other.text.lower()).strip() in HUMS:
        return False
    return inside >= 0.5 * (other.end - other.start) or inside >= 0.5 * (pause_end - pause_start)
