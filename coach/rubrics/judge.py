"""What an LLM says of the criteria that only reading a whole call can judge.

Its verdict and the turns it points to are kept. Its reason is shown only where each word of it that says something is
the criterion's, a word of coaching, or said in several turns of the call; otherwise the turns are quoted in its place.
So nobody who speaks in a call can put words into the mouth of who judges it.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict

from coach.llm import Llm, Reply, Request
from coach.measures.answers import content_words
from coach.orders import addresses
from coach.prompting import Provenance, load_prompt, numbered, shown_turns
from coach.rubrics.criterion import Judged
from coach.rubrics.rubric import Rubric
from coach.types import Call, Turn

MAX_REASON_CHARS = 400
MAX_TURNS = 5
MAX_QUOTE_CHARS = 120
SEVERAL_TURNS = 2
_COACHING = """
    acknowledge acknowledged acknowledges acknowledgement act address addressed addresses agent answer answered anxiety
    apologise apologised apologises apology ask asked asking attempt aware calm call caller care cared clear clearly
    closed closing company concern concerned confirm confirmed confusion conversation criterion customer describe
    described detail directly emotion emotional empathy empathetic end evidence example explain explained explains
    explicitly express expressed feel feeling felt focus follow followed frustrated frustration further general greeting
    happen help helped helpful ignore ignored impact inquire inquired instance instead interrupt interrupted invite
    invited issue kind learn lead listen listened meaning mention mentioned met moment move moved name named need
    next occasion offer offered offers open opening opportunity particular politely possible probe probed problem
    procedure proceed promise promised provide provided question reassure reassured recognise recognised reflect
    reflected reflection repeat repeated reply respond responded response show showed shown shows sign simply situation
    speak spoke speaker stated statement step story straight summarise summarised summary support tell thank thanked
    tone transcript turn understand understanding understood upset validate validated voice warm wish word worry
"""
_PLAIN_WORDS = frozenset(word for listed in _COACHING.split() for word in content_words(listed))
"""What people say of any call when they coach."""
_VALUES = {"yes": 1.0, "no": 0.0, "not applicable": None}


@dataclass(frozen=True, slots=True)
class Judgement:
    """One criterion judged for one call."""

    value: float | None
    """1 met, 0 not met, None when it does not apply."""
    explanation: str
    turns: tuple[int, ...]
    """Turns that the model was shown, rising; () when the model pointed at none."""
    provenance: Provenance


class Verdict(BaseModel):
    """What the prompt judge-criterion asks for."""

    model_config = ConfigDict(extra="forbid")

    reason: str
    met: Literal["yes", "no", "not applicable"]
    turns: list[int]


def judge(calls: Sequence[Call], rubric: Rubric, llm: Llm) -> list[dict[str, Judgement]]:
    """The judgements of each call by the name of the criterion, in batches over all calls.

    A criterion that was not judged is missing: the LLM gave no usable reply or no reason, or called it met without a
    turn that shows it. Turns that speak to the machine that reads them are not shown to it (coach.orders) and show
    nothing. Calls in which the agent or the customer says nothing else are not judged.
    """
    prompt = load_prompt("judge-criterion")
    criteria = [criterion for criterion in rubric.criteria if isinstance(criterion, Judged)]
    requests: list[Request[Verdict]] = []
    asked: list[tuple[int, Judged, Sequence[int]]] = []
    for at, call in enumerate(calls):
        shown = shown_turns(call.turns)
        if not {"agent", "customer"} <= {call.turns[index].role for index in shown}:
            continue
        transcript = numbered(call.turns, shown)
        for criterion in criteria:
            values = {"criterion": criterion.question, "transcript": transcript}
            requests.append(Request(prompt, values, Verdict, call.id))
            asked.append((at, criterion, shown))
    judged: list[dict[str, Judgement]] = [{} for _ in calls]
    for (at, criterion, seen), reply in zip(asked, llm.ask_all(requests), strict=True):
        judgement = None if reply is None else _judgement(reply, criterion, calls[at].turns, seen)
        if judgement is not None:
            judged[at][criterion.name] = judgement
    return judged


def _judgement(
    reply: Reply[Verdict], criterion: Judged, turns: Sequence[Turn], shown: Sequence[int]
) -> Judgement | None:
    verdict = reply.value
    places = tuple(sorted({place for place in verdict.turns if place in shown}))[:MAX_TURNS]
    reason = " ".join(verdict.reason.split())
    if not reason or addresses(reason) or (verdict.met == "yes" and not places):
        return None
    if _brings_words(reason, criterion.question, [turns[index] for index in shown]):
        quotes = "; ".join(f"“{_shortened(turns[place].text, MAX_QUOTE_CHARS)}”" for place in places)
        reason = f"The model says {verdict.met}" + (
            f" and points to: {quotes}" if quotes else " and points to no turn."
        )
    explanation = f"{_shortened(reason, MAX_REASON_CHARS)} (Judged by {reply.provenance}.)"
    return Judgement(_VALUES[verdict.met], explanation, places, reply.provenance)


def _brings_words(reason: str, question: str, turns: Sequence[Turn]) -> bool:
    """Whether the reason has words that neither the criterion, coaching nor several of the turns have."""
    said = Counter(word for turn in turns for word in set(content_words(turn.text)))
    known = _PLAIN_WORDS | set(content_words(question))
    return any(word not in known and said[word] < SEVERAL_TURNS for word in content_words(reason))


def _shortened(text: str, most: int) -> str:
    text = " ".join(text.split())
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"
