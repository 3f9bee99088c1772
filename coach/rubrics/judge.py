"""What an LLM says of the criteria that only reading a whole call can judge."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict

from coach.llm import Llm, Reply, Request
from coach.orders import addresses
from coach.prompting import Provenance, load_prompt, numbered, shown_turns
from coach.rubrics.criterion import Judged
from coach.rubrics.rubric import Rubric
from coach.types import Call

MAX_REASON_CHARS = 400
MAX_TURNS = 5
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
    asked: list[tuple[int, str, Collection[int]]] = []
    for at, call in enumerate(calls):
        shown = shown_turns(call.turns)
        if not {"agent", "customer"} <= {call.turns[index].role for index in shown}:
            continue
        transcript = numbered(call.turns, shown)
        for criterion in criteria:
            values = {"criterion": criterion.question, "transcript": transcript}
            requests.append(Request(prompt, values, Verdict, call.id))
            asked.append((at, criterion.name, shown))
    judged: list[dict[str, Judgement]] = [{} for _ in calls]
    for (at, name, seen), reply in zip(asked, llm.ask_all(requests), strict=True):
        judgement = None if reply is None else _judgement(reply, seen)
        if judgement is not None:
            judged[at][name] = judgement
    return judged


def _judgement(reply: Reply[Verdict], shown: Collection[int]) -> Judgement | None:
    verdict = reply.value
    turns = tuple(sorted({turn for turn in verdict.turns if turn in shown}))[:MAX_TURNS]
    reason = " ".join(verdict.reason.split())
    if not reason or addresses(reason) or (verdict.met == "yes" and not turns):
        return None
    if len(reason) > MAX_REASON_CHARS:
        reason = reason[: MAX_REASON_CHARS - 1].rstrip() + "…"
    return Judgement(_VALUES[verdict.met], f"{reason} (Judged by {reply.provenance}.)", turns, reply.provenance)
