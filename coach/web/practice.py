"""What matters first on the page of a call: missed moments, questions to open, and how far the conversation got."""

from dataclasses import dataclass

from coach.measures import Answer, Chain
from coach.practice import Opening, Practice, Rework, said_by
from coach.types import Call, Cue, Form, Function, Suggestion
from coach.web import formats
from coach.web.scores import Moment, name_moment
from coach.web.timeline import position
from coach.web.wording import name_cue, sentence_case

SHOWN_MISSED = 3
SHOWN_REWORKS = 2
"""Missed moments and questions to open that are shown at once; the rest is folded away."""


@dataclass(frozen=True, slots=True)
class Advice:
    """A question to ask instead, and where it comes from."""

    text: str
    function: Function
    kind: str
    source: str
    address: str | None
    """The colleague's call at that second; None for what no colleague asked."""
    when: str


@dataclass(frozen=True, slots=True)
class MissedView:
    anchor: str
    cues: tuple[str, ...]
    """What the customer said there, by the trackers' names, the weightiest first."""
    moment: Moment
    unasked: str
    reply: Moment
    """What the agent said instead."""
    advice: tuple[Advice, ...]
    x: float | None
    """Position on the timeline in per cent; None without times."""


@dataclass(frozen=True, slots=True)
class ReworkView:
    moment: Moment
    form: Form | None
    function: Function | None
    unsure: bool
    advice: tuple[Advice, ...]


@dataclass(frozen=True, slots=True)
class StrengthView:
    moment: Moment
    form: Form
    function: Function
    unsure: bool
    drew_out: str
    answer: Moment
    """Where the customer begins to answer."""


@dataclass(frozen=True, slots=True)
class StepView:
    name: str
    moment: Moment | None
    """None when the call did not get there."""
    by: str


@dataclass(frozen=True, slots=True)
class PracticeView:
    headline: str
    taken_up: str
    """What was done well at the same kind of moment, in a sentence; "" where there is nothing to say."""
    missed: tuple[MissedView, ...]
    more_missed: tuple[MissedView, ...]
    reworks: tuple[ReworkView, ...]
    more_reworks: tuple[ReworkView, ...]
    strengths: tuple[StrengthView, ...]


_KINDS = {"colleague": "A colleague asked", "rewrite": "In the words of this call", "bank": "From the bank"}


def view_practice(call: Call, practice: Practice, length_s: float | None) -> PracticeView:
    """What to practise. The headline is never empty: a call that gives nothing to practise says that."""
    missed = tuple(
        _view_missed(f"missed-{number}", call, one, length_s) for number, one in enumerate(practice.openings, 1)
    )
    reworks = tuple(_view_rework(call, one) for one in practice.reworks)
    taken_up = next((score for score in call.measures if score.name == "taken_up" and score.value is not None), None)
    return PracticeView(
        headline=practice.headline or "Nothing stands out to practise in this call.",
        taken_up="" if taken_up is None else taken_up.explanation,
        missed=missed[:SHOWN_MISSED],
        more_missed=missed[SHOWN_MISSED:],
        reworks=reworks[:SHOWN_REWORKS],
        more_reworks=reworks[SHOWN_REWORKS:],
        strengths=tuple(_view_strength(call, one) for one in practice.strengths),
    )


def view_chain(call: Call, chain: Chain) -> tuple[StepView, ...]:
    """The five steps in their order."""
    return tuple(
        StepView(
            name=sentence_case(step.name),
            moment=None if step.turn is None else name_moment(call.turns, step.turn, step.time_s, step.text),
            by=said_by(step),
        )
        for step in chain.steps
    )


def _view_missed(anchor: str, call: Call, opening: Opening, length_s: float | None) -> MissedView:
    cue, reply = opening.moment.cue, opening.moment.agent_turns[0]
    moment = _cue_moment(call, cue)
    timed = moment.time_s is not None and length_s is not None
    return MissedView(
        anchor=anchor,
        cues=tuple(dict.fromkeys(name_cue(one.tracker) for one in (cue, *opening.moment.others))),
        moment=moment,
        unasked=opening.unasked,
        reply=name_moment(call.turns, reply, None, call.turns[reply].text),
        advice=tuple(_view_advice(one) for one in opening.suggestions),
        x=position(moment.time_s or 0.0, length_s or 1.0) if timed else None,
    )


def _cue_moment(call: Call, cue: Cue) -> Moment:
    return name_moment(call.turns, cue.turn, cue.time_s, cue.text)


def _view_rework(call: Call, rework: Rework) -> ReworkView:
    question = rework.question
    time_s, text = (None, call.turns[rework.turn].text) if question is None else (question.time_s, question.text)
    return ReworkView(
        moment=name_moment(call.turns, rework.turn, time_s, text),
        form=None if question is None else question.form,
        function=None if question is None else question.function,
        unsure=question is not None and question.unsure,
        advice=tuple(_view_advice(one) for one in rework.suggestions),
    )


def _view_strength(call: Call, strength: Answer) -> StrengthView:
    question, first = strength.question, strength.turns[0]
    return StrengthView(
        moment=name_moment(call.turns, question.turn, question.time_s, question.text),
        form=question.form,
        function=question.function,
        unsure=question.unsure,
        drew_out=f"Drew out {strength.words} words, {len(strength.facts)} of them new facts.",
        answer=name_moment(call.turns, first, None, call.turns[first].text),
    )


def _view_advice(one: Suggestion) -> Advice:
    return Advice(
        text=one.text,
        function=one.function,
        kind=_KINDS[one.kind],
        source=one.source,
        address=None if one.source_call is None else _address(one.source_call, one.source_turn, one.source_time_s),
        when="" if one.source_time_s is None else formats.clock(one.source_time_s),
    )


def _address(call_id: str, turn: int | None, time_s: float | None) -> str:
    path = formats.call_path(call_id)
    if time_s is not None:
        return f"{path}#t={time_s:.1f}"
    return path if turn is None else f"{path}#turn-{turn + 1}"
