"""Cutting a transcript into passages: stretches of one to a few turns, about what the encoder reads at once."""

from collections.abc import Sequence
from dataclasses import dataclass

from coach.types import Turn

# Tried on primock57 (does a complaint find the consultation?): 60/20, 100/30, 150/50 and 180/100 words differ by less
# than chance does, role labels in the text do not help, single turns are worse and five times as many.
MAX_WORDS = 120  # about 160 word pieces; the encoder reads 256
ENOUGH_WORDS = 40  # from here on, a passage ends where the next exchange begins


@dataclass(frozen=True, slots=True)
class Span:
    """One passage before it is embedded. `first_turn`..`last_turn` are inclusive."""

    first_turn: int
    last_turn: int
    start: float | None
    """Seconds, of its first turn that has a time; None in chat and mail."""
    end: float | None
    text: str
    """The turns' texts, one a line. This is what is embedded and shown."""


def cut(turns: Sequence[Turn]) -> list[Span]:
    """The transcript's passages, in order, covering every turn that has words exactly once; none for no words.

    A passage ends where an exchange does: before a turn that does not answer the one before it, so that a question
    stays with its answer. It is closed early rather than grow beyond MAX_WORDS. A single longer turn is one passage:
    the embedder reads all of it.
    """
    spans: list[Span] = []
    group: list[int] = []
    words = 0
    for index, turn in enumerate(turns):
        n_words = len(turn.text.split())
        if not n_words:
            continue
        if group and (
            words + n_words > MAX_WORDS or (words >= ENOUGH_WORDS and _begins_exchange(turns[group[-1]], turn))
        ):
            spans.append(_span(turns, group))
            group, words = [], 0
        group.append(index)
        words += n_words
    if group:
        spans.append(_span(turns, group))
    return spans


def _begins_exchange(previous: Turn, turn: Turn) -> bool:
    """Whether `turn` opens something new: the agent speaks and the customer had not just asked something."""
    return turn.role != "customer" and "?" not in previous.text[-40:]


def _span(turns: Sequence[Turn], group: Sequence[int]) -> Span:
    starts = [start for i in group if (start := turns[i].start) is not None]
    ends = [end for i in group if (end := turns[i].end) is not None]
    text = "\n".join(" ".join(turns[i].text.split()) for i in group)
    return Span(group[0], group[-1], min(starts, default=None), max(ends, default=None), text)
