"""95 % intervals of figures over items that come in groups: dialogues, transcripts, scenarios.

The percentile bootstrap that draws whole groups with replacement, for items of one dialogue are not independent.
"""

from collections.abc import Callable, Hashable, Sequence

import numpy as np

RESAMPLES = 1000

Figure = Callable[[np.ndarray], float]
"""Of the items in these rows."""


def resamples(groups: Sequence[Hashable]) -> list[np.ndarray]:
    """Row numbers of RESAMPLES draws of as many groups as there are; `groups` names the group of each item."""
    members: dict[Hashable, list[int]] = {}
    for row, group in enumerate(groups):
        members.setdefault(group, []).append(row)
    parts = [np.array(rows) for rows in members.values()]
    draws = np.random.default_rng(0).integers(len(parts), size=(RESAMPLES, len(parts)))
    return [np.concatenate([parts[pick] for pick in draw]) for draw in draws]


def interval(figure: Figure, samples: Sequence[np.ndarray]) -> tuple[float, float]:
    """The middle 95 % of the figure over the samples."""
    low, high = np.percentile([figure(rows) for rows in samples], [2.5, 97.5])
    return float(low), float(high)


def shown(figure: Figure, samples: Sequence[np.ndarray], n: int) -> str:
    """The figure over all n rows with its interval, to be printed."""
    low, high = interval(figure, samples)
    return f"{figure(np.arange(n)):.3f} [{low:.3f}, {high:.3f}]"
