"""Choosing what to suggest: a colleague's own question, else a rewrite of the agent's, else one from the bank."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from coach.plain import plain
from coach.questions import QuestionClassifier
from coach.retrieval.embeddings import Embedder
from coach.store import ExemplarPool, StoredExemplar
from coach.suggest.bank import Bank
from coach.suggest.exemplars import OF_NO_MATTER, nearest
from coach.suggest.moments import Moment, moments_of, telling
from coach.types import Call, Suggestion, SuggestionKind

if TYPE_CHECKING:
    from coach.llm import Llm
    from coach.rewrite import Rewrite

Suggested = tuple[Suggestion, StoredExemplar | None]
"""With the colleague's question that it quotes, so that the store can keep its place instead of its words."""


def suggest(
    calls: Sequence[Call],
    pool: ExemplarPool,
    embedder: Embedder,
    classifier: QuestionClassifier,
    llm: "Llm | None",
) -> list[list[Suggested]]:
    """For each call, in order, what the agent could have asked: one suggestion a moment, the most valuable first.

    Each moment gets the first that is there: a question that another agent asked in another call after similar words
    of the customer; with an LLM, the agent's closed question rewritten in the call's own terms and checked by the
    classifier; a written question for that kind of moment. No text twice in a call, and none that was asked there.
    """
    places = [
        (at, moment) for at, call in enumerate(calls) for moment in moments_of(call.turns, call.questions, call.cues)
    ]
    said = embedder.embed([plain(moment.said) for _, moment in places])
    near = nearest([(calls[at], moment) for at, moment in places], _usable(places, said), pool)
    used = [{plain(question.text) for question in call.questions} for call in calls]
    chosen: list[Suggested | None] = [None] * len(places)
    for row, (at, moment) in enumerate(places):
        chosen[row] = _colleague(moment, near[row], pool, used[at])
    rewritten = _rewritten(calls, places, [row for row, one in enumerate(chosen) if one is None], classifier, llm)
    bank = Bank.load(embedder) if places else None
    found: list[list[Suggested]] = [[] for _ in calls]
    for row, (at, moment) in enumerate(places):
        one = chosen[row] or _rewrite(moment, rewritten.get(row), used[at])
        if one is None and bank is not None:
            one = _written(moment, bank, said[row] if telling(moment.said) else None, used[at])
        if one is not None:
            found[at].append(one)
    return found


def _usable(places: Sequence[tuple[int, Moment]], said: np.ndarray) -> np.ndarray:
    """`said` with zeros, which are near nothing, where the customer's words tell no matter and should."""
    keep = [telling(moment.said) or (moment.function in OF_NO_MATTER and bool(moment.said)) for _, moment in places]
    return said * np.array(keep, dtype=np.float32).reshape(-1, 1)


def _colleague(
    moment: Moment, near: Sequence[tuple[int, float]], pool: ExemplarPool, used: set[str]
) -> Suggested | None:
    """The nearest that this call has not heard yet; it is heard then."""
    for entry, similarity in near:
        exemplar = pool.entries[entry]
        if plain(exemplar.text) not in used:
            used.add(plain(exemplar.text))
            suggestion = Suggestion(
                turn=moment.turn,
                start_char=moment.start_char,
                reason=moment.reason,
                function=moment.function,
                kind="colleague",
                text=exemplar.text,
                source=f"{exemplar.agent or 'a colleague'} in call {exemplar.call}",
                source_call=exemplar.call,
                source_turn=exemplar.turn,
                source_time_s=exemplar.time_s,
                similarity=round(similarity, 4),
            )
            return suggestion, exemplar
    return None


def _rewritten(
    calls: Sequence[Call],
    places: Sequence[tuple[int, Moment]],
    rows: Sequence[int],
    classifier: QuestionClassifier,
    llm: "Llm | None",
) -> dict[int, "Rewrite"]:
    """By row of `places`, what the LLM made of the closed questions among `rows`; empty without an LLM."""
    asked = [row for row in rows if places[row][1].asked]
    if llm is None or not asked:
        return {}
    from coach.rewrite import Closed, rewrite

    items = [
        Closed(calls[at].id, moment.said, moment.asked, moment.function)
        for at, moment in (places[row] for row in asked)
    ]
    return {row: new for row, new in zip(asked, rewrite(items, llm, classifier), strict=True) if new is not None}


def _rewrite(moment: Moment, new: "Rewrite | None", used: set[str]) -> Suggested | None:
    if new is None or plain(new.text) in used:
        return None
    by = new.provenance
    source = f"rewrite by {by.model}, prompt {by.prompt} {by.version} ({by.body_sha256[:12]})"
    return _new(moment, "rewrite", new.text, source, used)


def _written(moment: Moment, bank: Bank, said: np.ndarray | None, used: set[str]) -> Suggested | None:
    text = bank.question(bank.kind(moment.reason, said), moment.function, used)
    return None if text is None else _new(moment, "bank", text, "written exemplar", used)


def _new(moment: Moment, kind: SuggestionKind, text: str, source: str, used: set[str]) -> Suggested:
    used.add(plain(text))
    return Suggestion(moment.turn, moment.start_char, moment.reason, moment.function, kind, text, source), None
