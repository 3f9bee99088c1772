"""What happened in a call, in numbers and in moments: plain functions of its turns, questions and cues.

The numbers are for coaching: to choose what to listen to and what to practise. They say nothing about a person's worth
and are not made for employment decisions.
"""

from coach.measures.answers import Answer, answers
from coach.measures.chain import STEPS, Chain, Step, chain
from coach.measures.missed import MissedMoment, missed_moments
from coach.measures.ranges import RANGES, Range, ranges_of
from coach.measures.sheet import measure, measure_names

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
