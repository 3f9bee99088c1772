"""The diarization error rate: missed speech, false alarms and confused speakers over all speech of the reference.

As NIST defined it for Rich Transcription (2009): speakers are matched one to one for the most time in common,
overlapped speech counts for each speaker, and a collar around every boundary of the reference is not scored. Counted on
a grid of 10 ms.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations

import numpy as np

STEP_S = 0.01
COLLAR_S = 0.25

Spans = Sequence[tuple[float, float]]
"""When one speaker speaks: (start, end) in seconds."""


@dataclass(frozen=True, slots=True)
class Errors:
    """Seconds, so that recordings can be added up."""

    missed: float
    false_alarm: float
    confused: float
    total: float
    """Scored speech of the reference; two at once count twice."""

    @property
    def rate(self) -> float | None:
        """None when the reference holds no speech."""
        return (self.missed + self.false_alarm + self.confused) / self.total if self.total else None

    def __add__(self, other: "Errors") -> "Errors":
        return Errors(
            self.missed + other.missed,
            self.false_alarm + other.false_alarm,
            self.confused + other.confused,
            self.total + other.total,
        )


def errors(reference: Sequence[Spans], found: Sequence[Spans], *, collar_s: float = COLLAR_S) -> Errors:
    """Errors of `found` against `reference`, each a speaker's spans at a time; `found` may name up to six speakers."""
    end = max((span[1] for spans in (*reference, *found) for span in spans), default=0.0)
    n = round(end / STEP_S) + 1
    scored = np.ones(n, dtype=bool)
    for spans in reference:
        for edge in (edge for span in spans for edge in span):
            scored[max(0, round((edge - collar_s) / STEP_S)) : round((edge + collar_s) / STEP_S)] = False
    true = np.stack([_grid(spans, n) for spans in reference])[:, scored]
    told = np.stack([_grid(spans, n) for spans in found] or [np.zeros(n, dtype=bool)])[:, scored]
    n_true, n_told = true.sum(axis=0), told.sum(axis=0)
    common = np.array([[int((a & b).sum()) for b in told] for a in true])
    both = np.minimum(n_true, n_told).sum() - _best_match(common)
    missed, false_alarm = np.maximum(n_true - n_told, 0).sum(), np.maximum(n_told - n_true, 0).sum()
    return Errors(*(float(count * STEP_S) for count in (missed, false_alarm, both, n_true.sum())))


def _grid(spans: Spans, n: int) -> np.ndarray:
    grid = np.zeros(n, dtype=bool)
    for start, end in spans:
        grid[round(start / STEP_S) : round(end / STEP_S)] = True
    return grid


def _best_match(common: np.ndarray) -> int:
    """The most that rows and columns have in common when each is matched at most once."""
    few, many = sorted(common.shape)
    table = common if common.shape[0] == few else common.T
    return max(sum(int(table[i, j]) for i, j in enumerate(chosen)) for chosen in permutations(range(many), few))
