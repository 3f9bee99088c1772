"""What happened in a call, in numbers and in moments: plain functions of its turns, questions and cues.

The numbers are for coaching: to choose what to listen to and what to practise. They say nothing about a person's worth
and are not made for employment decisions.
"""

from collections.abc import Sequence

from coach.measures.answers import Answer, answers, measure_answers
from coach.measures.asking import measure_asking
from coach.measures.chain import STEPS, Chain, Step, chain, measure_chain
from coach.measures.missed import MissedMoment, measure_missed, missed_moments
from coach.measures.pauses import measure_pauses
from coach.measures.ranges import RANGES, Range, ranges_of
from coach.measures.reflecting import measure_reflecting
from coach.measures.talk import measure_talk
from coach.types import Cue, Question, Score, Turn

__all__ = [
    "RANGES",
    "STEPS",
    "Answer",
    "Chain",
    "MissedMoment",
    "Range",
    "Step",
    "answers",
    "chain",
    "measure",
    "measure_names",
    "missed_moments",
    "ranges_of",
]


def measure(
    turns: Sequence[Turn], questions: Sequence[Question], cues: Sequence[Cue], duration_s: float | None
) -> tuple[Score, ...]:
    """Every measure of a call, always the same names in the same order.

    What cannot be known is None, never 0: all about questions without turns of the agent, whatever compares the two
    sides when one of them is missing or unknown, times without times. Times after `duration_s` are cut.
    """
    return (
        *measure_asking(turns, questions, duration_s),
        *measure_reflecting(turns, questions, cues),
        *measure_answers(turns, questions),
        *measure_chain(turns, questions, cues),
        *measure_missed(turns, questions, cues),
        *measure_talk(turns, duration_s),
        *measure_pauses(turns, cues, duration_s),
    )


def measure_names() -> frozenset[str]:
    """The names of all measures."""
    return frozenset(score.name for score in measure((), (), (), None))
