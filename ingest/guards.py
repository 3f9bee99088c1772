"""Marks what a recogniser made up: loops, text on silence, its favourite inventions. Nothing is deleted.

Whisper repeats itself and writes subtitles' phrases where nobody speaks. Thresholds on compression, silence and
log-probability are openai-whisper's (`whisper/transcribe.py`) where no other source is given; the others are set so
that nothing is lost of the real call, the demo calls and 110 prompts, 586 segments by base.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from coach.types import Segment
from ingest.spans import union, without
from ingest.speech import Span

MAX_COMPRESSION = 2.4
NO_SPEECH = 0.6  # of real speech no segment reached it (at most 0.52), on music, tones and laughter 14 of 16 did
LOW_LOGPROB = -1.0
DOUBTFUL_LOGPROB = -0.5  # below it, no-speech decides; openai-whisper asks for -1, which noise repeating itself passes
HOPELESS_LOGPROB = -2.0  # below it the text is a guess, whatever else speaks for it
WEAK_NO_SPEECH = 0.3
WEAK_SPEECH_S = 0.15  # a "bye" takes longer
MIN_OVERLAP = 0.2  # share of a segment that must be speech
MAX_CHARS_PER_S = 45.0  # nobody speaks twice as fast as fast speech
MIN_RATE_CHARS = 15  # shorter texts have too uncertain times for a rate
REPEATS = {1: 8, 2: 5, 3: 4}  # times in a row that n words are repeated by a loop; 4 for longer n
MAX_NGRAM = 12
SAME_SEGMENTS = 3  # in a row
SAME_WORDS = 3  # "Okay." three times is talk, a sentence three times is a loop
COVER_MARGIN_S = 0.2  # a segment's times are good to about that
LOST_PAUSE_S = 0.5  # speech without text on both sides of a shorter pause belongs together
LOST_S = 0.8
"""Speech without text from which words are lost. Of the accepted segments of the demo calls, the real call and a third
of the prompts, taken out one at a time, it notices 99 % of seven words and more, 97 % of four to six and 59 % of two or
three; a hum, a breath and the soft end of a sentence stay below it."""
UNSURE_LOGPROB = -0.7  # of a text made of nothing but configured names
LISTED_TERMS = 3  # names in a row as the prompt has them: the prompt read out, not speech
INVENTIONS = frozenset(
    """
    thank you|thanks for watching|thank you for watching|thank you so much for watching|you|bye|bye bye|please subscribe
    like and subscribe|subscribe|see you next time|see you in the next video|ill see you in the next video|so|thats it
    the end|subtitles by the amara org community|thanks for watching and ill see you in the next video|music|applause
    transcription by castingwords
    """.replace("\n", "|")
    .replace("    ", "")
    .split("|")
) - {""}
"""What Whisper says to noise, in lower case without punctuation."""


class _Cover:
    """How much of a stretch others cover: a vector operation, since ten hours have tens of thousands of both."""

    def __init__(self, spans: Sequence[Span | Segment]) -> None:
        self._starts = np.array([span.start for span in spans])
        self._ends = np.array([span.end for span in spans])

    def seconds(self, start: float, end: float) -> float:
        """Seconds between `start` and `end` that are covered; what several cover counts several times."""
        shared = np.minimum(self._ends, end) - np.maximum(self._starts, start)
        return float(shared[shared > 0].sum())


def guard(segments: Sequence[Segment], speech: Sequence[Span], *, vocabulary: Sequence[str] = ()) -> list[Segment]:
    """One channel's segments in their order, `dropped` set on those that nobody said.

    The reasons are loop, silence, invention, vocabulary, outside_speech, too_fast and unlikely. `speech`: the channel's
    spans, unpadded. `vocabulary`: the terms that the recogniser was told to expect, in the prompt's order; on noise it
    may read them out.
    """
    cover = _Cover(speech)
    terms = [words for words in map(_words, vocabulary) if words]
    judged = [
        replace(segment, dropped=segment.dropped or _fault(segment, cover) or _leak(segment, terms))
        for segment in segments
    ]
    return _without_repeats(judged)


def lost_speech(segments: Sequence[Segment], speech: Sequence[Span], *, least_s: float = LOST_S) -> list[Span]:
    """Stretches of one channel, in order, in which at least `least_s` of speech has no accepted text.

    Short pieces of speech count together when the pauses between them are short: three single words in a row are as
    lost as a sentence.
    """
    heard = union([Span(s.start - COVER_MARGIN_S, s.end + COVER_MARGIN_S) for s in segments if s.dropped is None])
    stretches: list[tuple[Span, float]] = []
    for rest in without(speech, heard):
        before, spoken_s = stretches[-1] if stretches else (rest, 0.0)
        if stretches and rest.start - before.end <= LOST_PAUSE_S:
            stretches[-1] = (Span(before.start, rest.end), spoken_s + rest.length)
        else:
            stretches.append((rest, rest.length))
    return [stretch for stretch, spoken_s in stretches if spoken_s >= least_s]


def _fault(segment: Segment, speech: _Cover) -> str | None:
    words = _words(segment.text)
    length = segment.end - segment.start
    spoken_s = speech.seconds(segment.start, segment.end)
    logprob = 0.0 if segment.avg_logprob is None else segment.avg_logprob
    no_speech = segment.no_speech_prob or 0.0
    if not words:
        return "silence"
    if (segment.compression_ratio or 0.0) > MAX_COMPRESSION or _loops(words):
        return "loop"
    if spoken_s <= MIN_OVERLAP * length:
        return "outside_speech"
    if no_speech > NO_SPEECH and logprob < DOUBTFUL_LOGPROB:
        return "silence"
    weak = no_speech > WEAK_NO_SPEECH or logprob < LOW_LOGPROB or spoken_s < WEAK_SPEECH_S
    if weak and " ".join(words) in INVENTIONS:
        return "invention"
    if logprob < HOPELESS_LOGPROB:
        return "unlikely"
    if len(segment.text) >= MIN_RATE_CHARS and len(segment.text) > MAX_CHARS_PER_S * length:
        return "too_fast"
    return None


def _leak(segment: Segment, terms: Sequence[Sequence[str]]) -> str | None:
    """Whether a text is the prompt come back: names heard with doubt, or several in the prompt's order.

    Half of the words being names is enough where hardly anybody speaks: base mixed such lists with words of its own.
    """
    words = _words(segment.text)
    said = f" {' '.join(words)} "

    def names(first: int, count: int) -> bool:
        return f" {' '.join(word for term in terms[first : first + count] for word in term)} " in said

    if not any(names(at, 1) for at in range(len(terms))):
        return None
    known = {word for term in terms for word in term}
    share = sum(word in known for word in words) / len(words)
    if share >= 0.5 and (segment.no_speech_prob or 0.0) > WEAK_NO_SPEECH:
        return "vocabulary"
    in_a_row = any(names(at, LISTED_TERMS) for at in range(len(terms) - LISTED_TERMS + 1))
    return "vocabulary" if share == 1 and (in_a_row or (segment.avg_logprob or 0.0) < UNSURE_LOGPROB) else None


def _without_repeats(segments: list[Segment]) -> list[Segment]:
    """Marks all but the first of three or more equal sentences in a row as a loop, and that one where nobody speaks."""
    result = list(segments)
    at = 0
    while at < len(result):
        words = _words(result[at].text)
        end = at + 1
        while end < len(result) and _words(result[end].text) == words and _follows(result[end], result[end - 1]):
            end += 1
        if end - at >= SAME_SEGMENTS and len(words) >= SAME_WORDS:
            first = at if (result[at].no_speech_prob or 0.0) > NO_SPEECH else at + 1
            result[first:end] = [replace(segment, dropped=segment.dropped or "loop") for segment in result[first:end]]
        at = end
    return result


def _follows(segment: Segment, before: Segment) -> bool:
    """Whether it is said after the other, and is not the same speech heard once more."""
    return segment.start >= (before.start + before.end) / 2


def _loops(words: Sequence[str]) -> bool:
    """Whether the same few words come many times in a row. Digits may: people read out numbers."""
    for n in range(1, min(MAX_NGRAM, len(words) // 4) + 1):
        needed = REPEATS.get(n, 4) * n
        run = n
        for i in range(n, len(words)):
            run = run + 1 if words[i] == words[i - n] and not words[i].isdigit() else n
            if run >= needed:
                return True
    return False


def _words(text: str) -> list[str]:
    return re.sub(r"[^\w\s]", "", text.lower()).split()
