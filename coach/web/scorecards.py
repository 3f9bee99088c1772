"""The scorecards as the call page shows them: each criterion with its evidence, and what people said beside it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from coach.types import Score, Scorecard, Turn
from coach.verdicts import Standing, latest_reviews, points_apart, section_share, stand, sum_up
from coach.web import formats
from coach.web.scores import Moment, moments_of
from coach.web.wording import sentence_case

if TYPE_CHECKING:
    from coach.store import Review


@dataclass(frozen=True, slots=True)
class ReviewView:
    """A person's score beside the machine's."""

    person: str
    value: str
    difference: str
    """From the machine's, in points of a hundred; "" where one of the two gave no value."""
    note: str
    when: str


@dataclass(frozen=True, slots=True)
class CriterionView:
    anchor: str
    key: str
    """The criterion's own name, as a review gives it."""
    name: str
    standing: Standing
    verdict: str
    explanation: str
    counts: bool
    """False for what is only reported."""
    fatal: bool
    evidence: tuple[Moment, ...]
    more: tuple[Moment, ...]
    reviews: tuple[ReviewView, ...]


@dataclass(frozen=True, slots=True)
class SectionView:
    name: str
    value: str
    criteria: tuple[CriterionView, ...]


@dataclass(frozen=True, slots=True)
class ScorecardView:
    key: str
    name: str
    value: str
    share: float | None
    summary: str
    fatal: tuple[str, ...]
    """The fatal criteria that are not met, by name."""
    sections: tuple[SectionView, ...]
    left_over: tuple[tuple[str, ReviewView], ...]
    """Reviews of criteria that this rubric no longer has, with the criterion's name."""


def view_scorecards(
    scorecards: Sequence[Scorecard], reviews: Sequence["Review"], turns: Sequence[Turn]
) -> tuple[ScorecardView, ...]:
    """The scorecards in their own order; of a person's reviews of one criterion the latest."""
    latest = latest_reviews(reviews)
    return tuple(
        _view_card(number, card, [one for one in latest if one.rubric == card.rubric], turns)
        for number, card in enumerate(scorecards, 1)
    )


def anchor_of(scorecards: Sequence[Scorecard], rubric: str, criterion: str) -> str:
    """Where on the page a criterion stands."""
    for number, card in enumerate(scorecards, 1):
        for at, score in enumerate(card.scores, 1):
            if (card.rubric, score.name) == (rubric, criterion):
                return _anchor(number, at)
    return "scorecards"


def _anchor(card: int, criterion: int) -> str:
    return f"criterion-{card}-{criterion}"


def _view_card(number: int, card: Scorecard, reviews: Sequence["Review"], turns: Sequence[Turn]) -> ScorecardView:
    names = {score.name for score in card.scores}
    return ScorecardView(
        key=card.rubric,
        name=sentence_case(card.rubric),
        value=formats.percent(card.value),
        share=card.value,
        summary=sum_up(card.scores),
        fatal=tuple(sentence_case(score.name) for score in card.scores if score.fatal and score.value == 0),
        sections=tuple(_view_sections(number, card.scores, reviews, turns)),
        left_over=tuple(
            (sentence_case(one.criterion), _view_review(one, None)) for one in reviews if one.criterion not in names
        ),
    )


def _view_sections(
    number: int, scores: Sequence[Score], reviews: Sequence["Review"], turns: Sequence[Turn]
) -> Iterator[SectionView]:
    numbered = list(enumerate(scores, 1))
    for section, group in groupby(numbered, key=lambda pair: pair[1].section):
        members = list(group)
        yield SectionView(
            name=sentence_case(section),
            value=formats.percent(section_share(score for _, score in members)),
            criteria=tuple(_view_criterion(_anchor(number, at), score, reviews, turns) for at, score in members),
        )


def _view_criterion(anchor: str, score: Score, reviews: Sequence["Review"], turns: Sequence[Turn]) -> CriterionView:
    standing = stand(score)
    partly = f"partly, {formats.percent(score.value)}"
    shown, more = moments_of(score.evidence, turns)
    return CriterionView(
        anchor=anchor,
        key=score.name,
        name=sentence_case(score.name),
        standing=standing,
        verdict=partly if standing == "partly met" else standing,
        explanation=score.explanation,
        counts=bool(score.weight),
        fatal=score.fatal,
        evidence=shown,
        more=more,
        reviews=tuple(_view_review(one, score.value) for one in reviews if one.criterion == score.name),
    )


def _view_review(review: "Review", machine: float | None) -> ReviewView:
    points = points_apart(review.value, machine)
    difference = "" if points is None else f"{points:+d} points" if points else "same as the machine"
    return ReviewView(
        person=review.person,
        value="does not apply" if review.value is None else formats.percent(review.value),
        difference=difference.replace("-", "\N{MINUS SIGN}"),
        note=review.note,
        when=formats.day(review.at),
    )
