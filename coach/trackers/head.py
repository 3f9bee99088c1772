"""One tracker's decision, learned from its examples in closed form, and how sure it is.

Weighted kernel ridge regression to +1 (the cue) and -1 (not), over the tracker's examples and a background of what the
speaker usually says. The same examples give the same head; leaving an example out needs no second fit (Rasmussen and
Williams 2006, "Gaussian Processes for Machine Learning", section 5.4.2), so probability and threshold come from what
each example would get if it had never been seen. GAMMA, RIDGE and the weights were chosen by leaving out examples of
the shipped trackers.
"""

from dataclasses import dataclass

import numpy as np

GAMMA = 0.5
"""Of the likeness exp(-GAMMA * squared distance) of unit vectors."""
RIDGE = 0.1
BASE = -1.0
"""The score of what is like nothing seen: it carries no cue."""
BACKGROUND_WEIGHT = 0.3
"""What all ordinary sentences count, and what all of other trackers' examples do, as a share of the own examples."""
ORDINARY_WEIGHT = 1.0
"""Ordinary sentences to positive examples, and other trackers' examples to positive ones, where probability is
calibrated and the threshold set. The latter hold what small talk lacks: sentences that tell something, but not this."""
MAX_FALSE_ALARMS = 0.03
"""The share of ordinary sentences that a threshold may let through, however few the examples."""
RECIPE = f"kernel ridge 2 {BASE} {GAMMA} {RIDGE} {BACKGROUND_WEIGHT} {ORDINARY_WEIGHT} {MAX_FALSE_ALARMS}"
"""Another recipe, another fingerprint of all that is found."""
N_FOLDS = 8
_NEWTON_STEPS = 25
_STIFFNESS = 1e-6


@dataclass(frozen=True, slots=True)
class Rows:
    """What a head is fitted to: a tracker's own examples, then ordinary sentences, then other trackers' examples."""

    likeness: np.ndarray
    """(m, m) float32 of every row to every row."""
    truth: np.ndarray
    """(n,) bool: which of the first n rows, the own examples, carry the cue. The others carry none."""
    n_ordinary: int

    def without(self, left_out: np.ndarray) -> "Rows":
        """The same without some of the own examples, (n,) bool."""
        keep = np.concatenate([~left_out, np.ones(len(self.likeness) - len(self.truth), dtype=bool)])
        return Rows(self.likeness[np.ix_(keep, keep)], self.truth[~left_out], self.n_ordinary)


@dataclass(frozen=True, slots=True)
class Head:
    weights: np.ndarray
    """(m,) float32: what the likeness to each row counts."""
    slope: float
    offset: float
    """The probability is 1 / (1 + exp(-(slope * score + offset))), where score = likeness @ weights + BASE."""
    threshold: float
    """A probability: from it on the cue is found."""
    left_out: np.ndarray
    """(n,) the probability that each own example gets when the head has not seen it."""

    def probabilities(self, likeness: np.ndarray) -> np.ndarray:
        """(k,) for likeness (k, m) of k sentences to the head's rows."""
        return sigmoid(self.slope * (likeness @ self.weights + BASE) + self.offset)


def fit_head(rows: Rows) -> Head:
    """The head of one tracker: a matrix inverted once. At least one example of each kind is given."""
    n = len(rows.truth)
    target = np.full(len(rows.likeness), -1.0, dtype=np.float32)
    target[:n][rows.truth] = 1.0
    weight = _row_weights(rows)
    inverse = np.linalg.inv(rows.likeness + RIDGE * np.diag(1 / weight))
    weights = inverse @ (target - BASE)
    unseen = target - weights / np.diag(inverse)  # the score without the row itself
    carries = target > 0
    counts = np.ones(len(target))
    last = n + rows.n_ordinary
    for part in (counts[n:last], counts[last:]):
        part[:] = ORDINARY_WEIGHT * rows.truth.sum() / max(1, len(part))
    slope, offset = _calibrate(unseen, carries, counts)
    probability = sigmoid(slope * unseen + offset)
    threshold = _best_threshold(probability, carries, counts)
    if rows.n_ordinary:
        threshold = max(threshold, float(np.quantile(probability[n:last], 1 - MAX_FALSE_ALARMS)))
    return Head(weights, slope, offset, threshold, probability[:n])


def cross_validate(rows: Rows) -> tuple[np.ndarray, np.ndarray]:
    """(n,) probability and (n,) verdict of each own example by a head (threshold included) that never saw it.

    Examples are dealt out to N_FOLDS parts in the order of the file.
    """
    n = len(rows.truth)
    probability, found = np.zeros(n), np.zeros(n, dtype=bool)
    part = np.zeros(n, dtype=int)
    for kind in (True, False):
        part[rows.truth == kind] = np.arange((rows.truth == kind).sum()) % N_FOLDS
    for number in range(N_FOLDS):
        tested = part == number
        kept = np.concatenate([~tested, np.ones(len(rows.likeness) - n, dtype=bool)])
        head = fit_head(rows.without(tested))
        probability[tested] = head.probabilities(rows.likeness[np.ix_(np.flatnonzero(tested), np.flatnonzero(kept))])
        found[tested] = probability[tested] >= head.threshold
    return probability, found


def likeness(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """exp(-GAMMA * squared distance) of unit vectors (n, D) and (m, D): (n, m), of their type."""
    return np.asarray(np.exp(-2 * GAMMA * (1 - left @ right.T)))


def sigmoid(values: np.ndarray) -> np.ndarray:
    return np.asarray(1 / (1 + np.exp(-np.clip(values, -50, 50))))


def f1(truth: np.ndarray, found: np.ndarray) -> float:
    """2 * hits / (positives + found); 0 when neither is there."""
    total = int(truth.sum() + found.sum())
    return 2 * int((truth & found).sum()) / total if total else 0.0


def _row_weights(rows: Rows) -> np.ndarray:
    n, m = len(rows.truth), len(rows.likeness)
    weight = np.ones(m, dtype=np.float32)
    weight[n : n + rows.n_ordinary] = BACKGROUND_WEIGHT * n / max(1, rows.n_ordinary)
    weight[n + rows.n_ordinary :] = BACKGROUND_WEIGHT * n / max(1, m - n - rows.n_ordinary)
    return weight


def _calibrate(scores: np.ndarray, carries: np.ndarray, counts: np.ndarray) -> tuple[float, float]:
    """Slope and offset of a logistic curve through (scores, carries), each counted `counts` times.

    Platt 1999, "Probabilistic outputs for support vector machines", with its softened targets; Newton's method.
    """
    n_yes, n_no = counts[carries].sum(), counts[~carries].sum()
    target = np.where(carries, (n_yes + 1) / (n_yes + 2), 1 / (n_no + 2))
    columns = np.stack([scores, np.ones_like(scores)], axis=1)
    curve = np.array([1.0, 0.0])
    for _ in range(_NEWTON_STEPS):
        probability = sigmoid(columns @ curve)
        gradient = columns.T @ (counts * (probability - target))
        bend = (columns * (counts * probability * (1 - probability))[:, None]).T @ columns
        curve = curve - np.linalg.solve(bend + _STIFFNESS * np.eye(2), gradient)
    return max(float(curve[0]), _STIFFNESS), float(curve[1])


def _best_threshold(probability: np.ndarray, carries: np.ndarray, counts: np.ndarray) -> float:
    """The threshold of the highest F1, halfway to the next probability below it."""
    order = np.argsort(-probability, kind="stable")
    hits = np.cumsum((counts * carries)[order])
    scores = 2 * hits / (np.cumsum(counts[order]) + (counts * carries).sum())
    best = int(scores.argmax())
    below = probability[order[best + 1]] if best + 1 < len(order) else 0.0
    return float((probability[order[best]] + below) / 2)
