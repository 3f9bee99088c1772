"""What a summary quotes: whole sentences of one turn, or a sensible part of one that goes on and on."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from coach.questions.find import sentence_spans
from coach.types import Turn

MAX_WORDS = 35
"""A longer sentence is cut; a listener can still take this much in at once."""
MIN_WORDS = 4
"""A shorter sentence ("The peeping!") says little alone and is quoted together with the next one."""
_WORD = re.compile(r"\S+")
_GREETING = re.compile(
    r"(?:hi|hiya|hello|hey|good (?:morning|afternoon|evening|day)|morning|afternoon|evening|yes|yeah|yep|no|nope"
    r"|ok|okay|right|well|sure|thanks|thank you|cheers|oh|ah|um|uh|er|fine|great|perfect|lovely|brilliant|good"
    r"|dear \w+)\b",
    re.IGNORECASE,
)
_CLAUSE = re.compile(r"[,;:\u2013\u2014]\s+|\s+(?=(?:and|but|so|because|then|or|which)\s)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Piece:
    """One quotable stretch of a turn: `turns[turn].text[start:end] == text`."""

    turn: int
    start: int
    end: int
    text: str


def pieces_of(turns: Sequence[Turn], index: int) -> list[Piece]:
    """The turn as pieces of at most MAX_WORDS words, in order and disjoint; greetings alone are left out."""
    text = turns[index].text
    spans = [part for start, end in _joined(text) for part in _cut(text, start, end)]
    return [Piece(index, start, end, text[start:end]) for start, end in spans]


def _joined(text: str) -> Iterator[tuple[int, int]]:
    """Sentences, each short one together with what follows it on the same line."""
    begun: int | None = None
    sentences = sentence_spans(text)
    for at, (start, end) in enumerate(sentences):
        first = start if begun is None else begun
        begun = None
        if len(text[first:end].split()) >= MIN_WORDS:
            yield first, end
        elif not _GREETING.match(text, first):
            following = sentences[at + 1] if at + 1 < len(sentences) else None
            if following is None or "\n" in text[end : following[0]]:
                yield first, end
            else:
                begun = first


def _cut(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The span, or where it is too long parts of it that end with a clause where there is one."""
    while len(words := [match.span() for match in _WORD.finditer(text, start, end)]) > MAX_WORDS:
        limit = words[MAX_WORDS - 1][1]
        least = words[MAX_WORDS // 2][1]
        ends = list(_CLAUSE.finditer(text, least, min(limit + 1, end)))
        stop = ends[-1].start() + (text[ends[-1].start()] in ",;:") if ends else limit
        yield start, len(text[:stop].rstrip())
        start = stop + len(text[stop:end]) - len(text[stop:end].lstrip())
    yield start, end
