"""How far a call got from what the matter is to what will be done: situation, problem, impact, need, agreed next step.

The chain follows Rackham's order of questions (SPIN Selling, 1988: situation, problem, implication, need-payoff), taken
from selling to service, where it ends with a step that both agree on. A step is proven by what the customer answers to
a question of the agent, or by what the customer offers unasked (likely cues); what comes first proves it:

- situation: an opener that is answered; or the customer's first MIN_STORY_WORDS words in one turn, in answer to no
  question.
- problem: a diagnostic question that is answered; or a cue of confusion, of leaving, of a reason or of a cause.
- impact: an impact question that is answered; or a cue that the customer states the impact or the urgency.
- need: a need question that is answered. What customers say of their needs unasked, no tracker finds yet.
- next step: in the second half of the call a promise, a remedy or ownership (cues of the agent) after which the
  customer says something and does not refuse; or in the last LAST_TURNS turns a closed procedural or check question to
  which the customer agrees. The last such moment counts.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from coach.measures.answers import answer_turns
from coach.measures.figures import ONE_SIDED, absent
from coach.measures.likely import likely
from coach.measures.speech import both_speak, n_words
from coach.types import Cue, Evidence, Function, Question, Score, Turn

StepName = Literal["situation", "problem", "impact", "need", "next_step"]
STEPS: tuple[StepName, ...] = get_args(StepName)

MIN_STORY_WORDS = 8
"""A customer who says this much before being asked tells why they are here; "Hello, this is Ann Lee" is shorter."""
LAST_TURNS = 8
"""How near the end a question that is agreed to must be: a summary, the agreement, thanks and goodbye of both."""

_ASKED: dict[StepName, Function] = {
    "situation": "opener",
    "problem": "diagnostic",
    "impact": "impact",
    "need": "need",
}
_OFFERED: dict[StepName, tuple[str, ...]] = {
    "problem": ("cause_", "reason_", "confusion", "leaving"),
    "impact": ("impact_stated", "urgency"),
}
"""How the names of the customer's cues begin that prove a step."""
_COMMITTING = frozenset({"promise", "remedy", "ownership"})

_HESITATION = r"(?:(?:um+|uh|er+m?|oh|ah|well|so|and|hmm+)\b[\s,.]*)*"
_AGREEMENT = re.compile(
    rf"{_HESITATION}(?:yes|yeah|yep|yup|ok|okay|sure|right|alright|all right|fine|great|perfect|lovely|brilliant|good"
    r"|excellent|wonderful|super|cool|please|thanks|thank you|agreed|absolutely|definitely|of course|exactly|correct"
    r"|go ahead|no problem|no worries|works|sounds|that (?:works|sounds|suits|would be|will be|is fine|is good)"
    r"|that's (?:fine|good|great|right|okay|ok|perfect|lovely|correct|it)|that'?(?:d|ll) (?:be|do)|i can do that"
    r"|let's do)\b",
    re.IGNORECASE,
)
_REFUSAL = re.compile(
    rf"{_HESITATION}(?:(?:no|nope|nah)\b(?!,? (?:problem|worries|that's|thank|thanks|i'm good|i'm fine|all good))"
    r"|not (?:really|good|at all|for me|again|acceptable)|absolutely not|never mind|forget it|don't bother"
    r"|i (?:don't|do not|won't|can't) (?:want|think|accept|need|believe|wait)|that(?:'s| is) (?:not|no|too|useless)"
    r"|that (?:doesn't|does not|won't|isn't))\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the chain and what proves it. `turn` and `by` are None when nothing does."""

    name: StepName
    turn: int | None = None
    time_s: float | None = None
    text: str = ""
    by: Literal["agent", "customer"] | None = None
    """Whether the agent asked (or proposed) or the customer offered it."""


@dataclass(frozen=True, slots=True)
class Chain:
    """All five steps in their order, proven or not."""

    steps: tuple[Step, ...]

    @property
    def reached(self) -> int:
        """How many steps are proven, 0 to 5; they need not follow each other."""
        return sum(step.turn is not None for step in self.steps)


def chain(turns: Sequence[Turn], questions: Sequence[Question], cues: Sequence[Cue]) -> Chain:
    """How far the call got, each step with its proof. Nothing is proven in a call with one side only."""
    if not both_speak(turns):
        return Chain(tuple(Step(name) for name in STEPS))
    cues = likely(cues)
    asking = {question.turn for question in questions}
    answered = [q for q in questions if answer_turns(turns, q.turn, asking)]
    answering = {place for q in answered for place in answer_turns(turns, q.turn, asking)}
    steps = []
    for name in STEPS[:-1]:
        proofs = [*_asked(name, answered), *_offered(name, turns, cues, answering)]
        steps.append(min(proofs, key=lambda proof: proof[:2])[2] if proofs else Step(name))
    return Chain((*steps, _next_step(turns, answered, cues)))


_Proof = tuple[int, int, Step]  # turn and character, by which proofs are ordered


def _asked(name: StepName, answered: Sequence[Question]) -> Iterator[_Proof]:
    for q in answered:
        if q.function == _ASKED[name]:
            yield q.turn, q.start_char, Step(name, q.turn, q.time_s, q.text, "agent")


def _offered(
    name: StepName, turns: Sequence[Turn], cues: Sequence[Cue], answering: Collection[int]
) -> Iterator[_Proof]:
    """What the customer says unasked; `answering` are the turns that answer a question."""
    for cue in cues:
        if cue.tracker.startswith(_OFFERED.get(name, ())) and turns[cue.turn].role == "customer":
            yield cue.turn, cue.start_char, Step(name, cue.turn, cue.time_s, cue.text, "customer")
    if name == "situation":
        for index, turn in enumerate(turns):
            if turn.role == "customer" and n_words(turn) >= MIN_STORY_WORDS and index not in answering:
                yield index, 0, Step(name, index, turn.start, turn.text, "customer")
                return


def _next_step(turns: Sequence[Turn], answered: Sequence[Question], cues: Sequence[Cue]) -> Step:
    proofs: list[_Proof] = []
    for cue in cues:
        if cue.tracker in _COMMITTING and turns[cue.turn].role == "agent" and cue.turn >= len(turns) // 2:
            reply = _next_words(turns, cue.turn)
            if reply is not None and not _REFUSAL.match(reply):
                step = Step("next_step", cue.turn, cue.time_s, cue.text, "agent")
                proofs.append((cue.turn, cue.start_char, step))
    for q in answered:
        proposes = q.form == "closed" and q.function in ("procedural", "check") and q.turn >= len(turns) - LAST_TURNS
        if proposes and _AGREEMENT.match(_next_words(turns, q.turn) or ""):
            proofs.append((q.turn, q.start_char, Step("next_step", q.turn, q.time_s, q.text, "agent")))
    return max(proofs, key=lambda proof: proof[:2])[2] if proofs else Step("next_step")


def _next_words(turns: Sequence[Turn], index: int) -> str | None:
    """What the customer says next after turn `index`; None when that is nothing any more."""
    said = (turn.text.strip() for turn in turns[index + 1 :] if turn.role == "customer" and turn.text.strip())
    return next(said, None)


def measure_chain(turns: Sequence[Turn], questions: Sequence[Question], cues: Sequence[Cue]) -> Iterator[Score]:
    """How many of the five steps are proven, and whether a next step was agreed (a share of 0 or 1)."""
    if not both_speak(turns):
        yield absent("chain", "count", ONE_SIDED)
        yield absent("next_step", "share", ONE_SIDED)
        return
    found = chain(turns, questions, cues)
    proven = [step for step in found.steps if step.turn is not None]
    named = ", ".join(step.name.replace("_", " ") for step in proven) or "none of them"
    evidence = tuple(Evidence(step.turn, step.time_s, step.text) for step in proven if step.turn is not None)
    words = f"Of situation, problem, impact, need and agreed next step the call got to: {named}."
    yield Score("chain", float(len(proven)), "count", words, of=len(STEPS), evidence=evidence)
    last = found.steps[-1]
    if last.turn is None:
        yield Score("next_step", 0.0, "share", "No next step was agreed towards the end.")
    else:
        where = (Evidence(last.turn, last.time_s, last.text),)
        yield Score("next_step", 1.0, "share", "A next step was agreed towards the end.", evidence=where)
