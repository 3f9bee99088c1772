"""Answering a question in words from the calls: what was counted, and what was said, word for word.

Nothing is generated. The answer is a sentence about a count, and quotes that were found and checked against the
transcript. Too little evidence is a normal result, not an error.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from coach.config import RetrievalConfig
from coach.intervals import wilson
from coach.retrieval.embeddings import Embedder
from coach.retrieval.evidence import find_evidence
from coach.retrieval.index import Index
from coach.retrieval.quotes import Quote
from coach.store import Filters, Store

MAX_QUOTES = 6

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

    A call matches when it has a passage at least `config.min_similarity` close to the question, as `find_evidence`
    measures it. Raises StoreError when the store was embedded with another model.
    """
    n_total = store.count_calls(where)
    evidence = find_evidence(
        store, index, embedder, question, where, min_closeness=config.min_similarity, max_quotes=MAX_QUOTES
    )
    if not evidence.quotes:
        return _not_enough(n_total)
    n_matching = len(evidence.calls)
    n_total = max(n_total, n_matching)  # calls may have come in since they were counted
    return Answer(
        "answered",
        _words(evidence.quotes, n_matching, n_total),
        (_figure(n_matching, n_total, config.min_similarity),),
        tuple(
            Citation(quote.call, _rounded(quote.start), _rounded(quote.end), quote.text) for quote in evidence.quotes
        ),
        n_matching,
        n_total,
    )


def place(call: str, start: float | None) -> str:
    """`call@mm:ss`; the call alone where there are no times."""
    if start is None:
        return call
    minutes, seconds = divmod(int(start), 60)
    return f"{call}@{minutes:02d}:{seconds:02d}"


def _figure(n: int, total: int, min_closeness: float) -> Figure:
    label = f"calls with a passage similar to the question (at least {min_closeness:.2f} close)"
    low, high = wilson(n, total) or (None, None)
    return Figure(label, n, total, _share(n / total if total else None), "share", _share(low), _share(high))


def _words(quotes: Sequence[Quote], n_matching: int, n_total: int) -> str:
    verb = "has" if n_matching == 1 else "have"
    said = " ".join(f"“{quote.text}” ({place(quote.call, quote.start)})" for quote in quotes)
    return f"{n_matching} of {n_total} calls {verb} a passage similar to the question. Said there: {said}"


def _not_enough(n_total: int) -> Answer:
    text = f"Not enough evidence: none of {n_total} calls has a passage close enough to the question."
    return Answer("not_enough_evidence", text, (), (), 0, n_total)


def _share(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 2)
