"""What a tracker judges at once: a sentence, or a stretch of speech that nobody put full stops into."""

import re

from coach.questions.find import sentence_spans

MAX_WORDS = 30
"""A longer sentence is cut: the examples are sentences of 5 to 30 words, and one cue in many words is lost in them."""
STRETCH_WORDS = 22
STEP_WORDS = 11
"""Stretches overlap by half, so that whatever takes up to 11 words is whole in one of them."""
_WORD = re.compile(r"\S+")


def stretch_spans(text: str) -> list[tuple[int, int]]:
    """Character spans of sentences, and of overlapping stretches in sentences of more than MAX_WORDS; in order.

    Empty for a text without a letter or digit.
    """
    return [span for sentence in sentence_spans(text) for span in _cut(text, *sentence)]


def _cut(text: str, start: int, end: int) -> list[tuple[int, int]]:
    words = [match.span() for match in _WORD.finditer(text, start, end)]
    if len(words) <= MAX_WORDS:
        return [(start, end)]
    last = len(words) - STRETCH_WORDS
    firsts = [*range(0, last, STEP_WORDS), last]
    return [(words[first][0], words[first + STRETCH_WORDS - 1][1]) for first in firsts]
