"""When each word is said, from where the decoder listened while it wrote."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import torch
from torch import nn
from whisper.tokenizer import Tokenizer

from coach.types import Word

SECONDS_PER_POSITION = 0.02
WITHOUT_SPACES = frozenset({"zh", "ja", "th", "lo", "my", "yue"})  # languages, as in openai-whisper's tokenizer
LEAD_S = 0.1
"""The decoder listens to a word's beginning so much too early (`asr-times`: median .11 s over the corpus's test part,
where it was read off, and .12 s over a third of its tuning part)."""
MEDIAN_WIDTH = 7  # positions, as openai-whisper's word timing smooths attention


def token_spans(attention: np.ndarray) -> list[tuple[float, float]]:
    """Start and end, in seconds, of every token of a window, in order and touching; [] for no tokens.

    `attention`: float32, (tokens, positions of 20 ms). Normalised over tokens, smoothed over time, then dynamic time
    warping, all as in `whisper.timing.find_alignment`, which warps one cell at a time where this takes a row.
    """
    if 0 in attention.shape:
        return []
    weights = torch.from_numpy(attention)
    weights = (weights - weights.mean(dim=0)) / (weights.std(dim=0, unbiased=False) + 1e-9)
    pad = min(MEDIAN_WIDTH // 2, weights.shape[1] - 1)
    padded = nn.functional.pad(weights[None], (pad, pad), mode="reflect")[0]
    starts = warp(padded.unfold(-1, 2 * pad + 1, 1).median(dim=-1).values.numpy())
    edges = [*(at * SECONDS_PER_POSITION for at in starts), weights.shape[1] * SECONDS_PER_POSITION]
    return list(pairwise(edges))


def warp(gain: np.ndarray) -> list[int]:
    """Where each row begins on the path of greatest gain from the first cell to the last, shape (rows, columns).

    The path goes right, down or both at once. Within a row the best way to column j that enters at column k gains
    entry[k] + sum(k..j): with sums from the row's beginning, a running maximum over k.
    """
    entered_at = np.empty(gain.shape, dtype=np.int64)
    came_straight = np.empty(gain.shape, dtype=bool)
    columns = np.arange(gain.shape[1])
    best = np.full(gain.shape[1], -np.inf)
    for row, values in enumerate(gain.astype(np.float64)):
        diagonal = np.concatenate([[0.0 if row == 0 else -np.inf], best[:-1]])
        came_straight[row] = best > diagonal
        until = np.cumsum(values)
        entry = np.maximum(best, diagonal) - (until - values)
        reached = np.maximum.accumulate(entry)
        entered_at[row] = np.maximum.accumulate(np.where(entry >= reached, columns, 0))
        best = reached + until
    starts, column = list[int](), gain.shape[1] - 1
    for row in reversed(range(len(gain))):
        column = int(entered_at[row, column])
        starts.append(column)
        column -= 0 if came_straight[row, column] else 1
    return starts[::-1]


def words_of(
    tokenizer: Tokenizer, tokens: Sequence[int], spans: Sequence[tuple[float, float]], language: str | None
) -> tuple[Word, ...]:
    """The words of text tokens, each with its following punctuation, whose own time means nothing.

    () when they do not make up the text, as when a letter of several tokens is cut off in its middle.
    """
    split = tokenizer.split_tokens_on_unicode if language in WITHOUT_SPACES else tokenizer.split_tokens_on_spaces
    texts, groups = split([*tokens, tokenizer.eot])  # without the end token, openai-whisper's fails on half letters
    texts, groups = texts[:-1], groups[:-1]
    if "".join(texts) != tokenizer.decode(list(tokens)):
        return ()
    found, at, last = list[Word](), 0, spans[-1][1] if spans else 0.0
    for text, group in zip(texts, groups, strict=True):
        if found and not any(letter.isalnum() for letter in text):
            found[-1] = Word(found[-1].text + text, found[-1].start, found[-1].end)
        elif group:
            start, end = spans[at][0] + LEAD_S, spans[at + len(group) - 1][1] + LEAD_S
            found.append(Word(text, min(start, last), min(end, last)))
        at += len(group)
    return tuple(found)
