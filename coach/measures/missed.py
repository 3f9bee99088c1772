"""Moments in which the customer opens a door, and whether the agent went through it.

A moment is what the customer says before the agent's next turn, when it carries a likely cue of OPENINGS. The agent
takes it up by probing within the next WITHIN_TURNS of their turns (backchannels that ask nothing are not counted):

- a question about impact or need, in any form;
- an open diagnostic question;
- or a reflection, empathy or (useful to who is confused) teaching, followed by any question in those turns.

To answer, apologise or promise without asking is no probe: it may be right, but nothing is learned. A moment after
which the agent says nothing any more cannot be missed and is left out.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from coach.measures.figures import ONE_SIDED, absent
from coach.measures.likely import likely
from coach.measures.speech import both_speak, is_backchannel
from coach.types import Cue, Evidence, Question, Score, Turn

OPENINGS = ("leaving", "impact_stated", "urgency", "confusion")
"""The customer's cues that call for a question, the weightiest first."""
ACKNOWLEDGING = frozenset({"reflection", "empathy", "teaching"})
WITHIN_TURNS = 2


@dataclass(frozen=True, slots=True)
class MissedMoment:
    """A moment that the agent did not take up."""

    cue: Cue
    """The weightiest of the moment's cues, in the order of OPENINGS."""
    others: tuple[Cue, ...]
    """The moment's further cues."""
    agent_turns: tuple[int, ...]
    """The agent's turns, one or two, that did not take it up."""


@dataclass(frozen=True, slots=True)
class _Moment:
    cues: tuple[Cue, ...]
    agent_turns: tuple[int, ...]
    taken_up: bool


def missed_moments(
    turns: Sequence[Turn], questions: Sequence[Question], cues: Sequence[Cue]
) -> tuple[MissedMoment, ...]:
    """The moments nobody took up, in their order; empty where there were none and where sides are not known."""
    return tuple(
        MissedMoment(moment.cues[0], moment.cues[1:], moment.agent_turns)
        for moment in _moments(turns, questions, cues)
        if not moment.taken_up
    )


def measure_missed(turns: Sequence[Turn], questions: Sequence[Question], cues: Sequence[Cue]) -> Iterator[Score]:
    """The share of the customer's openings that the agent took up; evidence are those that nobody did."""
    name = "taken_up"
    if not both_speak(turns):
        yield absent(name, "share", ONE_SIDED)
        return
    n = len(_moments(turns, questions, cues))
    if not n:
        yield absent(name, "share", "the customer stated no impact, confusion, urgency or wish to leave", of=0)
        return
    missed = missed_moments(turns, questions, cues)
    evidence = tuple(Evidence(moment.cue.turn, moment.cue.time_s, moment.cue.text) for moment in missed)
    words = f"The agent asked further after {n - len(missed)} of {n} moments that called for it."
    yield Score(name, (n - len(missed)) / n, "share", words, n=n - len(missed), of=n, evidence=evidence)


def _moments(turns: Sequence[Turn], questions: Sequence[Question], cues: Sequence[Cue]) -> list[_Moment]:
    """The customer's openings in order; cues before the same turn of the agent are one moment."""
    asked: dict[int, list[Question]] = {}
    for question in questions:
        asked.setdefault(question.turn, []).append(question)
    heard = sorted((cue.turn, cue.start_char) for cue in likely(cues) if cue.tracker in ACKNOWLEDGING)
    replies = agent_replies(turns, asked)
    by_replies: dict[tuple[int, ...], list[Cue]] = {}
    for cue in likely(cues):
        if cue.tracker in OPENINGS and turns[cue.turn].role == "customer":
            after = next_replies(replies, cue.turn, WITHIN_TURNS)
            if after:
                by_replies.setdefault(after, []).append(cue)
    moments = [
        _Moment(tuple(sorted(found, key=_weight)), after, _taken_up(after, asked, heard))
        for after, found in by_replies.items()
    ]
    return sorted(moments, key=lambda moment: min((cue.turn, cue.start_char) for cue in moment.cues))


def agent_replies(turns: Sequence[Turn], counted: Collection[int]) -> list[int]:
    """The agent's turns in order, without backchannels, except those in `counted` that matter however short."""
    return [
        index
        for index, turn in enumerate(turns)
        if turn.role == "agent" and turn.text.strip() and (index in counted or not is_backchannel(turn))
    ]


def next_replies(replies: Sequence[int], turn: int, n: int) -> tuple[int, ...]:
    """Of the agent's replies, the first `n` after a turn."""
    first = bisect_right(replies, turn)
    return tuple(replies[first : first + n])


def _weight(cue: Cue) -> tuple[int, int, int]:
    return OPENINGS.index(cue.tracker), cue.turn, cue.start_char


def _taken_up(replies: Sequence[int], asked: Mapping[int, list[Question]], heard: Sequence[tuple[int, int]]) -> bool:
    """Whether a probe stands in these turns of the agent. `heard` are the places of acknowledging cues, in order."""
    questions = [question for turn in replies for question in asked.get(turn, ())]
    if any(q.function in ("impact", "need") or (q.function == "diagnostic" and q.form == "open") for q in questions):
        return True
    between = slice(bisect_left(heard, (replies[0], 0)), bisect_left(heard, (replies[-1] + 1, 0)))
    first = next((place for place in heard[between] if place[0] in replies), None)
    return first is not None and any((q.turn, q.start_char) >= first for q in questions)
