"""How a scorecard reads, wherever it is shown: what came out of each criterion, in words, beside what people say."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Literal

from coach.types import Score

if TYPE_CHECKING:
    from coach.store import Review

Standing = Literal["met", "partly met", "not met", "does not apply"]


def stand(score: Score) -> Standing:
    """How a criterion came out."""
    if score.value is None:
        return "does not apply"
    if score.value in (0, 1):
        return "met" if score.value else "not met"
    return "partly met"


def section_share(scores: Iterable[Score]) -> float | None:
    """The mean, by weight, of a section's criteria that count and apply, as in the scorecard; None when none does."""
    counted = [(score.weight, score.value) for score in scores if score.weight and score.value is not None]
    total = sum(weight for weight, _ in counted)
    return sum(weight * value for weight, value in counted) / total if total else None


def sum_up(scores: Sequence[Score]) -> str:
    """How many of the criteria that count are met, in a sentence."""
    counted = [score for score in scores if score.weight and score.value is not None]
    if not counted:
        return "No criterion applies to this call."
    met = sum(score.value == 1 for score in counted)
    aside = len(scores) - len(counted)
    words = f"{met} of {len(counted)} criteria that apply {'is' if met == 1 else 'are'} met"
    return f"{words}; {aside} {'does' if aside == 1 else 'do'} not count here." if aside else f"{words}."


def latest_reviews(reviews: Iterable["Review"]) -> list["Review"]:
    """Of each person's reviews of one criterion the latest; `reviews` are in the order of their time."""
    return list({(one.rubric, one.criterion, one.person): one for one in reviews}.values())


def points_apart(person: float | None, machine: float | None) -> int | None:
    """A person's score less the machine's, in points of a hundred; None where one of them gave no value."""
    return None if person is None or machine is None else round((person - machine) * 100)
