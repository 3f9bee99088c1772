"""Trying a tracker: how well its examples agree with each other, and what it would catch among given sentences."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np

from coach.trackers.finder import CueFinder
from coach.trackers.head import cross_validate, f1
from coach.trackers.tracker import Tracker

NEAR = 0.6
"""What reaches so much of the threshold without reaching it is shown as a near miss."""
_MAX_CLASHES = 5
_AT_ONCE = 4096
"""Sentences judged together: what is not caught is forgotten again, so that all calls of a store can be tried."""


@dataclass(frozen=True, slots=True)
class Clash:
    """An example that is taken for the other kind when it is left out, and the example that draws it there."""

    text: str
    carries: bool
    probability: float
    nearest: str
    """The likest example of the other kind."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """How well a tracker's examples foretell each other, by heads that never saw the example they judge."""

    f1: float
    precision: float
    recall: float
    threshold: float
    """Of the tracker as it will be used, from all examples."""
    clashes: tuple[Clash, ...]
    """The worst first, at most five."""

    def to_json(self) -> dict[str, Any]:
        return {
            "f1": round(self.f1, 3),
            "precision": round(self.precision, 3),
            "recall": round(self.recall, 3),
            "threshold": round(self.threshold, 4),
            "clashes": [{"text": c.text, "carries": c.carries, "nearest": c.nearest} for c in self.clashes],
        }


@dataclass(frozen=True, slots=True)
class Heard:
    """A sentence and what the tracker makes of it."""

    place: str
    """call@mm:ss, or the line of a file."""
    text: str
    probability: float


def agreement(finder: CueFinder, tracker: Tracker) -> Agreement:
    """The tracker's examples held against each other; `finder` must have the tracker."""
    rows = finder.rows(tracker)
    texts = (*tracker.positive, *tracker.negative)
    probability, found = cross_validate(rows)
    hits = int((rows.truth & found).sum())
    clashes = []
    for row in np.flatnonzero(found != rows.truth):
        other = np.where(rows.truth != rows.truth[row], rows.likeness[row, : len(texts)], -1.0)
        clash = Clash(texts[row], bool(rows.truth[row]), float(probability[row]), texts[int(other.argmax())])
        clashes.append(clash)
    clashes.sort(key=lambda clash: clash.probability if clash.carries else 1 - clash.probability)
    threshold = finder.thresholds(tracker.speaker)[finder.of(tracker.speaker).index(tracker)]
    return Agreement(
        f1=f1(rows.truth, found),
        precision=hits / max(1, int(found.sum())),
        recall=hits / int(rows.truth.sum()),
        threshold=float(threshold),
        clashes=tuple(clashes[:_MAX_CLASHES]),
    )


def catch(finder: CueFinder, tracker: Tracker, sentences: Iterable[tuple[str, str]]) -> tuple[list[Heard], list[Heard]]:
    """What the tracker finds in (place, sentence) pairs, and what it nearly finds; both likeliest first.

    A sentence that is said in several places is listed once, at its first.
    """
    column = finder.of(tracker.speaker).index(tracker)
    threshold = float(finder.thresholds(tracker.speaker)[column])
    first: dict[str, Heard] = {}
    left = iter(sentences)
    while part := list(islice(left, _AT_ONCE)):
        likely = finder.probabilities([text for _, text in part], tracker.speaker)[:, column]
        for (place, text), probability in zip(part, likely.tolist(), strict=True):
            if probability >= NEAR * threshold:
                first.setdefault(text, Heard(place, text, probability))
    heard = sorted(first.values(), key=lambda one: -one.probability)
    caught = [one for one in heard if one.probability >= threshold]
    return caught, heard[len(caught) :]
