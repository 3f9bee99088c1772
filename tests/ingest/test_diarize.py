"""Voices told apart and given to words; the sounds are tones, and the encoder hears their pitch."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from commandline import DEMO

from coach.config import InboxConfig
from coach.types import Segment, Word
from ingest.audio import decode
from ingest.diarize import Diarizer, VoiceSpan, give_voices
from ingest.speech import SAMPLE_RATE, Span, SpeechDetector
from ingest.voices import load_voice_encoder

LOW, HIGH = 150.0, 300.0  # Hz, two voices


class Pitch:
    """Embeds a tone by its frequency, as a direction in the plane: 90 degrees an octave."""

    def __init__(self) -> None:
        self.longest = 0

    def embed(self, sounds: Sequence[np.ndarray]) -> np.ndarray:
        self.longest = max(self.longest, *(len(sound) for sound in sounds))
        strongest = [np.abs(np.fft.rfft(sound, 16_384))[1:].argmax() + 1 for sound in sounds]
        angle = np.log2(np.array(strongest) * SAMPLE_RATE / 16_384 / LOW) * np.pi / 2
        return np.stack([np.cos(angle), np.sin(angle)], axis=1).astype(np.float32)


def tones(*parts: tuple[float, float]) -> tuple[np.ndarray, list[Span]]:
    """int16 sound of (frequency, seconds) one after another with 0.2 s of silence between, and where it sounds."""
    sound, spans, at = [], [], 0.0
    for frequency, seconds in parts:
        time = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
        sound += [(8000 * np.sin(2 * np.pi * frequency * time)).astype(np.int16), np.zeros(3200, np.int16)]
        spans.append(Span(at, at + seconds))
        at += seconds + 0.2
    return np.concatenate(sound), spans


def said(start: float, *words: str, dropped: str | None = None) -> Segment:
    """A segment with a word every half second."""
    timed = tuple(Word(f" {word}", start + i / 2, start + i / 2 + 0.4) for i, word in enumerate(words))
    return Segment(0, "unknown", start, timed[-1].end, " ".join(words), dropped=dropped, words=timed)


def test_two_voices_are_told_apart_in_order_of_appearance() -> None:
    sound, speech = tones((HIGH, 4), (LOW, 6), (HIGH, 3), (LOW, 5))
    found = Diarizer(Pitch()).diarize(sound, speech)
    assert [(span.start, span.end, span.voice) for span in found] == [
        (span.start, span.end, voice) for span, voice in zip(speech, (0, 1, 0, 1), strict=True)
    ]


@pytest.mark.parametrize("parts", [((LOW, 20.0),), ((LOW, 9.0), (LOW * 1.15, 9.0)), ((LOW, 20.0), (HIGH, 0.7))])
def test_one_voice_stays_one(parts: tuple[tuple[float, float], ...]) -> None:
    """Also one that rises, and one beside which something beeps."""
    sound, speech = tones(*parts)
    assert {span.voice for span in Diarizer(Pitch()).diarize(sound, speech)} == {0}


def test_nobody_speaks_on_a_silent_channel() -> None:
    assert Diarizer(Pitch()).diarize(np.zeros(SAMPLE_RATE, np.int16), []) == []


def test_all_speech_is_covered_and_no_more() -> None:
    sound, speech = tones((HIGH, 0.1), (LOW, 28), (HIGH, 7.3), (LOW, 0.4), (HIGH, 2))
    found = Diarizer(Pitch()).diarize(sound, speech)
    assert sum(span.end - span.start for span in found) == pytest.approx(sum(span.length for span in speech))
    assert all(before.end <= after.start for before, after in pairwise(found))


def test_hours_are_heard_in_short_pieces(tmp_path) -> None:
    """Two hours from a memory map: no sound longer than a piece is ever read."""
    path = tmp_path / "long.pcm"
    part, spans = tones((HIGH, 20.0), (LOW, 20.0))
    with path.open("wb") as file:
        for _ in range(60):
            file.write(part.tobytes())
    length_s = len(part) / SAMPLE_RATE
    speech = [Span(s.start + i * length_s, s.end + i * length_s) for i in range(60) for s in spans]
    encoder = Pitch()
    found = Diarizer(encoder).diarize(np.memmap(path, dtype="<i2", mode="r"), speech)
    assert [span.voice for span in found] == [0, 1] * 60
    assert encoder.longest <= 1.5 * SAMPLE_RATE + 1


def test_a_segment_of_two_voices_becomes_two() -> None:
    spans = [VoiceSpan(0.0, 1.45, 0), VoiceSpan(1.45, 4.0, 1)]
    first, second = give_voices([said(0.0, "Is", "it", "you?", "Yes,", "it", "is.")], spans)
    assert (first.text, first.voice, first.start, first.end) == ("Is it you?", 0, 0.0, 1.4)
    assert (second.text, second.voice, second.start, second.end) == ("Yes, it is.", 1, 1.5, 2.9)
    assert [word.text for word in second.words] == [" Yes,", " it", " is."]


def test_a_change_of_voice_is_moved_to_the_end_of_a_sentence_nearby() -> None:
    spans = [VoiceSpan(0.0, 0.95, 0), VoiceSpan(0.95, 4.0, 1)]
    texts = [part.text for part in give_voices([said(0.0, "Is", "it", "you?", "Yes,", "it", "is.")], spans)]
    assert texts == ["Is it you?", "Yes, it is."]


def test_words_are_conserved_whoever_says_them() -> None:
    words = [f"w{i}{'.' if i % 7 == 6 else ''}" for i in range(60)]
    spans = [VoiceSpan(i * 1.3, (i + 1) * 1.3, i % 2) for i in range(24)]
    parts = give_voices([said(0.0, *words)], spans)
    assert " ".join(part.text for part in parts).split() == words
    assert [word.text.strip() for part in parts for word in part.words] == words
    assert {part.voice for part in parts} == {0, 1}
    assert all(before.end <= after.start for before, after in pairwise(parts))


def test_what_was_dropped_or_has_no_word_times_goes_whole_to_the_main_voice() -> None:
    spans = [VoiceSpan(0.0, 1.0, 0), VoiceSpan(1.0, 3.0, 1)]
    without = Segment(0, "unknown", 0.5, 3.0, "no times here")
    given = give_voices([said(0.0, "you", "you", "you", "you", "you", dropped="loop"), without], spans)
    assert [(part.text, part.voice) for part in given] == [("you you you you you", 1), ("no times here", 1)]


def test_two_real_voices_on_one_channel_are_told_apart(tmp_path) -> None:
    """The real network on five seconds of each side of a demo call, mixed down."""
    audio = decode(next(iter(sorted((DEMO / "calls").glob("*.ogg")))), tmp_path / "call", InboxConfig())
    agent, customer = (np.asarray(audio.channel(i)[: 17 * SAMPLE_RATE], dtype=np.int32) for i in range(2))
    detector = SpeechDetector()
    mixed = (agent + customer).astype(np.int16)
    found = Diarizer(load_voice_encoder()).diarize(mixed, detector.detect(mixed))
    own = [(0, span) for span in detector.detect(agent.astype(np.int16))]
    own += [(1, span) for span in detector.detect(customer.astype(np.int16))]
    right = sum(
        max(0.0, min(span.end, true.end) - max(span.start, true.start))
        for span in found
        for voice, true in own
        if voice == span.voice
    )
    assert right > 0.9 * sum(span.end - span.start for span in found)
