"""Which of a call's questions may serve colleagues, and finding the one asked after similar words."""

import re
from collections.abc import Sequence
from itertools import islice

import numpy as np

from coach.measures.answers import content_words
from coach.plain import plain
from coach.questions.find import last_words
from coach.retrieval.embeddings import Embedder
from coach.store import ExemplarPool, StoredExemplar
from coach.suggest.moments import Moment, telling
from coach.types import Call, Exemplar, Function, Question

SERVING: frozenset[Function] = frozenset({"opener", "impact", "need", "diagnostic", "learning"})
OF_NO_MATTER: frozenset[Function] = frozenset({"opener", "learning"})
"""Asked before or after the matter is spoken of, so that the customer's words need not tell it."""
MIN_WORDS, MAX_WORDS = 4, 40
MIN_SIMILARITY = 0.55
"""Cosine of the customer's words before both questions. In real consultations (primock57) pairs from .55 on come from
calls about the same complaint three times as often as any pair (18 % against 6 %), those from .45 on twice as often.
Read by hand, pairs at .45 often share no more than a tone. `python -m evals suggestions` counts again."""
MOMENTS_AT_ONCE = 256
"""Against a pool of 20,000 their similarities take 20 MB."""
_CANDIDATES = 8
"""How many of the nearest are looked at for one that this call did not hear yet."""

_STEM = 5
"""Words are compared by so many letters, so that "headaches" is "headache" and "affected" is "affect"."""
_ASKING = """
    affect afternoon arrange best better bother bring call cause change concern day deal describe detail difference
    difficult easier end evening everyday expect experience explain family far feel first follow forward friend
    future happen hard hear help home hope idea ideal impact important issue know later learn life live long main
    matter mean meant mind moment month morning near need next normal notice open outcome past picture place plan
    prefer prevent problem question reason rest result share side situation solve spend start stop story suit
    support talk tell thought today tomorrow tonight trouble understand usual walk week whole wish without word work
    worried worry worst wrong year
"""
_ASKING_STEMS = frozenset(word[:_STEM] for word in _ASKING.split())
"""What a question may speak of in any call."""

_LEAD = re.compile(
    r"(?:(?:um|uh|er|erm|okay|ok|so|and|but|well|right|alright|now|yeah|yes|oh)\b[\s,.…]*)*", re.IGNORECASE
)
_BROKEN_OFF = re.compile(
    r"(?:[-…]|\.\.|\b(?:the|a|an|and|or|of|to|my|your|with|but|because|if|is|are|was))\W*$", re.IGNORECASE
)
_STUMBLE = re.compile(r"\b(\w+)[,\s]+\1\b", re.IGNORECASE)
_BOUND = re.compile(r"[\d<>\[\]#*_@]")


def exemplars_of(calls: Sequence[Call], embedder: Embedder) -> list[tuple[Exemplar, ...]]:
    """Of each call the open questions that are worth hearing elsewhere, in their order.

    Labelled without doubt, of a function in SERVING, able to stand alone, and asked after the customer said something:
    for most functions something that tells the matter. The customer's words of all calls are embedded in one batch.
    """
    found: list[list[tuple[Question, str]]] = []
    for call in calls:
        heard = ((question, last_words(call.turns, question.turn)) for question in call.questions)
        found.append([(question, said) for question, said in heard if _serves(question, said)])
    vectors = iter(embedder.embed([plain(said) for of_call in found for _, said in of_call]))
    return [
        tuple(Exemplar(q.turn, q.start_char, q.end_char, q.function, next(vectors)) for q, _ in of_call)
        for of_call in found
    ]


def stands_alone(text: str) -> bool:
    """Whether a question can be read without its call: not too short or long, not broken off or stumbled over, and
    without numbers and marks of what was taken out, which belong to its call."""
    if not MIN_WORDS <= len(_LEAD.sub("", text, count=1).split()) <= MAX_WORDS:
        return False
    return not any(pattern.search(text) for pattern in (_BROKEN_OFF, _STUMBLE, _BOUND))


def nearest(
    moments: Sequence[tuple[Call, Moment]], said: np.ndarray, pool: ExemplarPool
) -> list[list[tuple[int, float]]]:
    """For each moment the nearest of the pool's entries as (entry, similarity), nearest first; empty when none is near.

    `said` are the embedded words of the moments, float32, shape (len(moments), dimension). Entries of the wished
    function, at least MIN_SIMILARITY near, and fitting (`_fits`).
    """
    found: list[list[tuple[int, float]]] = [[] for _ in moments]
    functions = np.array([entry.function for entry in pool.entries], dtype=object)
    named: dict[str, frozenset[str]] = {}
    for function in {moment.function for _, moment in moments}:
        entries = np.flatnonzero(functions == function)
        if not len(entries):
            continue
        matrix = pool.prev_embeddings[entries]
        rows = [row for row, (_, moment) in enumerate(moments) if moment.function == function]
        for first in range(0, len(rows), MOMENTS_AT_ONCE):
            part = rows[first : first + MOMENTS_AT_ONCE]
            for row, similarities in zip(part, said[part] @ matrix.T, strict=True):
                call, moment = moments[row]
                spoken = _stems(" ".join(turn.text for turn in call.turns[: moment.turn + 1]))
                near = np.flatnonzero(similarities >= MIN_SIMILARITY)
                near = near[np.argsort(-similarities[near], kind="stable")]
                fitting = (i for i in near if _fits(pool.entries[entries[i]], call, spoken, named))
                found[row] = [(int(entries[i]), float(similarities[i])) for i in islice(fitting, _CANDIDATES)]
    return found


def _fits(entry: StoredExemplar, call: Call, spoken: frozenset[str], named: dict[str, frozenset[str]]) -> bool:
    """Whether it is another agent's question from another call, and names nothing this call has not spoken of yet.

    Similar words may stand before "tell me more about the headache" where there is none. `spoken` are the stems of what
    was said so far, `named` those that questions name, by their text, filled as they are met.
    """
    agent = call.metadata.agent
    if entry.call == call.id or (agent is not None and entry.agent == agent):
        return False
    if entry.text not in named:
        named[entry.text] = _stems(entry.text) - _ASKING_STEMS
    return named[entry.text] <= spoken


def _stems(text: str) -> frozenset[str]:
    return frozenset(word[:_STEM] for word in content_words(text))


def _serves(question: Question, said: str) -> bool:
    if question.unsure or question.form != "open" or question.function not in SERVING or not said:
        return False
    return stands_alone(question.text) and (question.function in OF_NO_MATTER or telling(said))
