"""How each kind of criterion comes out for one call: a plain function a kind."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from coach.measures.figures import NO_QUESTIONS, counted
from coach.measures.likely import likely
from coach.measures.missed import agent_replies, next_replies
from coach.rubrics.criterion import Count, Criterion, CueCount, FollowUp, InRange, Judged, Order, Pick, Share
from coach.types import Call, Cue, Evidence, Question


class Judgement(Protocol):
    """What an LLM said of a judged criterion."""

    @property
    def value(self) -> float | None: ...
    @property
    def explanation(self) -> str: ...
    @property
    def turns(self) -> tuple[int, ...]: ...


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a criterion came out."""

    value: float | None
    """0 not met, 1 met; None: does not apply."""
    found: str
    """What was found, in one sentence."""
    evidence: tuple[Evidence, ...] = ()
    n: int | None = None
    of: int | None = None


Moment = Question | Cue


def come_out(criterion: Criterion, call: Call, judgements: Mapping[str, Judgement]) -> Outcome:
    """How the criterion comes out for a call with questions, cues and measures in which an agent speaks."""
    if isinstance(criterion, Judged):
        return _judged(criterion, call, judgements)
    return _KINDS[criterion.kind](criterion, call)


def _share(criterion: Share, call: Call) -> Outcome:
    chosen = _questions(call, criterion.forms, criterion.functions)
    total = sum(not question.unsure for question in call.questions)
    if not total:
        return _does_not_apply(NO_QUESTIONS)
    amount = len(chosen) / total
    found = f"{len(chosen)} of {counted(total, 'question')} ({amount:.0%})."
    value = _on_line(amount, criterion.zero_at, criterion.full_at)
    return Outcome(value, found, _cite(chosen), len(chosen), total)


def _count(criterion: Count, call: Call) -> Outcome:
    chosen = _within(_questions(call, criterion.forms, criterion.functions), call, criterion)
    found = f"Asked {counted(len(chosen), 'time')}{_where(criterion)}."
    return Outcome(_on_line(len(chosen), criterion.zero_at, criterion.full_at), found, _cite(chosen), len(chosen))


def _cue(criterion: CueCount, call: Call) -> Outcome:
    chosen = _within(_cues(call, criterion.trackers), call, criterion)
    found = f"Heard {counted(len(chosen), 'time')}{_where(criterion)}."
    return Outcome(_on_line(len(chosen), criterion.zero_at, criterion.full_at), found, _cite(chosen), len(chosen))


def _follow_up(criterion: FollowUp, call: Call) -> Outcome:
    wanted = [
        *_questions(call, criterion.forms, criterion.functions),
        *_cues(call, criterion.trackers),
    ]
    answering = {moment.turn for moment in wanted}
    replies = agent_replies(call.turns, answering)
    moments: dict[tuple[int, ...], list[Moment]] = {}
    for cue in _cues(call, criterion.after):
        after = next_replies(replies, cue.turn, criterion.within)
        if after:
            moments.setdefault(after, []).append(cue)
    if not moments:
        return _does_not_apply("nothing in this call called for it")
    followed = {after for after in moments if not answering.isdisjoint(after)}
    left = [cue for after, cues in moments.items() if after not in followed for cue in cues]
    found = f"After {len(followed)} of {counted(len(moments), 'moment')} that called for it."
    value = _on_line(len(followed) / len(moments), criterion.zero_at, criterion.full_at)
    places = {turn for after in followed for turn in after}
    shown = left or [moment for moment in wanted if moment.turn in places]
    return Outcome(value, found, _cite(shown), len(followed), len(moments))


def _order(criterion: Order, call: Call) -> Outcome:
    first, then = _picked(call, criterion.first), _picked(call, criterion.then)
    if not then:
        return _does_not_apply("what it should have come before did not happen")
    if first and _place(first[0]) < _place(then[0]):
        return Outcome(1.0, "It came first.", _cite([first[0], then[0]]))
    return Outcome(0.0, "It came too late." if first else "It did not come at all.", _cite([then[0], *first[:1]]))


def _in_range(criterion: InRange, call: Call) -> Outcome:
    score = next((score for score in call.measures if score.name == criterion.measure), None)
    if score is None:
        return _does_not_apply(f"{criterion.measure} was not measured")
    if score.value is None:
        return Outcome(None, score.explanation)
    low, high = criterion.low, criterion.high
    beyond = max(0.0 if low is None else low - score.value, 0.0 if high is None else score.value - high, 0.0)
    value = 1.0 if beyond <= 0 else max(0.0, 1.0 - beyond / criterion.margin) if criterion.margin else 0.0
    return Outcome(value, score.explanation, score.evidence, score.n, score.of)


def _judged(criterion: Judged, call: Call, judgements: Mapping[str, Judgement]) -> Outcome:
    judgement = judgements.get(criterion.name)
    if judgement is None:
        return Outcome(None, "Not judged.")
    turns = [turn for turn in judgement.turns if 0 <= turn < len(call.turns)]
    evidence = tuple(Evidence(turn, call.turns[turn].start, call.turns[turn].text) for turn in turns)
    return Outcome(judgement.value, judgement.explanation, evidence)


_KINDS: dict[str, Callable[[Any, Call], Outcome]] = {
    "share": _share,
    "count": _count,
    "cue": _cue,
    "follow_up": _follow_up,
    "order": _order,
    "range": _in_range,
}


def _does_not_apply(why: str) -> Outcome:
    return Outcome(None, f"Does not apply: {why}.")


def _on_line(amount: float, zero_at: float, full_at: float) -> float:
    """0 at `zero_at`, 1 at `full_at`, straight between them, and no further."""
    return min(1.0, max(0.0, (amount - zero_at) / (full_at - zero_at)))


def _questions(call: Call, forms: Sequence[str], functions: Sequence[str]) -> list[Moment]:
    """In their order. An unsure label proves nothing, for the agent or against."""
    if not forms and not functions:
        return []
    return [
        question
        for question in sorted(call.questions, key=_place)
        if not question.unsure
        and (not forms or question.form in forms)
        and (not functions or question.function in functions)
    ]


def _cues(call: Call, trackers: Sequence[str]) -> list[Moment]:
    return [cue for cue in sorted(likely(call.cues), key=_place) if cue.tracker in trackers]


def _picked(call: Call, pick: Pick) -> list[Moment]:
    return sorted([*_questions(call, pick.forms, pick.functions), *_cues(call, pick.trackers)], key=_place)


def _place(moment: Moment) -> tuple[int, int]:
    return moment.turn, moment.start_char


def _within(moments: Sequence[Moment], call: Call, criterion: Count | CueCount) -> list[Moment]:
    """Those in the agent's first or last turns, if the criterion looks at these only."""
    spoken = [index for index, turn in enumerate(call.turns) if turn.role == "agent" and turn.text.strip()]
    first = spoken[-criterion.in_last :][0] if criterion.in_last else 0
    last = spoken[: criterion.in_first][-1] if criterion.in_first else len(call.turns)
    return [moment for moment in moments if first <= moment.turn <= last]


def _where(criterion: Count | CueCount) -> str:
    parts = [
        f" in the agent's {which} {counted(n, 'turn')}"
        for which, n in (("first", criterion.in_first), ("last", criterion.in_last))
        if n
    ]
    return " and".join(parts)


def _cite(moments: Iterable[Moment]) -> tuple[Evidence, ...]:
    return tuple(Evidence(moment.turn, moment.time_s, moment.text) for moment in moments)
