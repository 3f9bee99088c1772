"""Finds speech of one channel that is only the other side's voice, come back as echo or leaked by a codec.

An agent's words, heard faintly in the customer's channel, would be transcribed twice and counted for the wrong person.
Echo is found from the sound: where the same delay (up to 0.6 s) between the channels shows up over and over, each
stretch of speech is compared with the other channel's sound that much earlier, and is an echo where that explains
most of it. What one says while the other's echo is heard is not explained by it and stays.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from ingest.coherence import HOP_S, MAX_DELAY_S, DelayFinder, at_half_rate, likeness
from ingest.speech import SAMPLE_RATE, Span

PART_S = 60.0  # a delay is looked for in every minute: jitter buffers and clocks change it
BLOCK_S = 4.0
PROMINENT = 8.0  # a delay counts from here; unrelated channels reach 6 (`test_echo`)
ECHO_SHARE = 0.5
ECHO_GAIN = 0.7  # the quieter of two is the echo ...
LATE_GAIN = 1.4  # ... unless both are about as loud: then the later one is, or the second channel's
SAME_TIME_S = 0.01
MIN_OWN_S = 0.25  # a shorter rest of a span that is otherwise echo is its edge
MIN_CUT_S = 0.6  # less loud echo is not cut out of a span: it may cover the quiet end of an own word
FAINT_GAIN, MIN_FAINT_CUT_S = 0.2, 0.25  # under an echo 14 dB down nothing is hidden that could be understood


def find_echo(sounds: Sequence[np.ndarray], speech: Sequence[Sequence[Span]]) -> list[list[Span]]:
    """Per channel the parts of its speech that are the other channel's echo, in order; none for a lone channel.

    `sounds`: int16 at 16 kHz, one a channel, perhaps memory maps: no more than a span is held in memory.
    """
    if len(sounds) != 2 or not all(speech):
        return [[] for _ in sounds]
    delays = _delays(sounds, speech)
    return [
        [echo for span in _beside(speech[own], speech[1 - own]) for echo in _echo_in(span, sounds, own, delays)]
        for own in (0, 1)
    ]


class _Delays:
    """By how much channel 1 follows channel 0 in every minute, in s: each delay that stands out, or none."""

    def __init__(self) -> None:
        self._of_part: dict[int, list[float]] = {}
        self._everywhere: list[float] = []

    def add(self, part: int | None, finder: DelayFinder) -> None:
        found = [delay for delay, prominence in finder.peaks() if prominence >= PROMINENT]
        if part is None:
            self._everywhere = found
        else:
            self._of_part[part] = found

    def at(self, time: float) -> list[float]:
        here = [*self._of_part.get(int(time // PART_S), []), *self._everywhere]
        return [
            delay for i, delay in enumerate(here) if all(abs(delay - other) > SAME_TIME_S / 4 for other in here[:i])
        ]


def _delays(sounds: Sequence[np.ndarray], speech: Sequence[Sequence[Span]]) -> _Delays:
    delays, whole = _Delays(), DelayFinder(BLOCK_S)
    part, finder = -1, DelayFinder(BLOCK_S)
    for start in _blocks_of_both(speech):
        if int(start // PART_S) != part:
            delays.add(part, finder)
            part, finder = int(start // PART_S), DelayFinder(BLOCK_S)
        first, last = round(start * SAMPLE_RATE), round((start + BLOCK_S) * SAMPLE_RATE)
        cross = finder.add(at_half_rate(sounds[0][first:last]), at_half_rate(sounds[1][first:last]))
        whole.include(cross)
    delays.add(part, finder)
    delays.add(None, whole)
    return delays


def _blocks_of_both(speech: Sequence[Sequence[Span]]) -> list[float]:
    """Starts of the 4 s blocks in which both channels have speech at the same time, as an echo and its source do."""
    first, second = speech
    blocks: set[int] = set()
    i = j = 0
    while i < len(first) and j < len(second):
        start, end = max(first[i].start, second[j].start), min(first[i].end, second[j].end)
        if start < end:
            blocks.update(range(int(start // BLOCK_S), int(end // BLOCK_S) + 1))
        if first[i].end < second[j].end:
            i += 1
        else:
            j += 1
    return [block * BLOCK_S for block in sorted(blocks)]


def _beside(spans: Sequence[Span], others: Sequence[Span]) -> Iterator[Span]:
    """Spans that overlap one of the others, widened by the largest delay."""
    starts = np.array([other.start for other in others]) - MAX_DELAY_S
    ends = np.array([other.end for other in others]) + MAX_DELAY_S
    for span in spans:
        at = int(np.searchsorted(ends, span.start))
        if at < len(starts) and starts[at] < span.end:
            yield span


def _echo_in(span: Span, sounds: Sequence[np.ndarray], own: int, delays: _Delays) -> list[Span]:
    """The parts of a span of channel `own` that the other channel explains, after any of the known delays."""
    first, length = round(span.start * SAMPLE_RATE), round(span.length * SAMPLE_RATE)
    sound = _stretch(sounds[own], first, length)
    gain = np.zeros(0)
    for delay in delays.at(span.start):
        later_s = delay if own == 1 else -delay
        like = likeness(_stretch(sounds[1 - own], first - round(later_s * SAMPLE_RATE), length), sound)
        second = later_s > SAME_TIME_S or (own == 1 and later_s >= -SAME_TIME_S)
        is_echo = (like.share >= ECHO_SHARE) & (like.gain < (LATE_GAIN if second else ECHO_GAIN))
        gain = np.maximum(np.where(is_echo, like.gain, 0.0), gain if len(gain) else 0.0)
    return _runs(span, gain) if gain.any() else []


def _stretch(sound: np.ndarray, first: int, length: int) -> np.ndarray:
    """Samples at 8 kHz from `first` on (at 16 kHz), silence before and behind the recording."""
    before, behind = max(-first, 0), max(first + length - len(sound), 0)
    return np.pad(at_half_rate(sound[max(first, 0) : max(first + length, 0)]), (before // 2, (behind + 1) // 2))[
        : length // 2
    ]


def _runs(span: Span, gain: np.ndarray) -> list[Span]:
    """Echo frames, those with a gain above 0, as stretches: the whole span, or enough of it beside what is its own."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], gain > 0, [0]]).astype(int))).reshape(-1, 2)
    found = [Span(span.start + first * HOP_S, span.start + last * HOP_S) for first, last in edges]
    joined = [Span(span.start, span.start)]
    for run in [*found, Span(span.end, span.end)]:
        if run.start - joined[-1].end < MIN_OWN_S:
            joined[-1] = Span(joined[-1].start, run.end)
        else:
            joined.append(run)
    if len(joined) == 1:
        return joined
    return [run for run in joined if run.length >= _least_cut_s(run, span, gain)]


def _least_cut_s(run: Span, span: Span, gain: np.ndarray) -> float:
    frames = gain[round((run.start - span.start) / HOP_S) : round((run.end - span.start) / HOP_S)]
    heard = frames[frames > 0]
    return MIN_FAINT_CUT_S if len(heard) and float(np.median(heard)) < FAINT_GAIN else MIN_CUT_S
