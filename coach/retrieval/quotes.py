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
QUESTION_COST = 0.15  # of similarity: a question that resembles the question asked is no evidence

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


def sentences(text: str) -> list[tuple[int, int]]:
    """(start, end) of the quotable stretches of a turn's text, in order, without the space around them.

    A stretch has MIN_WORDS to MAX_WORDS words where the text allows; none for a text without words.
    """
    ends = [match.end() for match in _SENTENCE_END.finditer(text)] + [len(text)]
    stretches: list[tuple[int, int]] = []
    first = 0
    for end in ends:
        words = [(first + m.start(), first + m.end()) for m in _WORD.finditer(text[first:end])]
        if len(words) < MIN_WORDS and end != len(text):
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

    The one nearest to `vector`, but customers' words are preferred and questions avoided.
    """
    found: list[tuple[int, Quote]] = []
    for number, (call, turns, first, last) in enumerate(passages):
        for index in range(first, min(last + 1, len(turns))):
            found += [(number, _quote(call, index, turns[index], *stretch)) for stretch in sentences(turns[index].text)]
    closeness = similarity(embedder.embed([quote.text for _, quote in found]) @ vector)
    best: list[tuple[float, Quote] | None] = [None] * len(passages)
    for (number, quote), close in zip(found, closeness.tolist(), strict=True):
        worth = close + _preference(quote, passages[number][1])
        current = best[number]
        if current is None or worth > current[0]:
            best[number] = (worth, quote)
    return [None if each is None else each[1] for each in best]


def _preference(quote: Quote, turns: Sequence[Turn]) -> float:
    bonus = CUSTOMER_BONUS if turns[quote.turn].role == "customer" else 0.0
    return bonus - (QUESTION_COST if quote.text.rstrip("\"')]").endswith("?") else 0.0)


def _quote(call: str, index: int, turn: Turn, first: int, last: int) -> Quote:
    start = end = None
    if turn.start is not None and turn.end is not None:
        per_char = (turn.end - turn.start) / max(1, len(turn.text))
        start, end = turn.start + first * per_char, turn.start + last * per_char
    return Quote(call, index, first, last, turn.text[first:last], start, end)
