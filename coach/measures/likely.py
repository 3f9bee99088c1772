"""Which cues may be built on.

A cue's score is calibrated where cues are common; in a call most sentences carry none, so one of score .5 is wrong
more often than not. A cue that is likelier wrong than right is worth showing to people, as unsure; it must neither
praise nor accuse anybody, so measures, chain, missed moments and scorecards leave it out.
"""

from collections.abc import Iterable

from coach.types import LIKELY_CUE, Cue


def likely(cues: Iterable[Cue]) -> list[Cue]:
    """The cues that are likelier right than wrong, in their order."""
    return [cue for cue in cues if cue.score >= LIKELY_CUE]
