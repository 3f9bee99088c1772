"""The moments of a call in which another question would have drawn out more, the most valuable first.

First what the customer opened and nobody took up (coach.measures.missed), the weightiest cue first. Then, of each
function in _CLOSED, the first question that was asked closed: one example teaches, five of the same kind tire. An offer
of more help at the end ("anything else?") could have been a question to learn from.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from coach.measures.answers import content_words
from coach.measures.missed import OPENINGS, MissedMoment, missed_moments
from coach.questions.find import MAX_PREV_WORDS, last_words
from coach.types import ASKED_CLOSED, Cue, Function, Question, Turn

MAX_MOMENTS = 5
"""In a call. More would be read by nobody, and practised by nobody."""
WITHIN_TURNS = 3
"""An open question of the wished function within so many of the agent's next turns makes a suggestion needless."""
MIN_CONTENT_WORDS = 3
"""With fewer different content words ("yes, that is right, yes") the customer's words tell no matter: on real
consultations (primock57) their nearest neighbours came no more often from one with the same complaint than others."""

_AFTER_CUE: dict[str, Function] = {
    "leaving": "need",
    "impact_stated": "impact",
    "urgency": "impact",
    "confusion": "diagnostic",
}
_CLOSED: dict[Function, Function] = {
    "impact": "impact",
    "need": "need",
    "opener": "opener",
    "closing": "learning",
    "diagnostic": "diagnostic",
}
"""What would have been better asked, by what was asked closed; the most valuable first."""


@dataclass(frozen=True, slots=True)
class Moment:
    """Where another question would have helped, and what it should do."""

    turn: int
    start_char: int
    reason: str
    """ASKED_CLOSED, or the tracker of the cue that nobody took up."""
    function: Function
    said: str
    """The customer's words up to the moment, at most MAX_PREV_WORDS; empty when the customer has not spoken."""
    asked: str
    """What the agent asked instead, closed; empty where nothing was asked."""


def moments_of(turns: Sequence[Turn], questions: Sequence[Question], cues: Sequence[Cue]) -> list[Moment]:
    """At most MAX_MOMENTS, the most valuable first; empty when sides are not known."""
    missed = sorted(missed_moments(turns, questions, cues), key=lambda one: OPENINGS.index(one.cue.tracker))
    found = [*(_after_cue(turns, questions, one) for one in missed), *_closed(turns, questions)]
    wanted = [moment for moment in found if not _asked_soon(moment, turns, questions)]
    return wanted[:MAX_MOMENTS]


def telling(words: str) -> bool:
    """Whether the customer's words tell what the matter is."""
    return len(set(content_words(words))) >= MIN_CONTENT_WORDS


def _after_cue(turns: Sequence[Turn], questions: Sequence[Question], missed: MissedMoment) -> Moment:
    cue = missed.cue
    said = turns[cue.turn].text[: cue.end_char].split()[-MAX_PREV_WORDS:]
    asked = [one.text for one in questions if one.turn in missed.agent_turns and one.form == "closed"]
    function = _AFTER_CUE[cue.tracker]
    return Moment(cue.turn, cue.start_char, cue.tracker, function, " ".join(said), asked[0] if asked else "")


def _closed(turns: Sequence[Turn], questions: Sequence[Question]) -> Iterator[Moment]:
    """A closed diagnostic question counts only while no open one was asked: later, facts are to be narrowed down.

    Of closing questions the last one ends the call.
    """
    for asked, wished in _CLOSED.items():
        alike = [one for one in questions if one.function == asked and not one.unsure]
        one = next((one for one in (alike[::-1] if asked == "closing" else alike) if one.form == "closed"), None)
        if one is None or (asked == "diagnostic" and any(_place(q) < _place(one) for q in alike if q.form == "open")):
            continue
        said = last_words(turns, one.turn)
        yield Moment(one.turn, one.start_char, ASKED_CLOSED, wished, said, one.text)


def _asked_soon(moment: Moment, turns: Sequence[Turn], questions: Sequence[Question]) -> bool:
    """Whether the agent asked what is wished in the moment's own turn or in the next WITHIN_TURNS of theirs."""
    after = [index for index, turn in enumerate(turns) if index > moment.turn and turn.role == "agent"][:WITHIN_TURNS]
    soon = {moment.turn, *after}
    return any(q.turn in soon and q.form == "open" and q.function == moment.function for q in questions)


def _place(question: Question) -> tuple[int, int]:
    return question.turn, question.start_char
