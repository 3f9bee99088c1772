"""An agent's closed question, asked openly in the call's own terms: written by an LLM, believed only when checked."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from pydantic import BaseModel, ConfigDict

from coach.llm import Llm, Request
from coach.orders import addresses
from coach.prompting import Provenance, load_prompt, quoted
from coach.questions import QuestionClassifier
from coach.questions.find import sentence_spans
from coach.types import Function

WISHES: Mapping[Function, str] = MappingProxyType(
    {
        "opener": "what brings the customer to call, in their own words",
        "impact": "what the matter does to the customer: to their day, work, family, money, plans or feelings",
        "need": "what the customer hopes for or expects, or the circumstances that the matter is part of",
        "diagnostic": "how the problem shows itself and what happened, told by the customer in their own words",
        "learning": "what the customer thinks the organisation does well or should do better",
    }
)
"""What an open question of each function asks about. For the others there is no open form worth wishing."""
MAX_WORDS = 40
_TOLD = re.compile(r"\S*[\d@/\\]\S*")
"""What only the call may supply: numbers, addresses."""


@dataclass(frozen=True, slots=True)
class Closed:
    """A closed question of one call, and what it should have done."""

    call: str
    said: str
    """The customer's last words before it; may be empty."""
    asked: str
    function: Function


@dataclass(frozen=True, slots=True)
class Rewrite:
    text: str
    provenance: Provenance


class OpenQuestion(BaseModel):
    """What the prompt rewrite-question asks for."""

    model_config = ConfigDict(extra="forbid")

    question: str


def rewrite(items: Sequence[Closed], llm: Llm, classifier: QuestionClassifier) -> list[Rewrite | None]:
    """One open question an item, in order; None where the LLM gave none that stands up to checking.

    It must be one sentence, hold no number or address that the call does not, and be labelled by the classifier as
    open and of the wished function without doubt. A function that is not among WISHES, and words that speak to the
    machine that reads them (coach.orders), give None without asking.
    """
    prompt = load_prompt("rewrite-question")
    wished = [
        (at, item)
        for at, item in enumerate(items)
        if item.function in WISHES and not addresses(f"{item.said}\n{item.asked}")
    ]
    requests = [
        Request(
            prompt,
            {"said": quoted(item.said), "asked": quoted(item.asked), "wished": WISHES[item.function]},
            OpenQuestion,
            item.call,
        )
        for _, item in wished
    ]
    written = [
        (at, Rewrite(" ".join(reply.value.question.split()), reply.provenance))
        for (at, _), reply in zip(wished, llm.ask_all(requests), strict=True)
        if reply is not None
    ]
    fitting = [(at, new) for at, new in written if _fits(new.text, items[at])]
    labels = classifier.classify([(items[at].said, new.text) for at, new in fitting])
    found: list[Rewrite | None] = [None] * len(items)
    for (at, new), label in zip(fitting, labels, strict=True):
        if label.form == "open" and label.function == items[at].function and not label.unsure:
            found[at] = new
    return found


def _fits(text: str, item: Closed) -> bool:
    known = f"{item.said} {item.asked}".casefold()
    invented = [told for told in _TOLD.findall(text.casefold()) if told.strip(".,;:?!\"'") not in known]
    return not invented and not addresses(text) and len(text.split()) <= MAX_WORDS and len(sentence_spans(text)) == 1
