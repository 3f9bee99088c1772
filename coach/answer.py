"""Answering a question in words from the calls: what was counted, and what was said, word for word.

Nothing is generated. The answer is a sentence about a count, and quotes that were found and checked against the
transcript. Too little evidence is a normal result, not an error.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from coach.config import RetrievalConfig
from coach.retrieval.embeddings import Embedder
from coach.retrieval.index import Index
from coach.retrieval.quotes import Quote, pick
from coach.retrieval.search import embed_query
from coach.store import Filters, Store, StoredPassage
from coach.types import Turn

MAX_QUOTES = 6
MAX_PASSAGES_PER_CALL = 2
LOOK_UP_BATCH = 500
Z_95 = 1.959964  # standard normal quantile of a two-sided 95 % interval

Status = Literal["answered", "not_enough_evidence"]


@dataclass(frozen=True, slots=True)
class Figure:
    """A number with what it counts. `n` of `N`; `value` is their share with its 95 % interval, None when N is 0."""

    label: str
    n: int
    N: int
    value: float | None
    unit: str
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Citation:
    """A quote, word for word, and where to listen. Times are seconds; None in contacts without sound."""

    call: str
    start: float | None
    end: float | None
    quote: str


@dataclass(frozen=True, slots=True)
class Answer:
    status: Status
    answer: str
    """For people: one paragraph, quotes with `call@mm:ss`."""
    figures: tuple[Figure, ...]
    citations: tuple[Citation, ...]
    """Best first. Empty unless answered."""
    n_matching: int
    """Calls with a passage near the question."""
    n_total: int
    """Calls that were looked at: all, or those the filter leaves."""

    def to_json(self) -> dict[str, Any]:
        """The form `coach ask --json` prints."""
        return {
            "status": self.status,
            "answer": self.answer,
            "figures": [
                {name: getattr(figure, name) for name in ("label", "n", "N", "value", "unit", "low", "high")}
                for figure in self.figures
            ],
            "citations": [
                {name: getattr(citation, name) for name in ("call", "start", "end", "quote")}
                for citation in self.citations
            ],
            "n_matching": self.n_matching,
            "n_total": self.n_total,
        }


def answer(
    store: Store, index: Index, embedder: Embedder, question: str, where: Filters, config: RetrievalConfig
) -> Answer:
    """What the calls that meet `where` say to `question`, or `not_enough_evidence`.

    A call matches when a passage of it is at least `config.min_similarity` near the question, scored exactly.
    Raises StoreError when the store was embedded with another model.
    """
    n_total = store.count_calls(where)
    vector = embed_query(store, embedder, question)
    if vector is None:
        return _not_enough(0, n_total, config)
    view = index.view(store)
    ids, similarities = view.rank(vector, store.passage_ids(where) if where else None)
    near = ids[similarities >= config.min_similarity]
    passages = _look_up(store, near.tolist())
    n_matching = len({passage.call for passage in passages})
    quotes = _quotes(store, embedder, vector, passages)
    if not quotes:
        return _not_enough(n_matching, n_total, config)
    return Answer(
        "answered",
        _words(quotes, n_matching, n_total),
        (_figure(n_matching, n_total, config),),
        tuple(Citation(quote.call, _rounded(quote.start), _rounded(quote.end), quote.text) for quote in quotes),
        n_matching,
        n_total,
    )


def wilson(n: int, total: int) -> tuple[float, float] | None:
    """Wilson's 95 % score interval of the share n / total (E. B. Wilson, 1927); None when total is 0."""
    if total == 0:
        return None
    share, z2 = n / total, Z_95**2
    centre = (share + z2 / (2 * total)) / (1 + z2 / total)
    half = Z_95 / (1 + z2 / total) * math.sqrt(share * (1 - share) / total + z2 / (4 * total**2))
    return max(0.0, centre - half), min(1.0, centre + half)


def place(call: str, start: float | None) -> str:
    """`call@mm:ss`; the call alone where there are no times."""
    if start is None:
        return call
    minutes, seconds = divmod(int(start), 60)
    return f"{call}@{minutes:02d}:{seconds:02d}"


def _look_up(store: Store, ids: Sequence[int]) -> list[StoredPassage]:
    """The passages of those ids that still exist, in that order."""
    found: dict[int, StoredPassage] = {}
    for first in range(0, len(ids), LOOK_UP_BATCH):
        found.update(store.get_passages(ids[first : first + LOOK_UP_BATCH]))
    return [found[each] for each in ids if each in found]


def _quotes(store: Store, embedder: Embedder, vector: np.ndarray, passages: Sequence[StoredPassage]) -> list[Quote]:
    """Up to MAX_QUOTES, every one checked against the stored transcript; first one a call, best call first."""
    chosen = _spread(passages)
    turns: dict[str, tuple[Turn, ...]] = {}
    for passage in chosen:
        if passage.call not in turns:
            call = store.get_call(passage.call)
            turns[passage.call] = () if call is None else call.turns
    places = [(passage.call, turns[passage.call], passage.first_turn, passage.last_turn) for passage in chosen]
    picked = [quote for quote in pick(embedder, vector, places) if quote is not None]
    unique = list({quote.text.casefold(): quote for quote in reversed(picked)}.values())[::-1]
    return [quote for quote in unique if _is_verbatim(quote, turns[quote.call])][:MAX_QUOTES]


def _spread(passages: Sequence[StoredPassage]) -> list[StoredPassage]:
    """The best passage of each call first, then each call's second, MAX_QUOTES in all."""
    per_call: dict[str, int] = {}
    layers: list[list[StoredPassage]] = [[] for _ in range(MAX_PASSAGES_PER_CALL)]
    for passage in passages:
        layer = per_call.get(passage.call, 0)
        if layer < MAX_PASSAGES_PER_CALL:
            layers[layer].append(passage)
            per_call[passage.call] = layer + 1
    return [passage for layer in layers for passage in layer][:MAX_QUOTES]


def _is_verbatim(quote: Quote, turns: Sequence[Turn]) -> bool:
    """Whether the quote is, letter for letter, part of the turn that it names."""
    return bool(quote.text) and quote.turn < len(turns) and quote.text in turns[quote.turn].text


def _figure(n_matching: int, n_total: int, config: RetrievalConfig) -> Figure:
    interval = wilson(n_matching, n_total)
    low, high = (None, None) if interval is None else (round(interval[0], 4), round(interval[1], 4))
    label = f"calls with a passage similar to the question (similarity at least {config.min_similarity:.2f})"
    value = round(n_matching / n_total, 4) if n_total else None
    return Figure(label, n_matching, n_total, value, "share", low, high)


def _words(quotes: Sequence[Quote], n_matching: int, n_total: int) -> str:
    verb = "has" if n_matching == 1 else "have"
    said = " ".join(f"“{quote.text}” ({place(quote.call, quote.start)})" for quote in quotes)
    return f"{n_matching} of {n_total} calls {verb} a passage similar to the question. Said there: {said}"


def _not_enough(n_matching: int, n_total: int, config: RetrievalConfig) -> Answer:
    text = f"Not enough evidence: none of {n_total} calls has a passage close enough to the question."
    return Answer("not_enough_evidence", text, (_figure(n_matching, n_total, config),), (), n_matching, n_total)


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 2)
