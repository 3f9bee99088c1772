"""Picking what to quote: the sentences of found passages that come nearest to a question, word for word."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from coach.retrieval.embeddings import Embedder
from coach.retrieval.index import similarity
from coach.types import Turn

MIN_WORDS = 4  # shorter sentences ("Yes, exactly.") say nothing alone and are joined to what follows
MAX_WORDS = 45  # speech without punctuation is cut here
CUSTOMER_BONUS = 0.10  # of similarity: the customer's own words are worth more than the agent's
QUESTION_COST = 0.3  # of similarity: a question that resembles the question asked is no evidence...
REPLY_SHARE = 0.7  # ...but what the customer replies to it is: this share of the question's similarity is added

_SENTENCE_END = re.compile(r"[.!?…][\"')\]]*\s+")
_WORD = re.compile(r"\S+")


@dataclass(frozen=True, slots=True)
class Quote:
    """Words of one turn: `turns[turn].text[start_char:end_char] == text`."""

    call: str
    turn: int
    start_char: int
    end_char: int
    text: str
    start: float | None
    """Seconds, by the quote's place in its turn; None when the turn has no times."""
    end: float | None

    def is_verbatim(self, turns: Sequence[Turn]) -> bool:
        """Whether it is, letter for letter, what stands at its place in the call's turns."""
        if not self.text.strip() or self.turn >= len(turns):
            return False
        return turns[self.turn].text[self.start_char : self.end_char] == self.text


def sentences(text: str, *, join: bool = True) -> list[tuple[int, int]]:
    """(start, end) of the sentences of a turn's text, in order, without the space around them; none without words.

    To be quoted, they are joined until they have MIN_WORDS, unless the text ends. All are cut after MAX_WORDS.
    """
    ends = [match.end() for match in _SENTENCE_END.finditer(text)] + [len(text)]
    stretches: list[tuple[int, int]] = []
    first = 0
    for end in ends:
        words = [(first + m.start(), first + m.end()) for m in _WORD.finditer(text[first:end])]
        if join and len(words) < MIN_WORDS and end != len(text):
            continue
        for at in range(0, len(words), MAX_WORDS):
            part = words[at : at + MAX_WORDS]
            stretches.append((part[0][0], part[-1][1]))
        first = end
    return stretches


def pick(
    embedder: Embedder, vector: np.ndarray, passages: Sequence[tuple[str, Sequence[Turn], int, int]]
) -> list[Quote | None]:
    """For each passage (call, the call's turns, first turn, last turn inclusive) its best quote; None without words.

    The one nearest to `vector`, but customers' words are preferred, above all in reply to a question that is near.
    """
    found = [
        [
            _quote(call, i, turns[i], *part)
            for i in range(first, min(last + 1, len(turns)))
            for part in sentences(turns[i].text)
        ]
        for call, turns, first, last in passages
    ]
    texts = [quote.text for quotes in found for quote in quotes]
    closeness = iter(similarity(embedder.embed(texts) @ vector).tolist())
    return [
        _best(quotes, [next(closeness) for _ in quotes], turns)
        for quotes, (_, turns, _, _) in zip(found, passages, strict=True)
    ]


def _best(quotes: Sequence[Quote], closeness: Sequence[float], turns: Sequence[Turn]) -> Quote | None:
    """The quote worth most, the first of equals."""
    asked: dict[int, float] = {}  # how near the nearest question in a turn is
    for quote, close in zip(quotes, closeness, strict=True):
        if _asks(quote):
            asked[quote.turn] = max(close, asked.get(quote.turn, 0.0))
    best: tuple[float, Quote] | None = None
    for quote, close in zip(quotes, closeness, strict=True):
        worth = close - (QUESTION_COST if _asks(quote) else 0.0)
        if turns[quote.turn].role == "customer":
            worth += CUSTOMER_BONUS + REPLY_SHARE * asked.get(quote.turn - 1, 0.0)
        if best is None or worth > best[0]:
            best = (worth, quote)
    return None if best is None else best[1]


def _asks(quote: Quote) -> bool:
    return quote.text.rstrip("\"')]").endswith("?")


def _quote(call: str, index: int, turn: Turn, first: int, last: int) -> Quote:
    start = end = None
    if turn.start is not None and turn.end is not None:
        per_char = (turn.end - turn.start) / max(1, len(turn.text))
        start, end = turn.start + first * per_char, turn.start + last * per_char
    return Quote(call, index, first, last, turn.text[first:last], start, end)
