"""Packs a channel's speech into windows for the recogniser, and maps what it returns back to the recording.

Long pauses are left out of a window, so every window remembers the pieces it is made of. The recogniser sees only a
short silence where the pause was, and may say one sentence across it; `spread` takes such a segment apart again, so
that no turn stretches over a pause in which the other side spoke.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from coach.types import Word
from ingest.speech import SAMPLE_RATE, Span

MAX_WINDOW_S = 29.8
PAD_S = 0.2  # sound kept before and after speech: soft onsets and ends
GAP_S = 0.1  # silence in place of a pause that was left out
MIN_FILL = 0.6  # a full window is cut at the longest pause after this share of it
SPLIT_PAUSE_S = 0.7  # a segment that says words on both sides of a longer pause is two
SNAP_S = 0.5  # a time this close to where speech starts or ends means that start or end


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of the recording inside a window."""

    start: float
    """In the recording."""
    at: float
    """In the window."""
    length: float


@dataclass(frozen=True, slots=True)
class Stretch:
    """Text and its place in the recording."""

    start: float
    end: float
    text: str
    words: tuple[Word, ...] = ()
    """In recording time; empty when the recogniser gave none."""


@dataclass(frozen=True, slots=True)
class Window:
    channel: int
    """Which of the call's channels it is from."""
    pieces: tuple[Piece, ...]
    spans: tuple[Span, ...]
    """The speech in it, unpadded, in the recording."""

    @property
    def duration_s(self) -> float:
        return self.pieces[-1].at + self.pieces[-1].length

    def samples(self, channel: np.ndarray) -> np.ndarray:
        """The window's sound from its channel's int16 samples: float32 in [-1, 1), 16 kHz, silence in the gaps."""
        sound = np.zeros(round(self.duration_s * SAMPLE_RATE), dtype=np.float32)
        for piece in self.pieces:
            first, at = round(piece.start * SAMPLE_RATE), round(piece.at * SAMPLE_RATE)
            part = channel[first : first + round(piece.length * SAMPLE_RATE)][: len(sound) - at]
            sound[at : at + len(part)] = part.astype(np.float32) / 32768.0
        return sound

    def to_recording(self, time: float) -> float:
        """A window time in the recording; a time in a gap is the end of the piece before it."""
        before = [piece for piece in self.pieces if piece.at <= time] or [self.pieces[0]]
        return before[-1].start + min(max(time - before[-1].at, 0.0), before[-1].length)

    def from_recording(self, time: float) -> float:
        """Where a moment inside one of the pieces lies in the window."""
        before = [piece for piece in self.pieces if piece.start <= time] or [self.pieces[0]]
        return before[-1].at + min(max(time - before[-1].start, 0.0), before[-1].length)


def pack(spans: Sequence[Span], *, duration_s: float, channel: int = 0) -> list[Window]:
    """Windows of at most 29.8 s that hold all of the speech, in order, none of it twice; empty when there is none."""
    padded = _padded(spans, duration_s) if spans else []
    windows: list[Window] = []
    first = 0
    while first < len(spans):
        last = first
        while last + 1 < len(spans) and _pieces(padded[first : last + 2])[1] <= MAX_WINDOW_S:
            last += 1
        if last + 1 < len(spans):
            last = _best_cut(spans, padded, first, last)
        pieces, _ = _pieces(padded[first : last + 1])
        windows.append(Window(channel, pieces, tuple(spans[first : last + 1])))
        first = last + 1
    return windows


def _padded(spans: Sequence[Span], duration_s: float) -> list[Span]:
    """Spans with sound around them, up to the middle of a short pause, so that neighbours never overlap."""
    edges = [0.0, *((before.end + after.start) / 2 for before, after in pairwise(spans)), duration_s]
    return [
        Span(max(span.start - PAD_S, left), min(span.end + PAD_S, right))
        for span, left, right in zip(spans, edges[:-1], edges[1:], strict=True)
    ]


def _pieces(padded: Sequence[Span]) -> tuple[tuple[Piece, ...], float]:
    """The pieces that hold these padded spans, and the length of the window they make."""
    pieces: list[Piece] = []
    for span in padded:
        if pieces and span.start - (pieces[-1].start + pieces[-1].length) <= GAP_S:
            last = pieces.pop()
            pieces.append(Piece(last.start, last.at, span.end - last.start))
        else:
            at = pieces[-1].at + pieces[-1].length + GAP_S if pieces else 0.0
            pieces.append(Piece(span.start, at, span.length))
    return tuple(pieces), pieces[-1].at + pieces[-1].length


def _best_cut(spans: Sequence[Span], padded: Sequence[Span], first: int, last: int) -> int:
    """The last span of a window that is full after `last`: the one before the longest pause in its later part."""
    late = [i for i in range(first, last + 1) if _pieces(padded[first : i + 1])[1] >= MIN_FILL * MAX_WINDOW_S]
    return max(late or [last], key=lambda i: spans[i + 1].start - spans[i].end)


def spread(window: Window, start: float, end: float, text: str, words: Sequence[Word] = ()) -> list[Stretch]:
    """A recogniser's segment (window times) as stretches of the recording, split at long pauses in it.

    Without word times the words are taken to be evenly spread. Text is conserved; stretches are in order.
    """
    told, words = bool(words), words or _even_words(start, end, text)
    if not words:
        return []
    edges = [(window.from_recording(span.start), window.from_recording(span.end)) for span in window.spans]
    homes: list[int] = []
    for word in words:
        home = _nearest(edges, min(max((word.start + word.end) / 2, start), end))
        homes.append(max(home, homes[-1]) if homes else home)
    groups = [[0]]
    for i, (here, there) in enumerate(pairwise(homes), start=1):
        if window.spans[there].start - window.spans[here].end >= SPLIT_PAUSE_S:
            groups.append([])
        groups[-1].append(i)
    stretches = []
    for group in groups:
        from_s = _snapped_start(window, edges, homes[group[0]], start if group is groups[0] else None)
        to_s = _snapped_end(window, edges, homes[group[-1]], end if group is groups[-1] else None)
        own = [words[i] for i in group]
        placed = tuple(_placed(word, window, from_s, to_s) for word in own) if told else ()
        stretches.append(Stretch(from_s, max(from_s, to_s), "".join(word.text for word in own).strip(), placed))
    return [stretch for stretch in stretches if stretch.text]


def _placed(word: Word, window: Window, from_s: float, to_s: float) -> Word:
    """A word in recording time, inside its stretch."""
    start, end = (min(max(window.to_recording(time), from_s), max(from_s, to_s)) for time in (word.start, word.end))
    return Word(word.text, start, max(start, end))


def _even_words(start: float, end: float, text: str) -> list[Word]:
    parts = text.split()
    total = sum(len(part) + 1 for part in parts)
    words, before = [], 0
    for part in parts:
        edges = (start + (end - start) * at / total for at in (before, before + len(part)))
        words.append(Word(f" {part}", *edges))
        before += len(part) + 1
    return words


def _nearest(edges: Sequence[tuple[float, float]], time: float) -> int:
    """The span that holds a window time, or is closest to it."""
    return min(range(len(edges)), key=lambda i: max(edges[i][0] - time, time - edges[i][1], 0.0))


def _snapped_start(window: Window, edges: Sequence[tuple[float, float]], span: int, time: float | None) -> float:
    """Where a stretch starts: its span's start, unless the recogniser says that it starts well inside the span."""
    if time is None or time <= edges[span][0] + SNAP_S:
        return window.spans[span].start
    return window.to_recording(min(time, edges[span][1]))


def _snapped_end(window: Window, edges: Sequence[tuple[float, float]], span: int, time: float | None) -> float:
    if time is None or time >= edges[span][1] - SNAP_S:
        return window.spans[span].end
    return window.to_recording(max(time, edges[span][0]))
