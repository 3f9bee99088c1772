"""How often the agent says back what was heard, beside how often something is asked.

In motivational interviewing the ratio of reflections to questions is a sign of competent listening (Moyers, Manuel and
Ernst, Motivational Interviewing Treatment Integrity Coding Manual 4.2.1, 2014). Here reflections are cues of the
tracker `reflection`, a sentence each, and questions are all that the agent asked.
"""

from collections.abc import Iterator, Sequence

from coach.measures.figures import NO_AGENT, NO_QUESTIONS, absent, cite, counted
from coach.measures.likely import likely
from coach.measures.speech import speaks
from coach.types import Cue, Question, Score, Turn


def measure_reflecting(turns: Sequence[Turn], questions: Sequence[Question], cues: Sequence[Cue]) -> Iterator[Score]:
    """The number of reflections, and reflections per question (above 1 when there are more of them than questions)."""
    ratio = "reflections_per_question"
    if not speaks(turns, "agent"):
        yield absent("reflections", "count", NO_AGENT)
        yield absent(ratio, "count", NO_AGENT)
        return
    found = [cue for cue in likely(cues) if cue.tracker == "reflection"]
    said = counted(len(found), "time")
    yield Score(
        "reflections", float(len(found)), "count", f"The agent said back what was heard {said}.", evidence=cite(found)
    )
    if not questions:
        yield absent(ratio, "count", NO_QUESTIONS, of=0)
        return
    words = f"{counted(len(found), 'reflection').capitalize()} to {counted(len(questions), 'question')}."
    yield Score(ratio, len(found) / len(questions), "count", words, n=len(found), of=len(questions))
