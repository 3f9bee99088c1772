"""What transcripts are worth against the truth: wrong words, and turns that start at the wrong time."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import jiwer
import numpy as np
from whisper.normalizers import EnglishTextNormalizer

from coach.types import Turn
from evals.recordings import TrueCall, TrueTurn
from ingest.transcribe import CallTranscript
from ingest.turns import build_turns

FIRST_WORDS = 3  # of a turn, among which one must have been recognised to find where it starts


@dataclass(frozen=True, slots=True)
class Report:
    engine: str
    model: str
    recordings: int
    audio_s: float
    wall_s: float | None
    words: int
    wer: float
    dropped: int
    """Segments that the guards rejected."""
    coverage: float | None
    """Share of the detected speech that lies inside accepted segments; None where none was detected."""
    lost_s: float
    """Of detected speech without accepted text."""
    truncated: int
    """Recordings that the decoder flags as cut short."""
    turns: int
    """Turns whose true start is known."""
    joined: int
    """Of these, those that do not start a transcribed turn."""
    start_error_median_s: float | None
    start_error_p95_s: float | None
    start_bias_s: float | None
    """Median of transcribed minus true start."""

    @property
    def rtfx(self) -> float | None:
        return self.audio_s / self.wall_s if self.wall_s else None


def measure(
    engine: str, model: str, calls: Sequence[TrueCall], transcripts: Sequence[CallTranscript], wall_s: float | None
) -> Report:
    """WER over all words of all calls with a reference, a side at a time, and the errors of the turns' starts."""
    true_texts: list[str] = []
    heard_texts: list[str] = []
    errors: list[float | None] = []
    for call, transcript in zip(calls, transcripts, strict=True):
        if not call.turns:
            continue
        turns = build_turns(transcript.segments)
        for role in dict.fromkeys(channel.role for channel in call.channels):
            true_texts.append(normalised(call.text_of(role)))
            accepted = [s.text for s in transcript.segments if s.role == role and s.dropped is None]
            heard_texts.append(normalised(" ".join(accepted)))
            errors += start_errors([t for t in call.turns if t.role == role], [t for t in turns if t.role == role])
    found = np.array([error for error in errors if error is not None])
    return Report(
        engine=engine,
        model=model,
        recordings=len(calls),
        audio_s=sum(call.duration_s for call in calls),
        wall_s=wall_s,
        words=sum(len(text.split()) for text in true_texts),
        wer=jiwer.process_words(true_texts, heard_texts).wer if true_texts else 0.0,
        dropped=sum(s.dropped is not None for transcript in transcripts for s in transcript.segments),
        coverage=coverage(transcripts),
        truncated=sum("truncated" in call.flags for call in calls),
        lost_s=sum(transcript.lost_s for transcript in transcripts),
        turns=len(errors),
        joined=len(errors) - len(found),
        start_error_median_s=float(np.median(np.abs(found))) if len(found) else None,
        start_error_p95_s=float(np.percentile(np.abs(found), 95)) if len(found) else None,
        start_bias_s=float(np.median(found)) if len(found) else None,
    )


def coverage(transcripts: Sequence[CallTranscript]) -> float | None:
    """Share of the detected speech's seconds inside accepted segments of its channel; None without speech."""
    spoken_s, covered_s = 0.0, 0.0
    for transcript in transcripts:
        for channel, spans in enumerate(transcript.speech):
            accepted = [s for s in transcript.segments if s.channel == channel and s.dropped is None]
            starts, ends = np.array([s.start for s in accepted]), np.array([s.end for s in accepted])
            for span in spans:
                spoken_s += span.length
                shared = np.minimum(ends, span.end) - np.maximum(starts, span.start)
                covered_s += min(float(shared[shared > 0].sum()), span.length)
    return covered_s / spoken_s if spoken_s else None


def invented(calls: Sequence[TrueCall], transcripts: Sequence[CallTranscript]) -> dict[str, float]:
    """Accepted words a minute of each recording in which nobody speaks, by its name."""
    return {
        call.name: sum(len(s.text.split()) for s in transcript.segments if s.dropped is None) / call.duration_s * 60
        for call, transcript in zip(calls, transcripts, strict=True)
    }


def normalised(text: str) -> str:
    """The text as words to be compared: whisper's EnglishTextNormalizer."""
    return str(_normaliser()(text))


@cache
def _normaliser() -> EnglishTextNormalizer:
    return EnglishTextNormalizer()


def start_errors(true: Sequence[TrueTurn], heard: Sequence[Turn]) -> list[float | None]:
    """Per true turn of one side with a known start: seconds by which the transcribed one starts later.

    The side's words are aligned first. A true turn begins a transcribed one when the first word that they share is the
    first that anything shares with the transcribed one, and among the first words of both. None for the others: they
    were joined to another turn, or not recognised.
    """
    true_words = [(i, at, w) for i, turn in enumerate(true) for at, w in enumerate(normalised(turn.text).split())]
    heard_words = [(i, at, w) for i, turn in enumerate(heard) for at, w in enumerate(normalised(turn.text).split())]
    starts: dict[int, float] = {}
    begun: set[int] = set()
    for ref, hyp in matches([word for *_, word in true_words], [word for *_, word in heard_words]):
        (turn, at, _), (heard_turn, heard_at, _) = true_words[ref], heard_words[hyp]
        start = heard[heard_turn].start
        if heard_turn not in begun and at < FIRST_WORDS and heard_at < FIRST_WORDS and start is not None:
            starts.setdefault(turn, start)
        begun.add(heard_turn)
    return [starts[i] - turn.start if i in starts else None for i, turn in enumerate(true) if turn.start is not None]


def matches(true: Sequence[str], heard: Sequence[str]) -> list[tuple[int, int]]:
    """Positions of words that both have, in the best alignment."""
    if not true or not heard:
        return []
    chunks = jiwer.process_words(" ".join(true), " ".join(heard)).alignments[0]
    return [
        (chunk.ref_start_idx + i, chunk.hyp_start_idx + i)
        for chunk in chunks
        if chunk.type == "equal"
        for i in range(chunk.ref_end_idx - chunk.ref_start_idx)
    ]
