"""Which cues may be built on.

A cue's score is the calibrated probability that it is right. One that is likelier wrong than right is worth showing to
people, as unsure; it must neither praise nor accuse anybody, so measures, chain, missed moments and scorecards leave it
out.
"""

from collections.abc import Iterable

from coach.types import Cue

MIN_SCORE = 0.5


def likely(cues: Iterable[Cue]) -> list[Cue]:
    """The cues that are at least as likely right as wrong, in their order."""
    return [cue for cue in cues if cue.score >= MIN_SCORE]
