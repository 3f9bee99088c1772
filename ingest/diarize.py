"""Diarization: who spoke when on a channel that several share, told from the sound of the voices alone.

Every 0.75 s of speech gets the embedding of the 1.5 s around it. Normalised cuts (Shi and Malik, 2000) divide a sample
of them into two groups, and every piece goes to the group whose mean it is nearest to. Two groups that sound like one
voice are one. More than two voices are not told apart: a third counts to the one it resembles.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice, pairwise

import numpy as np

from coach.types import Segment, Word
from ingest.speech import SAMPLE_RATE, Span
from ingest.voices import PRINT_S, VoiceEncoder

PIECE_S = 0.75
MIN_CLEAR_S = 0.5  # shorter pieces are too uncertain to say what the voices are
MAX_SAMPLE = 500  # pieces that are cut in two groups: the eigenvectors of that many take a tenth of a second
ROUNDS = 3  # of moving the groups' means
ONE_VOICE, ONE_VOICE_SHORT = 0.65, 0.5
"""Cosine of two groups' means above which they are one voice; the second for recordings with little speech, where even
one voice falls into two groups that differ by chance. Two people were at .2 to .6, one voice cut in two at .6 in 8 s of
speech and at .76 to .94 in more (`python -m evals diarization`)."""
LITTLE_S = 15.0
MIN_VOICE_S = 1.0  # a voice heard for less is none of its own
PIECES_AT_ONCE = 64
SNAP_S = PIECE_S  # a change of voice is looked for this far around where two pieces meet
_SENTENCE_ENDS = (".", "?", "!")


@dataclass(frozen=True, slots=True)
class VoiceSpan:
    """A stretch of speech of one voice, in seconds from the start of the recording."""

    start: float
    end: float
    voice: int
    """From 0 in the order in which they are first heard."""


class Diarizer:
    """Tells at most two voices apart. Holds no state between recordings.

    `divide`: from embeddings of shape (n, dimension), n >= 2, to a group 0 or 1 for each. `always_two`: there are known
    to be two voices, however alike.
    """

    def __init__(
        self,
        encoder: VoiceEncoder,
        divide: Callable[[np.ndarray], np.ndarray] | None = None,
        *,
        always_two: bool = False,
    ) -> None:
        self._encoder = encoder
        self._divide = divide or cut
        self._always_two = always_two

    def diarize(self, samples: np.ndarray, speech: Sequence[Span]) -> list[VoiceSpan]:
        """Who speaks when, in order, covering `speech` exactly; empty without speech, all voice 0 when there is one.

        `samples`: int16, 16 kHz, shape (n,), perhaps a memory map: a minute of it is in memory at a time, beside
        1 KB for every second of speech. Where two speak at once, the louder is given.
        """
        pieces = [piece for span in speech for piece in _pieces(span)]
        if not pieces:
            return []
        lengths_s = np.array([piece.span.length for piece in pieces])
        labels = _two_groups(self._embed(samples, pieces), lengths_s, self._divide, always_two=self._always_two)
        if labels[0] == 1:
            labels = 1 - labels
        found: list[VoiceSpan] = []
        for piece, label in zip(pieces, labels.tolist(), strict=True):
            if found and found[-1].voice == label and found[-1].end == piece.span.start:
                found[-1] = replace(found[-1], end=piece.span.end)
            else:
                found.append(VoiceSpan(piece.span.start, piece.span.end, label))
        return found

    def _embed(self, samples: np.ndarray, pieces: Sequence["_Piece"]) -> np.ndarray:
        """float32, shape (pieces, dimension)."""
        parts = []
        waiting = iter(pieces)
        while group := list(islice(waiting, PIECES_AT_ONCE)):
            parts.append(self._encoder.embed([_sound(samples, piece.heard) for piece in group]))
        return np.concatenate(parts)


@dataclass(frozen=True, slots=True)
class _Piece:
    span: Span
    """What is decided on."""
    heard: Span
    """What is listened to: the same with its surroundings, within the stretch of speech."""


def _pieces(speech: Span) -> Iterator[_Piece]:
    """A stretch of speech in equal pieces of at most PIECE_S."""
    n = max(1, int(np.ceil(speech.length / PIECE_S - 1e-9)))
    edges = [*(speech.start + speech.length * i / n for i in range(n)), speech.end]
    for start, end in pairwise(edges):
        first = max(speech.start, min((start + end - PRINT_S) / 2, speech.end - PRINT_S))
        yield _Piece(Span(start, end), Span(first, min(speech.end, max(end, first + PRINT_S))))


def _sound(samples: np.ndarray, span: Span) -> np.ndarray:
    part = samples[round(span.start * SAMPLE_RATE) : round(span.end * SAMPLE_RATE)]
    return np.asarray(part, dtype=np.float32) / np.float32(32768)


def _two_groups(
    embeddings: np.ndarray, lengths_s: np.ndarray, divide: Callable[[np.ndarray], np.ndarray], *, always_two: bool
) -> np.ndarray:
    """0 or 1 for every piece, shape (n,); all 0 when there is one voice only."""
    nobody: np.ndarray = np.zeros(len(embeddings), dtype=np.int64)
    clear = np.flatnonzero(lengths_s >= MIN_CLEAR_S)
    if len(clear) < 2:
        return nobody
    chosen = clear[np.unique(np.linspace(0, len(clear) - 1, min(len(clear), MAX_SAMPLE)).round().astype(int))]
    means = _means(embeddings[chosen], divide(embeddings[chosen]), lengths_s[chosen])
    labels = nobody
    for _ in range(ROUNDS):
        labels = np.argmax(embeddings @ means.T, axis=1)
        means = _means(embeddings, labels, lengths_s)
    if always_two:
        return labels
    heard_s = min(float(lengths_s[labels == group].sum()) for group in (0, 1))
    bound = ONE_VOICE if float(lengths_s.sum()) >= LITTLE_S else ONE_VOICE_SHORT
    return nobody if heard_s < MIN_VOICE_S or float(means[0] @ means[1]) > bound else labels


def cut(embeddings: np.ndarray) -> np.ndarray:
    """Two groups, 0 and 1, such that what is alike stays together: by the sign of the second eigenvector."""
    likeness = np.maximum(embeddings @ embeddings.T, 0.0).astype(np.float64) ** 2
    root = np.sqrt(likeness.sum(axis=1))
    _, vectors = np.linalg.eigh(likeness / root[:, None] / root[None, :])
    return np.asarray(vectors[:, -2] > 0, dtype=np.int64)


def _means(embeddings: np.ndarray, labels: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The two groups' mean directions, shape (2, dimension); zeros for an empty group."""
    sums = np.stack([weights[labels == group] @ embeddings[labels == group] for group in (0, 1)])
    lengths = np.linalg.norm(sums, axis=1, keepdims=True)
    return np.asarray(np.divide(sums, lengths, out=np.zeros_like(sums), where=lengths > 0))


def give_voices(segments: Sequence[Segment], spans: Sequence[VoiceSpan]) -> list[Segment]:
    """One channel's segments with `voice` set; a segment in which two voices say words becomes two or more.

    Text and words are conserved and stay in order. Without word times, and when a guard dropped it, a segment goes
    whole to the voice that is heard longest in it. Without spans everything stays as it is.
    """
    if not spans:
        return list(segments)
    timeline = _Timeline(spans)
    found: list[Segment] = []
    for segment in segments:
        if segment.words and segment.dropped is None:
            found.extend(_divided(segment, timeline))
        else:
            found.append(replace(segment, voice=timeline.main_voice(segment.start, segment.end)))
    return found


class _Timeline:
    """Spans in order, to be asked who speaks when; `spans` is not empty."""

    def __init__(self, spans: Sequence[VoiceSpan]) -> None:
        self._starts = np.array([span.start for span in spans])
        self._ends = np.array([span.end for span in spans])
        self._voices = np.array([span.voice for span in spans])

    def main_voice(self, start: float, end: float) -> int:
        """Who is heard longest between two moments, or nearest to them."""
        first = max(0, int(np.searchsorted(self._ends, start)) - 1)
        last = min(len(self._starts), int(np.searchsorted(self._starts, end)) + 1)
        ends, starts = np.minimum(self._ends[first:last], end), np.maximum(self._starts[first:last], start)
        shared, voices = ends - starts, self._voices[first:last]
        if shared.max() <= 0:
            return int(voices[shared.argmax()])
        return int(np.bincount(voices, weights=np.maximum(shared, 0.0)).argmax())


def _divided(segment: Segment, timeline: _Timeline) -> Iterator[Segment]:
    """The segment cut where another voice goes on."""
    words = segment.words
    voices = [timeline.main_voice(word.start, word.end) for word in words]
    edges = {0: voices[0]}
    for at in range(1, len(words)):
        if voices[at] != voices[at - 1]:
            edges[_snapped(words, at)] = voices[at]
    cuts = sorted(edges)
    cuts = [cut for i, cut in enumerate(cuts) if i == 0 or edges[cut] != edges[cuts[i - 1]]]
    for first, last in pairwise([*cuts, len(words)]):
        own = words[first:last]
        yield replace(
            segment,
            start=segment.start if first == 0 else own[0].start,
            end=segment.end if last == len(words) else own[-1].end,
            text="".join(word.text for word in own).strip(),
            words=own,
            voice=edges[first],
        )


def _snapped(words: Sequence[Word], at: int) -> int:
    """Where a change of voice before word `at` really is: after the nearest end of a sentence, if one is near."""

    def distance(i: int) -> float:
        return abs(words[i].start - words[at].start)

    ends = [i for i in range(1, len(words)) if words[i - 1].text.strip().endswith(_SENTENCE_ENDS)]
    near = [i for i in ends if distance(i) <= SNAP_S]
    return min(near, key=distance, default=at)
