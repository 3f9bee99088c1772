"""Picking what to quote: the sentences of found passages that come nearest to a question, word for word."""

import re
from collections.abc import Sequence

import numpy as np

from coach.answers.answer import Citation
from coach.retrieval.embeddings import Embedder
from coach.retrieval.index import similarity
from coach.types import Role, Turn

MIN_WORDS = 4  # shorter sentences ("Yes, exactly.") say nothing alone and are joined to what follows
MAX_WORDS = 45  # speech without punctuation is cut here, or at the last pause before, if there is one in the last half
MIN_NEAR = 0.35  # similarity below which a sentence is no quote for a question, unless it replies...
MIN_ASKED_NEAR = (
    0.34  # ...to a question at least so near: "why do you want to leave us?" is to "why do customers leave?"
)
PREFERENCE = 0.10  # of similarity, for the words of whom the question is about, mostly the customer
QUESTION_COST = 0.3  # of similarity: a question that resembles the question asked is no evidence...
REPLY_SHARE = 0.7  # ...but what the customer replies to it is: this share of the question's similarity is added

_SENTENCE_END = re.compile(r"[.!?…][\"')\]]*\s+")
_WORD = re.compile(r"\S+")


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
        while words:
            size = _whole_clauses(text, words)
            stretches.append((words[0][0], words[size - 1][1]))
            words = words[size:]
        first = end
    return stretches


def _whole_clauses(text: str, words: Sequence[tuple[int, int]]) -> int:
    """How many of the words make one quote: all, or as many as end with a pause, MAX_WORDS at most."""
    if len(words) <= MAX_WORDS:
        return len(words)
    pauses = (n for n in range(MAX_WORDS, MAX_WORDS // 2, -1) if text[words[n - 1][1] - 1] in ",;:-")
    return next(pauses, MAX_WORDS)


def cite(call: str, index: int, turn: Turn, start_char: int, end_char: int) -> Citation:
    """Those characters of a call's turn, as a quote; its times are those of its share of the turn's characters."""
    start = end = None
    if turn.start is not None and turn.end is not None:
        per_char = (turn.end - turn.start) / max(1, len(turn.text))
        start, end = turn.start + start_char * per_char, turn.start + end_char * per_char
    return Citation(call, start, end, turn.text[start_char:end_char], index, start_char, end_char, turn.role)


def is_verbatim(citation: Citation, turns: Sequence[Turn]) -> bool:
    """Whether the quote is, letter for letter, what stands at its place in the call's turns."""
    if not citation.quote.strip() or not 0 <= citation.turn < len(turns):
        return False
    turn = turns[citation.turn]
    return turn.role == citation.role and turn.text[citation.start_char : citation.end_char] == citation.quote


def pick(
    embedder: Embedder,
    vector: np.ndarray,
    passages: Sequence[tuple[str, Sequence[Turn], int, int]],
    *,
    prefer: Role = "customer",
) -> list[Citation | None]:
    """For each passage (call, the call's turns, first and last turn inclusive) its best quote; None where none is near.

    The one nearest to `vector`, but the words of `prefer` come before others', above all a customer's reply to a
    question that is near.
    """
    found = [
        [
            cite(call, i, turns[i], *part)
            for i in range(first, min(last + 1, len(turns)))
            for part in sentences(turns[i].text)
        ]
        for call, turns, first, last in passages
    ]
    texts = [quote.quote for quotes in found for quote in quotes]
    closeness = iter(similarity(embedder.embed(texts) @ vector).tolist())
    return [_best(quotes, [next(closeness) for _ in quotes], prefer) for quotes in found]


def _best(quotes: Sequence[Citation], closeness: Sequence[float], prefer: Role) -> Citation | None:
    """The quote worth most, the first of equals; None when none is near."""
    asked: dict[int, float] = {}  # how near the nearest question in a turn is
    for quote, close in zip(quotes, closeness, strict=True):
        if _asks(quote):
            asked[quote.turn] = max(close, asked.get(quote.turn, 0.0))
    best: tuple[float, Citation] | None = None
    for quote, close in zip(quotes, closeness, strict=True):
        replied = asked.get(quote.turn - 1, 0.0) if quote.role == "customer" else 0.0
        if len(quote.quote.split()) < MIN_WORDS or (close < MIN_NEAR and replied < MIN_ASKED_NEAR):
            continue
        worth = close - (QUESTION_COST if _asks(quote) and prefer != "agent" else 0.0)
        worth += PREFERENCE if quote.role == prefer else 0.0
        worth += REPLY_SHARE * replied if prefer == "customer" else 0.0
        if best is None or worth > best[0]:
            best = (worth, quote)
    return None if best is None else best[1]


def _asks(quote: Citation) -> bool:
    return quote.quote.rstrip("\"')]").endswith("?")
