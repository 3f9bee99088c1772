import json
import wave
from pathlib import Path

import numpy as np
import pytest

from coach.types import Segment
from evals.asr import count_flagged
from evals.asr_scores import coverage, invented
from evals.nonspeech import dialled, nonspeech, tone
from evals.recordings import at_16_khz, read_manifest
from ingest.speech import Span
from ingest.transcribe import CallTranscript

RATE = 8000


def test_nonspeech_is_the_same_every_time_and_silence_is_silent(tmp_path: Path) -> None:
    with wave.open(str(tmp_path / "song.wav"), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes((np.sin(np.arange(RATE)) * 9000).astype("<i2").tobytes())
    calls = {call.name: call for call in nonspeech(tmp_path, 3.0)}
    assert {"digital silence", "dial tone", "busy tone", "DTMF", "street", "music: song"} <= set(calls)
    assert not any(call.turns for call in calls.values())
    assert calls["music: song"].duration_s == pytest.approx(1.0, abs=0.05)
    again = {call.name: call for call in nonspeech(length_s=3.0)}
    for name, call in again.items():
        samples = calls[name].channels[0].samples
        assert call.duration_s == pytest.approx(3.0)
        assert samples.dtype == np.int16
        assert np.array_equal(samples, call.channels[0].samples)
        loud = np.abs(samples.astype(int)).max()
        assert loud == 0 if name == "digital silence" else loud > 10


def test_tones_keep_their_cadence_and_frequencies() -> None:
    busy = tone((480, 620), 0.5, 0.5, 2 * RATE)
    assert np.abs(busy[: RATE // 2]).max() > 0.9
    assert not busy[RATE // 2 : RATE].any()
    spectrum = np.abs(np.fft.rfft(busy[: RATE // 2]))
    assert sorted(np.argsort(spectrum)[-2:] * 2) == [480, 620]
    keys = dialled(np.random.default_rng(1), 4 * RATE)
    assert np.abs(keys[: RATE // 10]).max() > 0.9
    assert not keys[RATE // 10 : RATE // 4].any()


def test_raising_the_rate_keeps_level_and_length() -> None:
    sound = (8000 * np.sin(2 * np.pi * 440 * np.arange(RATE) / RATE)).astype(np.int16)
    raised = at_16_khz(sound, RATE)
    assert len(raised) == 2 * len(sound)
    assert raised.std() == pytest.approx(sound.std(), rel=0.01)


def _heard(*segments: Segment, speech: tuple[Span, ...] = ()) -> CallTranscript:
    return CallTranscript(segments, (speech,), (), (), "en")


def test_coverage_counts_accepted_text_over_detected_speech() -> None:
    speech = (Span(0.0, 2.0), Span(5.0, 7.0))
    accepted = Segment(0, "unknown", 0.0, 2.5, "hello")
    rejected = Segment(0, "unknown", 5.0, 7.0, "thanks for watching", dropped="invention")
    assert coverage([_heard(accepted, rejected, speech=speech)]) == pytest.approx(0.5)
    assert coverage([_heard(accepted, speech=(Span(1.0, 2.0),)), _heard(speech=(Span(0.0, 3.0),))]) == 0.25
    assert coverage([_heard()]) is None


def test_inventions_are_accepted_words_a_minute() -> None:
    silence = next(nonspeech())
    said = Segment(0, "unknown", 0.0, 2.0, "thank you")
    dropped = Segment(0, "unknown", 3.0, 5.0, "bye", dropped="invention")
    assert invented([silence], [_heard(said, dropped)]) == {"digital silence": pytest.approx(2.0)}


def test_cut_recordings_are_counted_as_flagged(tmp_path: Path) -> None:
    with wave.open(str(tmp_path / "a.wav"), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes(np.ones(4 * RATE, dtype="<i2").tobytes())
    assert count_flagged(tmp_path / "manifest.json", 5) == (1, 1)


def test_recordings_without_reference_are_read_when_asked(tmp_path: Path) -> None:
    with wave.open(str(tmp_path / "a.wav"), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes(np.ones(RATE, dtype="<i2").tobytes())
    manifest = tmp_path / "manifest.json"
    manifest.write_text(json.dumps([{"path": "a.wav", "kind": "call", "reference": None}]))
    assert read_manifest(manifest, tmp_path) == []
    [call] = read_manifest(manifest, tmp_path, unreferenced=True)
    assert call.turns == ()
