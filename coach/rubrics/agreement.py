"""How well a rubric's scores agree with people's, and which judged criteria may count."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from coach.intervals import wilson
from coach.rubrics.criterion import Judged
from coach.rubrics.rubric import Rubric

MIN_REVIEWS = 30
"""With fewer yes-or-no reviews the interval of kappa is so wide that nothing could be concluded."""
MIN_KAPPA = 0.6
"""Agreement above this is "substantial" in the words of Landis and Koch (The measurement of observer agreement for
categorical data, 1977). The lower end of the interval has to reach it."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """Of the machine's and people's scores of one criterion."""

    n: int
    """Reviews in which both gave a value."""
    difference: float | None
    """Mean absolute difference, 0..1; None without reviews."""
    n_yes_no: int
    """Reviews in which both values are 0 or 1."""
    kappa: float | None
    """Cohen's, over those; None without them, and where both always say the same one thing (chance explains it all)."""
    low: float | None = None
    high: float | None = None
    """95 % interval of kappa."""

    @property
    def suffices(self) -> bool:
        """Whether a judged criterion that agrees like this may count."""
        return self.n_yes_no >= MIN_REVIEWS and self.low is not None and self.low >= MIN_KAPPA


def agree(pairs: Sequence[tuple[float, float]]) -> Agreement:
    """The agreement of (machine's, person's) values, each 0..1.

    The interval of kappa is Wilson's of the observed agreement, put on kappa's scale with the agreement by chance taken
    as known; unlike the usual standard error it does not shrink to nothing when all reviews agree.
    """
    n = len(pairs)
    difference = sum(abs(machine - person) for machine, person in pairs) / n if n else None
    yes_no = [pair for pair in pairs if set(pair) <= {0.0, 1.0}]
    total = len(yes_no)
    bounds = wilson(sum(machine == person for machine, person in yes_no), total)
    if bounds is None:
        return Agreement(n, difference, 0, None)
    machine_yes, person_yes = (sum(pair[side] for pair in yes_no) / total for side in (0, 1))
    chance = machine_yes * person_yes + (1.0 - machine_yes) * (1.0 - person_yes)
    if chance >= 1.0:
        return Agreement(n, difference, total, None)
    observed = sum(machine == person for machine, person in yes_no) / total
    kappa, low, high = ((share - chance) / (1.0 - chance) for share in (observed, *bounds))
    return Agreement(n, difference, total, kappa, low, high)


def calibrate(rubric: Rubric, reviewed: Mapping[str, Sequence[tuple[float, float]]]) -> Rubric:
    """The rubric in which judged criteria count that agree well enough with people.

    `reviewed` has (machine's, person's) values by criterion, as `Store.reviewed_scores` gives them. With that the
    rubric's hash changes too: the same call may get another scorecard.
    """
    judged = [criterion.name for criterion in rubric.criteria if isinstance(criterion, Judged)]
    return replace(rubric, calibrated=tuple(name for name in judged if agree(reviewed.get(name, ())).suffices))
