"""Whether turns and words are heard when they are said, and in which order.

Every side's true words are aligned with its heard ones (after the normaliser, a word at a time); only words that are
the same in both are timed. Overlapping turns are those that share more than a tenth of a second with the other side's.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise

import numpy as np

from coach.types import Turn
from evals.asr_scores import matches, start_errors
from evals.comparison import comparable, heard_text
from evals.recordings import TrueCall, TrueTurn
from ingest.transcribe import CallTranscript
from ingest.turns import build_turns

OVERLAP_S = 0.1
KEPT_SHARE = 0.5  # of a turn's words: less means that the turn is lost


@dataclass(slots=True)
class Times:
    """What was found in some calls; errors are heard minus true, in seconds."""

    turn_starts: list[float] = field(default_factory=list)
    overlapped_starts: list[float] = field(default_factory=list)
    """Of turns that begin while the other side speaks; they are not among `turn_starts`."""
    late_turns: list[tuple[float, str, float, str]] = field(default_factory=list)
    """Of every timed turn its error, its call, its true start and its text."""
    joined: int = 0
    """Turns that do not begin a heard turn."""
    word_starts: list[float] = field(default_factory=list)
    overlapped_words: list[float] = field(default_factory=list)
    """Starts of words in overlapping turns; they are not among `word_starts`."""
    in_order: int = 0
    ordered: int = 0
    """Neighbouring turns, both heard, that do not overlap."""
    overlaps: int = 0
    both_kept: int = 0
    """Overlaps of which both turns have at least half of their words."""
    overlapped_heard: int = 0
    overlapped_total: int = 0
    """Words of overlapping turns that are heard, and all."""
    clear_heard: int = 0
    clear_total: int = 0


@dataclass(frozen=True, slots=True)
class _Token:
    """A comparable word: of which turn, which of its words, and when that starts, where that is known."""

    text: str
    turn: int
    index: int
    start: float | None = None


def measure_times(calls: Sequence[TrueCall], transcripts: Sequence[CallTranscript]) -> Times:
    """What was found in all of the calls together."""
    found = Times()
    for call, transcript in zip(calls, transcripts, strict=True):
        overlapping = overlapping_turns(call.turns)
        _time_starts(call, build_turns(transcript.segments), overlapping, found)
        _time_words(call, transcript, {i for pair in overlapping for i in pair}, found)
        _count_overlaps(call, overlapping, count_heard(call, transcript), found)
        _count_order(call, transcript, overlapping, found)
    return found


def overlapping_turns(turns: Sequence[TrueTurn]) -> list[tuple[int, int]]:
    """Pairs of turns of different sides that overlap, the one begun first in front."""
    pairs = []
    for i, turn in enumerate(turns):
        for j in range(i + 1, len(turns)):
            start, end = turns[j].start, turn.end
            if start is None or end is None or start >= end - OVERLAP_S:
                if start is not None and end is not None and start > end:
                    break
                continue
            if turn.role != turns[j].role and min(end, turns[j].end or end) - start > OVERLAP_S:
                pairs.append((i, j))
    return pairs


def _time_starts(call: TrueCall, turns: Sequence[Turn], overlapping: Sequence[tuple[int, int]], found: Times) -> None:
    late = {j for _, j in overlapping}
    for role in dict.fromkeys(channel.role for channel in call.channels):
        own = [i for i, turn in enumerate(call.turns) if turn.role == role]
        errors = start_errors([call.turns[i] for i in own], [turn for turn in turns if turn.role == role])
        for i, error in zip(own, errors, strict=True):
            if error is None:
                found.joined += 1
            else:
                (found.overlapped_starts if i in late else found.turn_starts).append(error)
                turn = call.turns[i]
                found.late_turns.append((error, call.name, turn.start or 0.0, turn.text))


def _time_words(call: TrueCall, transcript: CallTranscript, overlapping: set[int], found: Times) -> None:
    for role in dict.fromkeys(channel.role for channel in call.channels):
        true = [token for token in true_tokens(call.turns) if call.turns[token.turn].role == role]
        heard = list(heard_tokens(transcript, role))
        for at, other in matches([token.text for token in true], [token.text for token in heard]):
            token, start = true[at], heard[other].start
            if token.start is not None and start is not None:
                errors = found.overlapped_words if token.turn in overlapping else found.word_starts
                errors.append(start - token.start)


def count_heard(call: TrueCall, transcript: CallTranscript) -> dict[int, tuple[int, int]]:
    """Per turn how many of its comparable words were heard, of how many; numbers however they are written."""
    counts: dict[int, tuple[int, int]] = {}
    for role in dict.fromkeys(channel.role for channel in call.channels):
        own = [(i, w) for i, t in enumerate(call.turns) if t.role == role for w in comparable(t.text).split()]
        heard = comparable(heard_text(transcript, role)).split()
        good = {at for at, _ in matches([word for _, word in own], heard)}
        for at, (i, _) in enumerate(own):
            before, total = counts.get(i, (0, 0))
            counts[i] = (before + (at in good), total + 1)
    return counts


def true_tokens(turns: Sequence[TrueTurn]) -> Iterator[_Token]:
    """The turns' comparable words; only the first of those that one written word becomes has its start."""
    for i, turn in enumerate(turns):
        starts = {word.index: word.start for word in turn.words}
        for index, word in enumerate(turn.text.split()):
            for k, token in enumerate(_tokens(word)):
                yield _Token(token, i, index, None if k else starts.get(index))


def heard_tokens(transcript: CallTranscript, role: str) -> Iterator[_Token]:
    """The comparable words of a side's accepted segments with their starts; without, where the engine tells none."""
    for i, segment in enumerate(transcript.segments):
        if segment.role == role and segment.dropped is None:
            told: list[tuple[str, float | None]] = [(word.text, word.start) for word in segment.words]
            for index, (text, start) in enumerate(told or [(word, None) for word in segment.text.split()]):
                for k, token in enumerate(_tokens(text)):
                    yield _Token(token, i, index, None if k else start)


@cache
def _tokens(word: str) -> tuple[str, ...]:
    return tuple(comparable(word).split())


def _count_overlaps(
    call: TrueCall, overlapping: Sequence[tuple[int, int]], heard: dict[int, tuple[int, int]], found: Times
) -> None:
    touched = {i for pair in overlapping for i in pair}
    for i, (good, total) in heard.items():
        if i in touched:
            found.overlapped_heard += good
            found.overlapped_total += total
        else:
            found.clear_heard += good
            found.clear_total += total
    for pair in overlapping:
        counts = [heard.get(i, (0, 0)) for i in pair]
        if all(total for _, total in counts):
            found.overlaps += 1
            found.both_kept += all(good >= KEPT_SHARE * total for good, total in counts)


def _count_order(
    call: TrueCall, transcript: CallTranscript, overlapping: Sequence[tuple[int, int]], found: Times
) -> None:
    """Whether each turn's first heard word stands after the last turn's in the transcript that a reader sees."""
    turns = build_turns(transcript.segments)
    places: dict[int, tuple[int, int]] = {}
    for role in dict.fromkeys(channel.role for channel in call.channels):
        true = [token for token in true_tokens(call.turns) if call.turns[token.turn].role == role]
        heard = [
            (token, i, at)
            for i, turn in enumerate(turns)
            if turn.role == role
            for at, token in enumerate(token for word in turn.text.split() for token in _tokens(word))
        ]
        for one, other in matches([token.text for token in true], [token for token, *_ in heard]):
            places.setdefault(true[one].turn, heard[other][1:])
    apart = set(overlapping)
    for i, j in pairwise(sorted(places)):
        if (i, j) not in apart:
            found.ordered += 1
            found.in_order += places[i] < places[j]


def spread_of(errors: Sequence[float]) -> dict[str, float | int | None]:
    """Median and 95th percentile of the errors' sizes, and their median with its sign, in seconds; None of none."""
    if not errors:
        return {"n": 0, "median": None, "p95": None, "bias": None}
    sizes = np.abs(errors)
    return {
        "n": len(errors),
        "median": round(float(np.median(sizes)), 3),
        "p95": round(float(np.percentile(sizes, 95)), 3),
        "bias": round(float(np.median(errors)), 3),
    }
