"""All measures of a call, on one sheet."""

from collections.abc import Sequence

from coach.measures.answers import measure_answers
from coach.measures.asking import measure_asking
from coach.measures.chain import measure_chain
from coach.measures.missed import measure_missed
from coach.measures.pauses import measure_pauses
from coach.measures.reflecting import measure_reflecting
from coach.measures.talk import measure_talk
from coach.types import Cue, Question, Score, Turn


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
