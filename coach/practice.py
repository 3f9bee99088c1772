"""What matters first in a call: the moments nobody took up, the questions that closed it, and what to ask instead."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from coach.measures import Answer, MissedMoment, Step, answers, missed_moments
from coach.measures.missed import OPENINGS
from coach.types import Call, Function, Question, Suggestion

MIN_FACTS = 3
MAX_STRENGTHS = 2
"""A question is a strength when its answer brought so many new facts; the best few are enough to hear."""


@dataclass(frozen=True, slots=True)
class Opening:
    """A moment the customer opened and nobody took up, with what could have been asked."""

    moment: MissedMoment
    unasked: str
    """What nobody asked, in a sentence."""
    suggestions: tuple[Suggestion, ...]


@dataclass(frozen=True, slots=True)
class Rework:
    """A question that was asked, with what would have drawn out more."""

    turn: int
    start_char: int
    question: Question | None
    """None when the call was scored again since and has no question there any more."""
    suggestions: tuple[Suggestion, ...]


@dataclass(frozen=True, slots=True)
class Practice:
    """All empty where the call offers nothing of the kind, or nobody knows who the agent is."""

    openings: tuple[Opening, ...]
    reworks: tuple[Rework, ...]
    strengths: tuple[Answer, ...]
    """The open questions that drew out most, the best first."""
    headline: str | None
    """The one thing to practise first, as an instruction; None where there is nothing."""


_UNASKED = {
    "leaving": "Nobody asked what is behind it.",
    "impact_stated": "Nobody asked what it does to them.",
    "urgency": "Nobody asked what hangs on it.",
    "confusion": "Nobody asked what is unclear.",
}
_ASK_IMPACT = "When a customer says what it does to them, or how urgent it is, ask more about that before going on."
_INSTRUCTIONS = {
    "leaving": "When somebody speaks of leaving, ask what is behind it before offering anything.",
    "impact_stated": _ASK_IMPACT,
    "urgency": _ASK_IMPACT,
    "confusion": "When a customer is confused, ask what is unclear before explaining.",
}
_OPEN_INSTRUCTIONS: dict[Function, str] = {
    "impact": "Ask what the matter does to the customer, in a way that lets them tell.",
    "need": "Ask what the customer wishes for, in a way that lets them tell.",
    "diagnostic": "Let the customer tell what happens before narrowing it down.",
    "opener": "Open the call so that the customer tells their story.",
    "learning": "At the end, ask what the customer would like to learn, or what we should do better.",
}


def practice_of(call: Call, suggestions: Sequence[Suggestion]) -> Practice:
    """What to practise in this call: missed moments in their order, then asked questions with suggestions in theirs."""
    missed = missed_moments(call.turns, call.questions, call.cues)
    openings = tuple(_opening(moment, suggestions) for moment in missed)
    taken = {id(one) for opening in openings for one in opening.suggestions}
    reworks = tuple(_reworks(call, [one for one in suggestions if id(one) not in taken]))
    return Practice(openings, reworks, _strengths(call), _headline(openings, reworks))


def _strengths(call: Call) -> tuple[Answer, ...]:
    good = [
        answer
        for answer in answers(call.turns, call.questions)
        if answer.question.form == "open" and not answer.question.unsure and len(answer.facts) >= MIN_FACTS
    ]
    return tuple(sorted(good, key=lambda answer: -len(answer.facts))[:MAX_STRENGTHS])


def said_by(step: Step) -> str:
    """Who brought the conversation to that step, in words; "not reached" when nobody did."""
    if step.by is None:
        return "not reached"
    if step.by == "customer":
        return "the customer said it"
    return "the agent proposed it" if step.name == "next_step" else "the agent asked"


def _opening(moment: MissedMoment, suggestions: Sequence[Suggestion]) -> Opening:
    cues = {(cue.turn, cue.tracker) for cue in (moment.cue, *moment.others)}
    own = tuple(one for one in suggestions if (one.turn, one.reason) in cues)
    return Opening(moment, _UNASKED[moment.cue.tracker], own)


def _reworks(call: Call, suggestions: Sequence[Suggestion]) -> Iterable[Rework]:
    asked = {(question.turn, question.start_char): question for question in call.questions}
    by_place: dict[tuple[int, int], list[Suggestion]] = {}
    for one in suggestions:
        if 0 <= one.turn < len(call.turns):
            by_place.setdefault((one.turn, one.start_char), []).append(one)
    for place, found in sorted(by_place.items()):
        yield Rework(*place, asked.get(place), tuple(found))


def _headline(openings: Sequence[Opening], reworks: Sequence[Rework]) -> str | None:
    """What would have helped most often (where equal, at the weightier cue); else to open the first such question."""
    if openings:
        trackers = sorted((opening.moment.cue.tracker for opening in openings), key=OPENINGS.index)
        return Counter(_INSTRUCTIONS[tracker] for tracker in trackers).most_common(1)[0][0]
    if reworks:
        return _OPEN_INSTRUCTIONS.get(reworks[0].suggestions[0].function, "Ask so that the customer can tell.")
    return None
